//! Signatures: made with the private key, verified with the public one.

use aws_lc_rs::digest::{Digest, SHA256, SHA384, SHA512};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256K1_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, ML_DSA_44, ML_DSA_65, ML_DSA_87, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, UnparsedPublicKey,
    VerificationAlgorithm,
};

use super::{Curve, Inner, KeyPair, KeyPairSpec, MlDsaSet, RsaBits, UnfitKeyPair};

/// How a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningScheme {
    /// RSASSA-PSS, its salt as long as the hash.
    RsaPss(SignatureHash),
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(SignatureHash),
    /// ECDSA with the curve's own hash; signatures are in DER.
    Ecdsa,
    /// Ed25519, without prehash.
    Ed25519,
    /// ML-DSA with an empty context, without prehash.
    MlDsa,
}

/// The hashes of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureHash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// What is signed.
#[derive(Clone, Copy)]
pub enum Message<'a> {
    /// The message itself.
    Whole(&'a [u8]),
    /// Its hash, made by the caller.
    Hashed(&'a [u8]),
}

impl SignatureHash {
    /// The bytes of a hash.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn digest(self, bytes: &[u8]) -> Result<Digest, UnfitKeyPair> {
        let algorithm = match self {
            Self::Sha256 => &SHA256,
            Self::Sha384 => &SHA384,
            Self::Sha512 => &SHA512,
        };
        Ok(Digest::import_less_safe(bytes, algorithm)?)
    }
}

impl Curve {
    /// The hash that ECDSA uses on it.
    pub const fn hash(self) -> SignatureHash {
        match self {
            Self::P256 | Self::P256k1 => SignatureHash::Sha256,
            Self::P384 => SignatureHash::Sha384,
            Self::P521 => SignatureHash::Sha512,
        }
    }
}

