//! Sealing of the store's rows: nothing that a service writes is readable on disk.

use std::fmt;

use zeroize::Zeroizing;

use crate::aead::{self, NONCE_BYTES};
use crate::session::SessionSealer;
use crate::{Entropy, Material, OpenError, RootKey};

/// Seals and opens rows under the store's key, each under a key of its own, bound to its row key.
pub struct RowSealer {
    mac: aws_lc_rs::hmac::Key,
}

/// The store's key, sealed under the root key; the one row that is not itself sealed by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedStoreKey(pub Vec<u8>);

impl SealedStoreKey {
    /// Seals the same store key under another root key.
    ///
    /// # Errors
    /// A store key that `from` does not open.
    pub fn under(
        &self,
        entropy: &dyn Entropy,
        from: &RootKey,
        to: &RootKey,
    ) -> Result<Self, OpenError> {
        let bytes = from.open(STORE_KEY_CONTEXT, &self.0)?;
        Ok(Self(to.seal(entropy, STORE_KEY_CONTEXT, &bytes)))
    }
}

impl RowSealer {
    /// Draws a store key and seals it under the root key.
    pub fn generate(entropy: &dyn Entropy, root: &RootKey) -> (Self, SealedStoreKey) {
        let material = Material::generate(entropy);
        let sealed = root.seal(entropy, STORE_KEY_CONTEXT, material.bytes());
        (Self::new(&material), SealedStoreKey(sealed))
    }

    /// Opens a store's key with the root key it was sealed under.
    pub fn open_key(root: &RootKey, sealed: &SealedStoreKey) -> Result<Self, OpenError> {
        let bytes = root.open(STORE_KEY_CONTEXT, &sealed.0)?;
        Ok(Self::new(&Material::from_slice(&bytes)?))
    }

    /// Seals a row's bytes: `format (1) · nonce (12) · ciphertext · tag (16)`.
    pub fn seal(&self, entropy: &dyn Entropy, row_key: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let key = aead::derive(&self.mac, PURPOSE, row_key);
        let mut out = Vec::with_capacity(1 + NONCE_BYTES + plain.len() + aead::TAG_BYTES);
        out.push(FORMAT);
        out.extend_from_slice(&nonce);
        aead::seal(&key, nonce, row_key, plain, &mut out);
        out
    }

    /// Opens the bytes of the row at this very key.
    pub fn open(&self, row_key: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&format, rest) = sealed.split_first().ok_or(OpenError)?;
        if format != FORMAT {
            return Err(OpenError);
        }
        let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError)?;
        let key = aead::derive(&self.mac, PURPOSE, row_key);
        aead::open(&key, *nonce, row_key, body)
    }

    /// The sealer of session tokens that goes with this store.
    pub fn session_sealer(&self) -> SessionSealer {
        SessionSealer::new(&self.key_for("coffer.sessions.v1"))
    }

    /// A key for another purpose that goes with this store, such as the chain of the audit journal.
    pub fn key_for(&self, purpose: &str) -> Zeroizing<[u8; aead::KEY_BYTES]> {
        aead::derive(&self.mac, purpose, b"")
    }

    fn new(material: &Material) -> Self {
        let mac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, material.bytes());
        Self { mac }
    }
}

impl fmt::Debug for RowSealer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RowSealer(***)")
    }
}

const STORE_KEY_CONTEXT: &[u8] = b"coffer store key";
const PURPOSE: &str = "coffer.row.v1";
const FORMAT: u8 = 1;

#[cfg(test)]
mod tests {
    use super::RowSealer;
    use crate::{RootKey, SystemEntropy};

    #[test]
    fn a_row_opens_only_where_it_was_written() {
        let entropy = SystemEntropy::new();
        let root = RootKey::generate(&entropy);
        let (sealer, key) = RowSealer::generate(&entropy, &root);
        let sealed = sealer.seal(&entropy, b"row/1", b"plain");
        let reopened = RowSealer::open_key(&root, &key).unwrap();
        assert_eq!(reopened.open(b"row/1", &sealed).unwrap().as_slice(), b"plain");
        assert!(reopened.open(b"row/2", &sealed).is_err());
        let next = RootKey::generate(&entropy);
        assert!(RowSealer::open_key(&next, &key).is_err());
        let key = key.under(&entropy, &root, &next).unwrap();
        let reopened = RowSealer::open_key(&next, &key).unwrap();
        assert_eq!(reopened.open(b"row/1", &sealed).unwrap().as_slice(), b"plain");
        assert!(RowSealer::open_key(&root, &key).is_err());
    }
}
