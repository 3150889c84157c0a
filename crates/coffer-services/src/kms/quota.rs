//! To which of AWS's quotas on cryptographic operations a request counts: they are apart by the kinds
//! of keys, which algorithms tell without a look at the key.

use super::request::algorithm_of;
use super::wire::{EncryptionAlgorithmSpec, SigningAlgorithmSpec};
use crate::quotas::{ECC, ML_DSA, RSA, SYMMETRIC};

/// The kind of the keys that messages are sealed under so.
pub(super) fn kind_of_encryption(algorithm: Option<EncryptionAlgorithmSpec>) -> &'static str {
    match algorithm_of(algorithm) {
        EncryptionAlgorithmSpec::SymmetricDefault => SYMMETRIC,
        EncryptionAlgorithmSpec::RsaesOaepSha1 | EncryptionAlgorithmSpec::RsaesOaepSha256 => RSA,
        EncryptionAlgorithmSpec::Sm2pke => ECC,
    }
}

/// The kind of the keys that messages are signed with so.
pub(super) fn kind_of_signature(algorithm: SigningAlgorithmSpec) -> &'static str {
    match algorithm {
        SigningAlgorithmSpec::RsassaPssSha256
        | SigningAlgorithmSpec::RsassaPssSha384
        | SigningAlgorithmSpec::RsassaPssSha512
        | SigningAlgorithmSpec::RsassaPkcs1V15Sha256
        | SigningAlgorithmSpec::RsassaPkcs1V15Sha384
        | SigningAlgorithmSpec::RsassaPkcs1V15Sha512 => RSA,
        SigningAlgorithmSpec::MlDsaShake256 => ML_DSA,
        SigningAlgorithmSpec::EcdsaSha256
        | SigningAlgorithmSpec::EcdsaSha384
        | SigningAlgorithmSpec::EcdsaSha512
        | SigningAlgorithmSpec::Sm2dsa
        | SigningAlgorithmSpec::Ed25519Sha512
        | SigningAlgorithmSpec::Ed25519PhSha512 => ECC,
    }
}