impl KeyPair {
    /// Signs a message.
    ///
    /// # Errors
    /// A scheme that the pair is not for, a hash of another length, a hash where the scheme takes
    /// whole messages only.
    pub fn sign(
        &self,
        scheme: SigningScheme,
        message: Message<'_>,
    ) -> Result<Vec<u8>, UnfitKeyPair> {
        match (&self.inner, scheme, message) {
            (Inner::Rsa { signing, .. }, SigningScheme::RsaPss(hash), _)
            | (Inner::Rsa { signing, .. }, SigningScheme::RsaPkcs1(hash), _) => {
                let mut signature = vec![0; signing.public_modulus_len()];
                let encoding = rsa_encoding(scheme)?;
                match message {
                    Message::Whole(bytes) => {
                        signing.sign(encoding, &SystemRandom::new(), bytes, &mut signature)?;
                    }
                    Message::Hashed(bytes) => {
                        signing.sign_digest(encoding, &hash.digest(bytes)?, &mut signature)?;
                    }
                }
                Ok(signature)
            }
            (Inner::Curve(pair), SigningScheme::Ecdsa, Message::Whole(bytes)) => {
                Ok(pair.sign(&SystemRandom::new(), bytes)?.as_ref().to_vec())
            }
            (Inner::Curve(pair), SigningScheme::Ecdsa, Message::Hashed(bytes)) => {
                let KeyPairSpec::Curve(curve) = self.spec else { return Err(UnfitKeyPair) };
                Ok(pair.sign_digest(&curve.hash().digest(bytes)?)?.as_ref().to_vec())
            }
            (Inner::Ed25519(pair), SigningScheme::Ed25519, Message::Whole(bytes)) => {
                Ok(pair.try_sign(bytes)?.as_ref().to_vec())
            }
            (Inner::MlDsa(pair), SigningScheme::MlDsa, Message::Whole(bytes)) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                let written = pair.sign(bytes, &mut signature)?;
                signature.truncate(written);
                Ok(signature)
            }
            _ => Err(UnfitKeyPair),
        }
    }

    /// Whether a signature is the pair's on this message.
    ///
    /// # Errors
    /// As for [`KeyPair::sign`]; a signature that does not hold is none.
    pub fn verify(
        &self,
        scheme: SigningScheme,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<bool, UnfitKeyPair> {
        let key = UnparsedPublicKey::new(self.verification(scheme)?, &self.public);
        Ok(match message {
            Message::Whole(bytes) => key.verify(bytes, signature).is_ok(),
            Message::Hashed(bytes) => {
                key.verify_digest(&self.hash(scheme)?.digest(bytes)?, signature).is_ok()
            }
        })
    }

    fn hash(&self, scheme: SigningScheme) -> Result<SignatureHash, UnfitKeyPair> {
        match (scheme, self.spec) {
            (SigningScheme::RsaPss(hash) | SigningScheme::RsaPkcs1(hash), _) => Ok(hash),
            (SigningScheme::Ecdsa, KeyPairSpec::Curve(curve)) => Ok(curve.hash()),
            _ => Err(UnfitKeyPair),
        }
    }

    fn verification(
        &self,
        scheme: SigningScheme,
    ) -> Result<&'static dyn VerificationAlgorithm, UnfitKeyPair> {
        use SignatureHash::{Sha256, Sha384, Sha512};
        Ok(match (self.spec, scheme) {
            (KeyPairSpec::Rsa(RsaBits::Rsa2048 | RsaBits::Rsa3072 | RsaBits::Rsa4096), _) => {
                match scheme {
                    SigningScheme::RsaPss(Sha256) => &RSA_PSS_2048_8192_SHA256,
                    SigningScheme::RsaPss(Sha384) => &RSA_PSS_2048_8192_SHA384,
                    SigningScheme::RsaPss(Sha512) => &RSA_PSS_2048_8192_SHA512,
                    SigningScheme::RsaPkcs1(Sha256) => &RSA_PKCS1_2048_8192_SHA256,
                    SigningScheme::RsaPkcs1(Sha384) => &RSA_PKCS1_2048_8192_SHA384,
                    SigningScheme::RsaPkcs1(Sha512) => &RSA_PKCS1_2048_8192_SHA512,
                    _ => return Err(UnfitKeyPair),
                }
            }
            (KeyPairSpec::Curve(Curve::P256), SigningScheme::Ecdsa) => &ECDSA_P256_SHA256_ASN1,
            (KeyPairSpec::Curve(Curve::P384), SigningScheme::Ecdsa) => &ECDSA_P384_SHA384_ASN1,
            (KeyPairSpec::Curve(Curve::P521), SigningScheme::Ecdsa) => &ECDSA_P521_SHA512_ASN1,
            (KeyPairSpec::Curve(Curve::P256k1), SigningScheme::Ecdsa) => &ECDSA_P256K1_SHA256_ASN1,
            (KeyPairSpec::Ed25519, SigningScheme::Ed25519) => &ED25519,
            (KeyPairSpec::MlDsa(MlDsaSet::MlDsa44), SigningScheme::MlDsa) => &ML_DSA_44,
            (KeyPairSpec::MlDsa(MlDsaSet::MlDsa65), SigningScheme::MlDsa) => &ML_DSA_65,
            (KeyPairSpec::MlDsa(MlDsaSet::MlDsa87), SigningScheme::MlDsa) => &ML_DSA_87,
            _ => return Err(UnfitKeyPair),
        })
    }
}

fn rsa_encoding(scheme: SigningScheme) -> Result<&'static dyn RsaEncoding, UnfitKeyPair> {
    use SignatureHash::{Sha256, Sha384, Sha512};
    Ok(match scheme {
        SigningScheme::RsaPss(Sha256) => &RSA_PSS_SHA256,
        SigningScheme::RsaPss(Sha384) => &RSA_PSS_SHA384,
        SigningScheme::RsaPss(Sha512) => &RSA_PSS_SHA512,
        SigningScheme::RsaPkcs1(Sha256) => &RSA_PKCS1_SHA256,
        SigningScheme::RsaPkcs1(Sha384) => &RSA_PKCS1_SHA384,
        SigningScheme::RsaPkcs1(Sha512) => &RSA_PKCS1_SHA512,
        _ => return Err(UnfitKeyPair),
    })
}
