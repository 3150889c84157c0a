//! A JSON Web Token (RFC 7519) taken apart; nothing in it is to be believed before its signature is
//! verified.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coffer_seal::TokenAlgorithm;
use serde_json::{Map, Value};

/// A token in its three parts.
pub(super) struct Token<'t> {
    /// How it says to be signed: by a public key, or it is no token.
    pub(super) algorithm: TokenAlgorithm,
    /// The same by its name.
    pub(super) algorithm_name: String,
    /// The id of the key that signed it.
    pub(super) kid: Option<String>,
    /// What it claims.
    pub(super) claims: Map<String, Value>,
    /// What is signed.
    pub(super) signed: &'t str,
    /// The signature.
    pub(super) signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Takes a token apart; nothing for what is none, is not signed, is signed by a shared secret, or
    /// asks for extensions.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let (head, claims) = (object(head)?, object(claims)?);
        // RFC 7515, 4.1.11: extensions that are not understood make a token invalid.
        if head.contains_key("crit") {
            return None;
        }
        let algorithm_name = head.get("alg")?.as_str()?;
        let kid = match head.get("kid") {
            Some(kid) => Some(kid.as_str().filter(|kid| kid.len() <= KID_BYTES_MAX)?.to_owned()),
            None => None,
        };
        Some(Self {
            algorithm: TokenAlgorithm::of_name(algorithm_name)?,
            algorithm_name: algorithm_name.to_owned(),
            kid,
            claims,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// A claim that is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A claim that is a text or a list of texts.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        match self.claims.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// A claim that is a point in time, in whole seconds.
    pub(super) fn seconds(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        // RFC 7519, 2: a NumericDate may have a fraction.
        let fraction = || value.as_f64().filter(|it| it.is_finite() && it.abs() < SECONDS_MAX);
        value.as_i64().or_else(|| fraction()?.trunc().to_string().parse().ok())
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

const KID_BYTES_MAX: usize = 256;
const SECONDS_MAX: f64 = 1e12;

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::Token;

    fn token(head: &str, claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(head), part(claims), part("signature"))
    }

    #[test]
    fn only_tokens_signed_by_public_keys_are_tokens() {
        assert!(Token::parse(&token(r#"{"alg":"RS256","kid":"a"}"#, "{}")).is_some());
        for head in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"RS256","crit":["exp"]}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{"alg":"RS256","kid":7}"#,
            "{}",
            "[]",
        ] {
            assert!(Token::parse(&token(head, "{}")).is_none(), "{head}");
        }
        let whole = token(r#"{"alg":"RS256"}"#, "{}");
        for text in [
            "",
            ".",
            "..",
            "a.b.c",
            whole.get(..20).unwrap(),
            &format!("{whole}."),
            &format!("x{whole}"),
        ] {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn claims_are_read_by_their_type() {
        let text = token(
            r#"{"alg":"ES256"}"#,
            r#"{"aud":["a",7,"b"],"sub":"s","exp":1700000000.9,"iat":"1","nbf":5}"#,
        );
        let token = Token::parse(&text).unwrap();
        assert_eq!(token.texts("aud"), ["a", "b"]);
        assert_eq!(token.texts("sub"), ["s"]);
        assert_eq!(token.text("aud"), None);
        assert_eq!(token.seconds("exp"), Some(1_700_000_000));
        assert_eq!(token.seconds("iat"), None);
        assert_eq!(token.seconds("nbf"), Some(5));
    }
}
