//! Message authentication codes: HMAC under a key of the caller's.

use std::fmt;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::Entropy;

/// The hashes of HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacHash {
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A key for codes, ready for use.
pub struct MacKey {
    bytes: Zeroizing<Vec<u8>>,
    key: hmac::Key,
}

impl MacHash {
    /// The bytes of a code, and of a key that is drawn for it.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn algorithm(self) -> hmac::Algorithm {
        match self {
            Self::Sha224 => hmac::HMAC_SHA224,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

impl MacKey {
    /// Takes bytes as a key.
    pub fn new(hash: MacHash, bytes: &[u8]) -> Self {
        Self { bytes: Zeroizing::new(bytes.to_vec()), key: hmac::Key::new(hash.algorithm(), bytes) }
    }

    /// Draws a key as long as the hash.
    pub fn generate(hash: MacHash, entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new(vec![0; hash.bytes()]);
        entropy.fill(&mut bytes);
        Self::new(hash, &bytes)
    }

    /// The bytes, for those who seal the key.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The code of a message.
    pub fn code(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.key, message).as_ref().to_vec()
    }

    /// Whether a code is that of a message; takes as long whatever differs.
    pub fn is_code(&self, message: &[u8], code: &[u8]) -> bool {
        hmac::verify(&self.key, message, code).is_ok()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("MacKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::{MacHash, MacKey};
    use crate::SystemEntropy;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn codes_are_those_of_rfc_4231() {
        let code = |hash| hex(&MacKey::new(hash, b"Jefe").code(b"what do ya want for nothing?"));
        assert_eq!(
            code(MacHash::Sha224),
            "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"
        );
        assert_eq!(
            code(MacHash::Sha256),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            code(MacHash::Sha384),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e\
             8e2240ca5e69e2c78b3239ecfab21649"
        );
        assert_eq!(
            code(MacHash::Sha512),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        );
    }

    #[test]
    fn a_code_is_of_one_message_under_one_key() {
        let entropy = SystemEntropy::new();
        for hash in [MacHash::Sha224, MacHash::Sha256, MacHash::Sha384, MacHash::Sha512] {
            let key = MacKey::generate(hash, &entropy);
            let code = key.code(b"message");
            assert_eq!((code.len(), key.bytes().len()), (hash.bytes(), hash.bytes()));
            assert!(MacKey::new(hash, key.bytes()).is_code(b"message", &code));
            assert!(!key.is_code(b"massage", &code));
            assert!(!key.is_code(b"message", &code[1..]));
            assert!(!MacKey::generate(hash, &entropy).is_code(b"message", &code));
        }
    }
}
