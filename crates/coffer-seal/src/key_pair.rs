//! Pairs of a private and a public key: for signing, for encryption, for agreeing on secrets.
//!
//! AWS-LC draws what is random about them itself.

mod agreement;
mod encapsulation;
mod encryption;
mod signing;

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING,
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING,
    ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm, RsaKeyPair,
};
use zeroize::Zeroizing;

pub use encryption::OaepHash;
pub use signing::{Message, SignatureHash, SigningScheme};

use encapsulation::EncapsulationPair;

/// The kinds of key pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPairSpec {
    /// RSA with a modulus of so many bits.
    Rsa(RsaBits),
    /// An elliptic curve.
    Curve(Curve),
    /// EdDSA on the curve edwards25519.
    Ed25519,
    /// ML-DSA (FIPS 204).
    MlDsa(MlDsaSet),
    /// ML-KEM (FIPS 203).
    MlKem(MlKemSet),
}

/// The sizes of an RSA modulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaBits {
    /// 2048 bits.
    Rsa2048,
    /// 3072 bits.
    Rsa3072,
    /// 4096 bits.
    Rsa4096,
}

/// The curves for ECDSA and, but for the last, ECDH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// secp256k1.
    P256k1,
}

/// The parameter sets of ML-DSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MlDsaSet {
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

/// The parameter sets of ML-KEM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MlKemSet {
    /// ML-KEM-512.
    MlKem512,
    /// ML-KEM-768.
    MlKem768,
    /// ML-KEM-1024.
    MlKem1024,
}

/// A private key with its public key, ready for use.
pub struct KeyPair {
    spec: KeyPairSpec,
    private: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
    inner: Inner,
}

enum Inner {
    Rsa { signing: RsaKeyPair, opening: PrivateDecryptingKey },
    Curve(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
    MlKem(EncapsulationPair),
}

/// The bytes are no private key of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPrivateKey;

/// The key pair is not of the kind that can do this, or the input is not of a form that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnfitKeyPair;

impl KeyPair {
    /// Makes a new key pair. RSA takes its time: up to seconds.
    ///
    /// # Errors
    /// Where the library fails to, which it does not say the reason of.
    pub fn generate(spec: KeyPairSpec) -> Result<Self, InvalidPrivateKey> {
        let private = match spec {
            KeyPairSpec::Rsa(bits) => {
                let made = PrivateDecryptingKey::generate(bits.size())?;
                copied(AsDer::<Pkcs8V1Der<'_>>::as_der(&made)?.as_ref())
            }
            KeyPairSpec::Curve(curve) => {
                copied(EcdsaKeyPair::generate(curve.signing())?.to_pkcs8v1()?.as_ref())
            }
            KeyPairSpec::Ed25519 => copied(Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref()),
            KeyPairSpec::MlDsa(set) => {
                copied(PqdsaKeyPair::generate(set.signing())?.to_pkcs8v1()?.as_ref())
            }
            KeyPairSpec::MlKem(set) => encapsulation::generate(set)?,
        };
        Self::from_private_der(spec, &private)
    }

    /// Reads a private key in PKCS#8.
    ///
    /// # Errors
    /// Any other bytes, and a key of another kind, curve or size.
    pub fn from_private_der(spec: KeyPairSpec, der: &[u8]) -> Result<Self, InvalidPrivateKey> {
        let inner = match spec {
            KeyPairSpec::Rsa(bits) => {
                let signing = RsaKeyPair::from_pkcs8(der).map_err(|_| InvalidPrivateKey)?;
                if signing.public_modulus_len() != bits.modulus_bytes() {
                    return Err(InvalidPrivateKey);
                }
                let opening =
                    PrivateDecryptingKey::from_pkcs8(der).map_err(|_| InvalidPrivateKey)?;
                Inner::Rsa { signing, opening }
            }
            KeyPairSpec::Curve(curve) => {
                let pair = EcdsaKeyPair::from_pkcs8(curve.signing(), der);
                Inner::Curve(pair.map_err(|_| InvalidPrivateKey)?)
            }
            KeyPairSpec::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8(der);
                Inner::Ed25519(pair.map_err(|_| InvalidPrivateKey)?)
            }
            KeyPairSpec::MlDsa(set) => {
                let pair = PqdsaKeyPair::from_pkcs8(set.signing(), der);
                Inner::MlDsa(pair.map_err(|_| InvalidPrivateKey)?)
            }
            KeyPairSpec::MlKem(set) => Inner::MlKem(EncapsulationPair::read(set, der)?),
        };
        let public = inner.public_der()?;
        Ok(Self { spec, private: copied(der), public, inner })
    }

    /// What kind of pair it is.
    pub fn spec(&self) -> KeyPairSpec {
        self.spec
    }

    /// The private key in PKCS#8, for those who seal or hand it out.
    pub fn private_der(&self) -> &[u8] {
        &self.private
    }

    /// The public key as a `SubjectPublicKeyInfo` of X.509.
    pub fn public_der(&self) -> &[u8] {
        &self.public
    }
}

impl Inner {
    fn public_der(&self) -> Result<Vec<u8>, InvalidPrivateKey> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Rsa { signing, .. } => signing.public_key().as_der()?,
            Self::Curve(pair) => pair.public_key().as_der()?,
            Self::Ed25519(pair) => pair.public_key().as_der()?,
            Self::MlDsa(pair) => pair.public_key().as_der()?,
            Self::MlKem(pair) => return Ok(pair.public_der()),
        };
        Ok(der.as_ref().to_vec())
    }
}

impl RsaBits {
    /// The bytes of the modulus, and so of every signature and ciphertext.
    pub const fn modulus_bytes(self) -> usize {
        match self {
            Self::Rsa2048 => 256,
            Self::Rsa3072 => 384,
            Self::Rsa4096 => 512,
        }
    }

    fn size(self) -> KeySize {
        match self {
            Self::Rsa2048 => KeySize::Rsa2048,
            Self::Rsa3072 => KeySize::Rsa3072,
            Self::Rsa4096 => KeySize::Rsa4096,
        }
    }
}

impl Curve {
    fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
            Self::P256k1 => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
        }
    }
}

impl MlDsaSet {
    fn signing(self) -> &'static PqdsaSigningAlgorithm {
        match self {
            Self::MlDsa44 => &ML_DSA_44_SIGNING,
            Self::MlDsa65 => &ML_DSA_65_SIGNING,
            Self::MlDsa87 => &ML_DSA_87_SIGNING,
        }
    }
}

fn copied(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyPair({:?}, ***)", self.spec)
    }
}

impl From<aws_lc_rs::error::Unspecified> for InvalidPrivateKey {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}

impl From<aws_lc_rs::error::Unspecified> for UnfitKeyPair {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}

impl fmt::Display for InvalidPrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the bytes are no private key of this kind")
    }
}

impl std::error::Error for InvalidPrivateKey {}

impl fmt::Display for UnfitKeyPair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the key pair cannot do this with this input")
    }
}

impl std::error::Error for UnfitKeyPair {}

#[cfg(test)]
mod tests;
