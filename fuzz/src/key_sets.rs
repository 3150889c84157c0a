//! Keys of OIDC issuers, and their names.

use coffer_services::sts::web_identity::{read_key_set, url_of_issuer};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "key_sets", bytes_max: 64 * 1024, run };

fn run(input: &[u8]) {
    if let Ok(keys) = read_key_set(input) {
        let kept = serde_json::json!({ "keys": keys }).to_string();
        let again = read_key_set(kept.as_bytes()).map(|again| again.len());
        assert_eq!(again.ok(), Some(keys.len()), "{kept}");
    }
    if let Ok(text) = std::str::from_utf8(input)
        && let Some(url) = url_of_issuer(text)
    {
        assert!(text.ends_with(url) && !url.is_empty());
    }
}
