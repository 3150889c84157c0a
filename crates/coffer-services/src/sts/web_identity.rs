//! Identities that a provider's token proves: OpenID Connect.

mod claims;
pub mod fetch_issuer_keys;
mod issuer;
mod issuer_keys;
mod json_web_key;
mod token;
mod verify;

pub use fetch_issuer_keys::FetchIssuerKeys;
pub use issuer::url_of_issuer;
pub(crate) use issuer_keys::ask_for_new;
pub use issuer_keys::{IssuerKeysRecord, KeySource};
pub use json_web_key::{InvalidKeySet, JsonWebKey, KEY_SET_BYTES_MAX, read_key_set};

pub(super) use verify::{WebIdentity, verify};

/// How much a token claims, all its readers having read it.
#[cfg(feature = "fuzzed")]
pub(super) fn claims_read(text: &str) -> Option<usize> {
    let token = token::Token::parse(text)?;
    let keys = claims::condition_keys("issuer.example.com", &token);
    let kept = claims::session_keys("issuer.example.com", &token);
    let tags = claims::tags(&token).map_or(0, |tags| tags.tags.len());
    let source = claims::source_identity(&token).ok().flatten().is_some();
    let times = ["exp", "nbf", "iat"].map(|name| token.seconds(name).is_some());
    let counted = times.into_iter().filter(|is_there| *is_there).count();
    (kept.len() <= keys.len()).then_some(keys.len() + tags + usize::from(source) + counted)
}
