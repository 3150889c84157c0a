//! What a verified token says for the session: condition keys, tags, source identity.

use std::collections::BTreeMap;

use coffer_pipeline::KeyValues;
use serde_json::Value;

use super::token::Token;

/// The keys `ISSUER:CLAIM`, by lower-case name, that trust policies may ask about: `aud`, `sub` and
/// `amr`, and every claim that is a text, a number or a boolean, as AWS has it for the issuers that
/// it knows.
pub(super) fn condition_keys(url: &str, token: &Token<'_>) -> Vec<(String, KeyValues)> {
    let prefix = url.to_ascii_lowercase();
    let mut keys = Vec::new();
    for (name, value) in token.claims.iter().take(CLAIMS_MAX) {
        let is_named = name.len() <= NAME_BYTES_MAX && name.bytes().all(is_of_name);
        let is_special = SPECIAL.iter().any(|special| name.eq_ignore_ascii_case(special));
        if !is_named || is_special {
            continue;
        }
        let text = match value {
            Value::String(text) if text.len() <= VALUE_BYTES_MAX => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => continue,
        };
        let key = format!("{prefix}:{}", name.to_ascii_lowercase());
        keys.push((key, KeyValues::One(text)));
    }
    keys.extend(session_keys(url, token));
    keys
}

/// Those of the keys that stay with the session.
pub(super) fn session_keys(url: &str, token: &Token<'_>) -> Vec<(String, KeyValues)> {
    let prefix = url.to_ascii_lowercase();
    let mut keys = Vec::new();
    let mut add = |name: &str, values: &[&str]| {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        match values.as_slice() {
            [] => {}
            [one] => keys.push((format!("{prefix}:{name}"), KeyValues::One(one.clone()))),
            _ => keys.push((format!("{prefix}:{name}"), KeyValues::Many(values))),
        }
    };
    let audiences = token.texts("aud");
    // AWS: where there is an authorised party, that is `aud`, and the audience is `oaud`.
    match token.text("azp") {
        Some(party) => {
            add("aud", &[party]);
            add("oaud", &audiences);
        }
        None => add("aud", &audiences),
    }
    add("sub", token.text("sub").as_slice());
    let methods = token.texts("amr");
    if !methods.is_empty() {
        let methods = methods.into_iter().map(str::to_owned).collect();
        keys.push((format!("{prefix}:amr"), KeyValues::Many(methods)));
    }
    keys
}

/// The tags of a session that a token asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ClaimedTags {
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive: Vec<String>,
}

/// Reads the claim of session tags; nothing for one that cannot be read.
pub(super) fn tags(token: &Token<'_>) -> Option<ClaimedTags> {
    let Some(claim) = token.claims.get(TAGS) else { return Some(ClaimedTags::default()) };
    let mut claimed = ClaimedTags::default();
    if let Some(tags) = claim.get("principal_tags") {
        for (name, value) in tags.as_object()? {
            // AWS: a list of one value.
            let value = match value {
                Value::Array(values) => match values.as_slice() {
                    [one] => one.as_str()?,
                    _ => return None,
                },
                value => value.as_str()?,
            };
            if !is_tag_text(name, 1, 128) || !is_tag_text(value, 0, 256) {
                return None;
            }
            claimed.tags.insert(name.clone(), value.to_owned());
        }
    }
    if let Some(names) = claim.get("transitive_tag_keys") {
        for name in names.as_array()? {
            claimed.transitive.push(name.as_str()?.to_owned());
        }
    }
    (claimed.tags.len() <= TAGS_MAX).then_some(claimed)
}

