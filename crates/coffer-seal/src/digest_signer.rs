//! Signatures over digests of exported files, and the digests themselves.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use zeroize::Zeroizing;

use crate::{OpenError, hex};

/// An RSA key of 2,048 bits that signs with PKCS #1 v1.5 over SHA-256, as CloudTrail does.
pub struct DigestSigner(RsaKeyPair);

impl DigestSigner {
    /// Draws a key.
    ///
    /// # Errors
    /// Chance that cannot be drawn.
    pub fn generate() -> Result<Self, OpenError> {
        RsaKeyPair::generate(KeySize::Rsa2048).map(Self).map_err(|_| OpenError)
    }

    /// Reads a key that [`DigestSigner::to_pkcs8`] wrote.
    ///
    /// # Errors
    /// Bytes that are no such key.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, OpenError> {
        RsaKeyPair::from_pkcs8(bytes).map(Self).map_err(|_| OpenError)
    }

    /// The private key, in PKCS #8; for sealed rows alone.
    ///
    /// # Errors
    /// Never, as long as the key is whole.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let der = self.0.as_der().map_err(|_| OpenError)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// The public key, in PKCS #1.
    pub fn public_key(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    /// Signs a message.
    ///
    /// # Errors
    /// Never, as long as the key is whole.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, OpenError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map(|()| signature).map_err(|_| OpenError)
    }
}

impl std::fmt::Debug for DigestSigner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("DigestSigner(***)")
    }
}

/// The SHA-256 hash of bytes.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

/// The SHA-256 hash of bytes, in hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::{DigestSigner, sha256_hex};

    #[test]
    fn a_key_that_was_kept_signs_what_its_public_key_verifies() {
        let made = DigestSigner::generate().unwrap();
        let kept = DigestSigner::from_pkcs8(&made.to_pkcs8().unwrap()).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, made.public_key());
        let signature = kept.sign(b"message").unwrap();
        assert!(public.verify(b"message", &signature).is_ok());
        assert!(public.verify(b"massage", &signature).is_err());
        assert!(DigestSigner::from_pkcs8(b"no key").is_err());
    }

    #[test]
    fn hashes_are_written_in_hexadecimal_digits() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256_hex(b""), empty);
    }
}
