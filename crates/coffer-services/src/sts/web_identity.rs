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
