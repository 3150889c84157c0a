//! Public keys of issuers (RFC 7517): what is kept of them, and how a set is read.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coffer_seal::{TokenAlgorithm, TokenKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A public key of an issuer; only the members that verifying needs, so a private key that was
/// given by mistake is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonWebKey {
    /// The key's id, which tokens name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The family: `RSA`, `EC` or `OKP`.
    pub kty: String,
    /// What it is for; keys for encryption are not kept.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The only algorithm it is for, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// An RSA key's modulus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// An RSA key's exponent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The curve of the other families.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The point's first coordinate, or the whole key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The point's second coordinate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}

/// The text is no set of keys; what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidKeySet(&'static str);

/// Reads a set of keys. Keys of other kinds than tokens are verified with are passed over.
///
/// # Errors
/// What is no set of keys, has none that serves, or too many.
pub fn read_key_set(text: &[u8]) -> Result<Vec<JsonWebKey>, InvalidKeySet> {
    if text.len() > KEY_SET_BYTES_MAX {
        return Err(InvalidKeySet("it is longer than 64 KiB"));
    }
    let set: Value = serde_json::from_slice(text).map_err(|_| InvalidKeySet("it is not JSON"))?;
    let keys = set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or(InvalidKeySet("it has no list `keys`"))?;
    if keys.len() > KEYS_MAX {
        return Err(InvalidKeySet("it has more than 64 keys"));
    }
    let read = keys.iter().filter_map(|key| JsonWebKey::deserialize(key).ok());
    let served: Vec<_> = read.filter(JsonWebKey::serves).collect();
    match served.is_empty() {
        true => Err(InvalidKeySet("no key in it is an RSA, EC or Ed25519 key for signatures")),
        false => Ok(served),
    }
}

impl JsonWebKey {
    /// Whether tokens signed in this way may be verified with it, by what is said of it.
    pub(super) fn is_for(&self, algorithm_name: &str) -> bool {
        self.alg.as_deref().is_none_or(|alg| alg == algorithm_name)
    }

    /// The key that signatures are verified with.
    pub(super) fn token_key(&self) -> Option<TokenKey> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Some(TokenKey::Rsa {
                modulus: number(self.n.as_deref()?)?,
                exponent: number(self.e.as_deref()?)?,
            }),
            ("EC", Some("P-256")) => self.point(32).map(TokenKey::P256),
            ("EC", Some("P-384")) => self.point(48).map(TokenKey::P384),
            ("EC", Some("P-521")) => self.point(66).map(TokenKey::P521),
            ("OKP", Some("Ed25519")) => {
                let key = bytes(self.x.as_deref()?)?;
                (key.len() == 32).then_some(TokenKey::Ed25519(key))
            }
            _ => None,
        }
    }

    fn serves(&self) -> bool {
        let is_for_signatures = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let is_known = self.alg.as_deref().is_none_or(|alg| TokenAlgorithm::of_name(alg).is_some());
        is_for_signatures && is_known && self.token_key().is_some()
    }

    fn point(&self, coordinate_bytes: usize) -> Option<Vec<u8>> {
        let (x, y) = (bytes(self.x.as_deref()?)?, bytes(self.y.as_deref()?)?);
        let is_whole = x.len() == coordinate_bytes && y.len() == coordinate_bytes;
        is_whole.then(|| [&[UNCOMPRESSED], x.as_slice(), &y].concat())
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// A number without leading zeros, which some issuers write.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = bytes(text)?;
    let number: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    Some(number).filter(|number| !number.is_empty())
}

impl fmt::Display for InvalidKeySet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "this is no set of keys: {}", self.0)
    }
}

impl std::error::Error for InvalidKeySet {}

/// The longest set of keys that is read.
pub const KEY_SET_BYTES_MAX: usize = 64 * 1024;
const KEYS_MAX: usize = 64;
/// How the text of an uncompressed point begins (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read_key_set;

    const COORDINATE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn keys_for_signatures_are_kept_without_private_members() {
        let set = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": "a", "x": COORDINATE, "y": COORDINATE, "d": "x"},
            {"kty": "EC", "crv": "P-256", "kid": "b", "x": COORDINATE, "y": COORDINATE, "use": "enc"},
            {"kty": "oct", "kid": "c", "k": "c2VjcmV0"},
            {"kty": "RSA", "kid": "d", "n": "AAAA", "e": "AQAB"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "e", "x": COORDINATE, "alg": "HS256"},
            {"kid": "f"},
            7
        ]});
        let kept = read_key_set(set.to_string().as_bytes()).unwrap();
        assert_eq!(kept.len(), 1);
        assert!(!serde_json::to_string(&kept).unwrap().contains("\"d\""));
    }

    #[test]
    fn what_is_no_set_of_keys_is_refused() {
        let many = json!({"keys": vec![json!({"kty": "oct"}); 65]}).to_string();
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#, many.as_str()] {
            assert!(read_key_set(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read_key_set(&vec![b' '; 65 * 1024]).is_err());
    }
}
