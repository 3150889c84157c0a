//! Signatures of JSON Web Tokens (RFC 7518, RFC 8037): only those by public keys. Codes by a shared
//! secret (`HS256`) and no signature at all (`none`) have no place here, so neither can be taken for
//! one of them.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
    /// RSA PKCS#1 v1.5 with SHA-384.
    Rs384,
    /// RSA PKCS#1 v1.5 with SHA-512.
    Rs512,
    /// RSA PSS with SHA-256.
    Ps256,
    /// RSA PSS with SHA-384.
    Ps384,
    /// RSA PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

/// A public key that tokens are verified with.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenKey {
    /// RSA: modulus and exponent, big-endian.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
    /// A point on P-256, uncompressed.
    P256(Vec<u8>),
    /// A point on P-384, uncompressed.
    P384(Vec<u8>),
    /// A point on P-521, uncompressed.
    P521(Vec<u8>),
    /// An Ed25519 key.
    Ed25519(Vec<u8>),
}

impl TokenAlgorithm {
    /// The algorithm that a token's header names; nothing for every other name.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        Some(match self {
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Ps384 => &RSA_PSS_2048_8192_SHA384,
            Self::Ps512 => &RSA_PSS_2048_8192_SHA512,
            Self::Es256 | Self::Es384 | Self::Es512 | Self::EdDsa => return None,
        })
    }
}

impl TokenKey {
    /// Whether tokens signed in this way may be verified with this key.
    pub fn fits(&self, algorithm: TokenAlgorithm) -> bool {
        match self {
            Self::Rsa { .. } => algorithm.rsa().is_some(),
            Self::P256(_) => algorithm == TokenAlgorithm::Es256,
            Self::P384(_) => algorithm == TokenAlgorithm::Es384,
            Self::P521(_) => algorithm == TokenAlgorithm::Es512,
            Self::Ed25519(_) => algorithm == TokenAlgorithm::EdDsa,
        }
    }

    /// Whether this key's owner signed the message in this way.
    pub fn verifies(&self, algorithm: TokenAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        let by = |verification: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(verification, key).verify(message, signature).is_ok()
        };
        match (self, algorithm) {
            (Self::Rsa { modulus, exponent }, _) => algorithm.rsa().is_some_and(|parameters| {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(parameters, message, signature).is_ok()
            }),
            (Self::P256(point), TokenAlgorithm::Es256) => by(&ECDSA_P256_SHA256_FIXED, point),
            (Self::P384(point), TokenAlgorithm::Es384) => by(&ECDSA_P384_SHA384_FIXED, point),
            (Self::P521(point), TokenAlgorithm::Es512) => by(&ECDSA_P521_SHA512_FIXED, point),
            (Self::Ed25519(key), TokenAlgorithm::EdDsa) => by(&ED25519, key),
            _ => false,
        }
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Rsa { .. } => "TokenKey(RSA)",
            Self::P256(_) => "TokenKey(P-256)",
            Self::P384(_) => "TokenKey(P-384)",
            Self::P521(_) => "TokenKey(P-521)",
            Self::Ed25519(_) => "TokenKey(Ed25519)",
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    };

    use super::{TokenAlgorithm, TokenKey};

    #[test]
    fn only_signatures_by_public_keys_have_a_name() {
        for name in ["none", "None", "NONE", "", "HS256", "HS512", "rs256", "ES256K", "dir"] {
            assert_eq!(TokenAlgorithm::of_name(name), None, "{name}");
        }
        assert_eq!(TokenAlgorithm::of_name("ES256"), Some(TokenAlgorithm::Es256));
    }

    #[test]
    fn a_signature_holds_for_its_message_key_and_algorithm_only() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = TokenKey::P256(pair.public_key().as_ref().to_vec());
        let signature = pair.sign(&SystemRandom::new(), b"head.body").unwrap();
        let holds =
            |algorithm, message: &[u8]| key.verifies(algorithm, message, signature.as_ref());
        assert!(holds(TokenAlgorithm::Es256, b"head.body"));
        assert!(!holds(TokenAlgorithm::Es256, b"head.bodY"));
        assert!(!holds(TokenAlgorithm::Es384, b"head.body"));
        assert!(!holds(TokenAlgorithm::Rs256, b"head.body"));
        let other = Ed25519KeyPair::generate().unwrap();
        let other = TokenKey::Ed25519(other.public_key().as_ref().to_vec());
        assert!(!other.verifies(TokenAlgorithm::Es256, b"head.body", signature.as_ref()));
        assert!(!other.verifies(TokenAlgorithm::EdDsa, b"head.body", signature.as_ref()));
    }
}
