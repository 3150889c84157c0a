//! Keys and sealing: the root key, row sealing, and authenticated envelopes.
//!
//! All of it is AES-256-GCM under a key that HMAC-SHA256 derives for one message or one row, so
//! that no key ever meets the bound on random nonces (NIST SP 800-38D, 8.3). Messages that AWS's
//! own libraries are to open have their format instead, see [`seal_message`].
//! INVARIANT: nothing here draws entropy or does IO; salts, nonces and symmetric keys come from
//! [`Entropy`]. The one exception are key pairs: AWS-LC takes what is random about them, and about
//! their signatures and ciphertexts, from its own generator and from nowhere else.

mod aead;
mod data_key;
mod der;
mod digest_signer;
mod encryption_sdk;
mod entropy;
mod envelope;
mod fingerprint;
mod key_pair;
mod key_wrapping;
mod mac;
mod message_keys;
mod root_key;
mod row;
mod session;
mod signature;
mod totp;

pub use data_key::{open_once, seal_once};
pub use digest_signer::{DigestSigner, sha256, sha256_hex};
pub use encryption_sdk::{SdkMessage, UnfitForMessage, WrappedKey, seal_message};
pub use entropy::{Entropy, SystemEntropy, random_uuid, uuid_text};
pub use envelope::{Material, SealedWith, context_bytes, pairs_bytes, pairs_of_bytes};
pub use fingerprint::{fingerprint, hex};
pub use key_pair::{
    Curve, InvalidPrivateKey, KeyPair, KeyPairSpec, Message, MlDsaSet, MlKemSet, OaepHash, RsaBits,
    SignatureHash, SigningScheme, UnfitKeyPair,
};
pub use key_wrapping::{Wrapping, unwrap_material};
pub use mac::{MacHash, MacKey};
pub use message_keys::MessageKeys;
pub use root_key::{InvalidRootKey, RootKey, RootKeys};
pub use row::{RowSealer, SealedStoreKey};
pub use session::SessionSealer;
pub use signature::{TokenAlgorithm, TokenKey};
pub use totp::{TOTP_STEP_SECONDS, is_totp_code, totp_code};

/// The sealed bytes could not be opened: another key, another context, or changed bytes.
///
/// INVARIANT: says no more than that; a reason would be an oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenError;

impl std::fmt::Display for OpenError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the sealed bytes do not open under this key and context")
    }
}

impl std::error::Error for OpenError {}
