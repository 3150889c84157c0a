//! Sealing of session tokens, and the secrets of the access keys that belong to them.

use std::fmt;

use zeroize::Zeroizing;

use crate::aead::{self, NONCE_BYTES};
use crate::{Entropy, OpenError};

/// Seals the claims of sessions under keys that are derived from the store's key: changing the
/// root key leaves sessions as they are, and every node of a store opens every token.
pub struct SessionSealer {
    mac: aws_lc_rs::hmac::Key,
}

impl SessionSealer {
    pub(crate) fn new(key: &[u8; aead::KEY_BYTES]) -> Self {
        Self { mac: aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key) }
    }

    /// Seals claims: `format (1) · nonce (12) · salt (16) · ciphertext · tag (16)`.
    pub fn seal(&self, entropy: &dyn Entropy, plain: &[u8]) -> Vec<u8> {
        self.seal_as(TOKEN_PURPOSE, entropy, plain)
    }

    /// Opens what [`SessionSealer::seal`] made.
    ///
    /// # Errors
    /// Anything else.
    pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.open_as(TOKEN_PURPOSE, sealed)
    }

    /// Seals a message about a denied request, which its reader cannot open; none opens as a token.
    pub fn seal_message(&self, entropy: &dyn Entropy, plain: &[u8]) -> Vec<u8> {
        self.seal_as(MESSAGE_PURPOSE, entropy, plain)
    }

    /// Opens what [`SessionSealer::seal_message`] made.
    ///
    /// # Errors
    /// Anything else.
    pub fn open_message(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.open_as(MESSAGE_PURPOSE, sealed)
    }

    fn seal_as(&self, purpose: &str, entropy: &dyn Entropy, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut nonce);
        entropy.fill(&mut salt);
        let key = aead::derive(&self.mac, purpose, &salt);
        let mut out =
            Vec::with_capacity(1 + NONCE_BYTES + SALT_BYTES + plain.len() + aead::TAG_BYTES);
        out.push(FORMAT);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&salt);
        aead::seal(&key, nonce, purpose.as_bytes(), plain, &mut out);
        out
    }

    fn open_as(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&format, rest) = sealed.split_first().ok_or(OpenError)?;
        if format != FORMAT {
            return Err(OpenError);
        }
        let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError)?;
        let (salt, body) = rest.split_first_chunk::<SALT_BYTES>().ok_or(OpenError)?;
        let key = aead::derive(&self.mac, purpose, salt);
        aead::open(&key, *nonce, purpose.as_bytes(), body)
    }

    /// The 30 bytes that are the secret of a session's access key.
    pub fn secret_of(&self, access_key_id: &str) -> Zeroizing<Vec<u8>> {
        let mut message = SECRET_PURPOSE.as_bytes().to_vec();
        message.extend_from_slice(access_key_id.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&self.mac, &message);
        Zeroizing::new(tag.as_ref().iter().take(SECRET_BYTES).copied().collect())
    }
}

impl fmt::Debug for SessionSealer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SessionSealer(***)")
    }
}

const TOKEN_PURPOSE: &str = "coffer.session-token.v1";
const MESSAGE_PURPOSE: &str = "coffer.authorization-message.v1";
const SECRET_PURPOSE: &str = "coffer.session-secret.v1/";
const FORMAT: u8 = 1;
const SALT_BYTES: usize = 16;
const SECRET_BYTES: usize = 30;
