//! RSAES-OAEP.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey,
};
use zeroize::Zeroizing;

use super::{Inner, KeyPair, RsaBits, UnfitKeyPair};
use crate::OpenError;

/// The hash of OAEP, and of its mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OaepHash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl OaepHash {
    fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }

    /// The most bytes that can be encrypted under a modulus of this size.
    pub const fn plain_bytes_max(self, bits: RsaBits) -> usize {
        let hash_bytes = match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        };
        bits.modulus_bytes() - 2 * hash_bytes - 2
    }
}

impl KeyPair {
    /// Encrypts with the public key.
    ///
    /// # Errors
    /// A pair that is not RSA; a message that is too long.
    pub fn encrypt(&self, hash: OaepHash, plain: &[u8]) -> Result<Vec<u8>, UnfitKeyPair> {
        let Inner::Rsa { opening, .. } = &self.inner else { return Err(UnfitKeyPair) };
        let key = OaepPublicEncryptingKey::new(opening.public_key())?;
        let mut sealed = vec![0; key.ciphertext_size()];
        let written = key.encrypt(hash.algorithm(), plain, &mut sealed, None)?.len();
        sealed.truncate(written);
        Ok(sealed)
    }

    /// Decrypts with the private key.
    ///
    /// # Errors
    /// Whatever does not open, and a pair that is not RSA.
    pub fn decrypt(&self, hash: OaepHash, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let Inner::Rsa { opening, .. } = &self.inner else { return Err(OpenError) };
        let key = OaepPrivateDecryptingKey::new(opening.clone()).map_err(|_| OpenError)?;
        let mut plain = Zeroizing::new(vec![0; key.min_output_size()]);
        let opened = key.decrypt(hash.algorithm(), sealed, &mut plain, None);
        let plain_bytes = opened.map_err(|_| OpenError)?.len();
        plain.truncate(plain_bytes);
        Ok(plain)
    }
}