/// Reads the claim of a source identity; an error for one that cannot be.
pub(super) fn source_identity<'t>(token: &'t Token<'_>) -> Result<Option<&'t str>, ()> {
    let Some(claim) = token.claims.get(SOURCE_IDENTITY) else { return Ok(None) };
    let is_one =
        |text: &&str| (2..=64).contains(&text.len()) && text.bytes().all(is_of_source_identity);
    claim.as_str().filter(is_one).map(Some).ok_or(())
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_of_source_identity(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

fn is_tag_text(text: &str, characters_min: usize, characters_max: usize) -> bool {
    let is_one = |it: char| it.is_alphanumeric() || it == ' ' || "_.:/=+-@".contains(it);
    (characters_min..=characters_max).contains(&text.chars().count()) && text.chars().all(is_one)
}

const TAGS: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";
/// Claims that are keys in a way of their own, or say nothing about who it is.
const SPECIAL: [&str; 8] = ["aud", "azp", "amr", "sub", "oaud", "exp", "nbf", "iat"];
const CLAIMS_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 64;
const VALUE_BYTES_MAX: usize = 1024;
const TAGS_MAX: usize = 50;

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::super::token::Token;
    use super::{ClaimedTags, condition_keys, session_keys, source_identity, tags};

    fn on<T>(claims: &Value, look: impl FnOnce(&Token<'_>) -> T) -> T {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let text = format!("{}.{}.", part(r#"{"alg":"RS256"}"#), part(&claims.to_string()));
        look(&Token::parse(&text).unwrap())
    }

    #[test]
    fn every_plain_claim_is_a_key_and_few_stay_with_the_session() {
        let claims = json!({
            "iss": "https://I.example/x", "aud": "sts", "sub": "repo:a/b", "amr": ["pwd"],
            "repository": "a/b", "run_number": 7, "is_fork": false, "kubernetes.io": {"a": 1},
            "bad name": "x", "exp": 1,
        });
        let shown = |keys: Vec<_>| format!("{keys:?}");
        let all = on(&claims, |token| shown(condition_keys("I.example/x", token)));
        for part in [
            r#"("i.example/x:aud", One("sts"))"#,
            r#"("i.example/x:sub", One("repo:a/b"))"#,
            r#"("i.example/x:amr", Many(["pwd"]))"#,
            r#"("i.example/x:repository", One("a/b"))"#,
            r#"("i.example/x:run_number", One("7"))"#,
            r#"("i.example/x:is_fork", One("false"))"#,
        ] {
            assert!(all.contains(part), "{part} in {all}");
        }
        assert!(!all.contains("kubernetes.io") && !all.contains("exp") && !all.contains("bad"));
        let kept = on(&claims, |token| shown(session_keys("I.example/x", token)));
        assert!(!kept.contains("repository") && kept.contains("x:sub"), "{kept}");
    }

    #[test]
    fn an_authorised_party_takes_the_place_of_the_audience() {
        let claims = json!({"aud": ["a", "b"], "azp": "app"});
        let keys = on(&claims, |token| format!("{:?}", session_keys("i", token)));
        assert!(keys.contains(r#"("i:aud", One("app"))"#), "{keys}");
        assert!(keys.contains(r#"("i:oaud", Many(["a", "b"]))"#), "{keys}");
    }

    #[test]
    fn tags_and_source_identity_are_read_or_refused() {
        let claims = json!({
            "https://aws.amazon.com/tags": {
                "principal_tags": {"Team": ["a"], "Job": "7"},
                "transitive_tag_keys": ["Team"],
            },
            "https://aws.amazon.com/source_identity": "ada",
        });
        let claimed = on(&claims, tags).unwrap();
        assert_eq!(format!("{:?}", claimed.tags), r#"{"Job": "7", "Team": "a"}"#);
        assert_eq!(claimed.transitive, ["Team"]);
        assert_eq!(
            on(&claims, |token| source_identity(token).map(|it| it.map(str::to_owned))),
            Ok(Some("ada".to_owned()))
        );
        assert_eq!(on(&json!({}), tags), Some(ClaimedTags::default()));
        for wrong in [
            json!({"principal_tags": {"a": ["1", "2"]}}),
            json!({"principal_tags": {"a": 1}}),
            json!({"principal_tags": {"": "1"}}),
            json!({"principal_tags": []}),
            json!({"transitive_tag_keys": "a"}),
        ] {
            let claims = json!({"https://aws.amazon.com/tags": wrong});
            assert_eq!(on(&claims, tags), None, "{claims}");
        }
        for wrong in [json!("a"), json!("a b"), json!(7)] {
            let claims = json!({"https://aws.amazon.com/source_identity": wrong});
            assert!(on(&claims, |token| source_identity(token).is_err()), "{claims}");
        }
    }
}
