//! What keys are made of and for: which usage goes with which spec, and which algorithms with both.

use coffer_seal::{
    Curve, KeyPairSpec, MacHash, MlDsaSet, MlKemSet, OaepHash, RsaBits, SignatureHash,
    SigningScheme,
};
use serde::{Deserialize, Serialize};

use super::wire::{
    EncapsulationAlgorithmSpec, EncryptionAlgorithmSpec, KeyAgreementAlgorithmSpec, KeySpec,
    KeyUsageType, MacAlgorithmSpec, OriginType, SigningAlgorithmSpec,
};

/// What a key is made of, what it is for, and where its material comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyKind {
    pub(super) spec: KeySpec,
    pub(super) usage: KeyUsageType,
    pub(super) origin: OriginType,
}

/// The kinds of key material.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MaterialKind {
    /// 256 bits that messages are sealed under.
    Symmetric,
    /// A key for codes.
    Mac(MacHash),
    /// A key pair.
    Pair(KeyPairSpec),
}

impl KeyKind {
    /// Whether it is the kind that every key had once, which records do not mention.
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// Whether its material comes from the customer.
    pub(super) fn is_external(&self) -> bool {
        self.origin == OriginType::External
    }

    /// Whether messages are sealed under it as under AWS's symmetric keys.
    pub(super) fn is_symmetric(&self) -> bool {
        self.spec == KeySpec::SymmetricDefault
    }

    /// How messages are encrypted with it.
    pub(super) fn encryption_algorithms(&self) -> &'static [EncryptionAlgorithmSpec] {
        use EncryptionAlgorithmSpec::{RsaesOaepSha1, RsaesOaepSha256, SymmetricDefault};
        match (self.usage, self.spec.material()) {
            (KeyUsageType::EncryptDecrypt, Some(MaterialKind::Symmetric)) => &[SymmetricDefault],
            (KeyUsageType::EncryptDecrypt, Some(MaterialKind::Pair(KeyPairSpec::Rsa(_)))) => {
                &[RsaesOaepSha1, RsaesOaepSha256]
            }
            _ => &[],
        }
    }

    /// How messages are signed with it.
    pub(super) fn signing_algorithms(&self) -> &'static [SigningAlgorithmSpec] {
        use SigningAlgorithmSpec as Spec;
        let Some(MaterialKind::Pair(pair)) = self.spec.material() else { return &[] };
        if self.usage != KeyUsageType::SignVerify {
            return &[];
        }
        match pair {
            KeyPairSpec::Rsa(_) => &[
                Spec::RsassaPkcs1V15Sha256,
                Spec::RsassaPkcs1V15Sha384,
                Spec::RsassaPkcs1V15Sha512,
                Spec::RsassaPssSha256,
                Spec::RsassaPssSha384,
                Spec::RsassaPssSha512,
            ],
            KeyPairSpec::Curve(curve) => match curve.hash() {
                SignatureHash::Sha256 => &[Spec::EcdsaSha256],
                SignatureHash::Sha384 => &[Spec::EcdsaSha384],
                SignatureHash::Sha512 => &[Spec::EcdsaSha512],
            },
            // AWS has ED25519_PH_SHA_512 beside it, which the library cannot do.
            KeyPairSpec::Ed25519 => &[Spec::Ed25519Sha512],
            KeyPairSpec::MlDsa(_) => &[Spec::MlDsaShake256],
            KeyPairSpec::MlKem(_) => &[],
        }
    }

    /// How codes are made with it.
    pub(super) fn mac_algorithms(&self) -> &'static [MacAlgorithmSpec] {
        match self.spec.material() {
            Some(MaterialKind::Mac(MacHash::Sha224)) => &[MacAlgorithmSpec::HmacSha224],
            Some(MaterialKind::Mac(MacHash::Sha256)) => &[MacAlgorithmSpec::HmacSha256],
            Some(MaterialKind::Mac(MacHash::Sha384)) => &[MacAlgorithmSpec::HmacSha384],
            Some(MaterialKind::Mac(MacHash::Sha512)) => &[MacAlgorithmSpec::HmacSha512],
            _ => &[],
        }
    }

    /// How secrets are agreed on with it.
    pub(super) fn key_agreement_algorithms(&self) -> &'static [KeyAgreementAlgorithmSpec] {
        match self.usage {
            KeyUsageType::KeyAgreement => &[KeyAgreementAlgorithmSpec::Ecdh],
            _ => &[],
        }
    }

    /// How secrets are encapsulated with it.
    pub(super) fn encapsulation_algorithms(&self) -> &'static [EncapsulationAlgorithmSpec] {
        match self.usage {
            KeyUsageType::EncapsulateDecapsulate => &[EncapsulationAlgorithmSpec::MlKem],
            _ => &[],
        }
    }
}

impl KeySpec {
    /// The material of such a key; none for what the library does not have.
    pub(super) fn material(self) -> Option<MaterialKind> {
        let pair = |spec| Some(MaterialKind::Pair(spec));
        match self {
            Self::SymmetricDefault => Some(MaterialKind::Symmetric),
            Self::Rsa2048 => pair(KeyPairSpec::Rsa(RsaBits::Rsa2048)),
            Self::Rsa3072 => pair(KeyPairSpec::Rsa(RsaBits::Rsa3072)),
            Self::Rsa4096 => pair(KeyPairSpec::Rsa(RsaBits::Rsa4096)),
            Self::EccNistP256 => pair(KeyPairSpec::Curve(Curve::P256)),
            Self::EccNistP384 => pair(KeyPairSpec::Curve(Curve::P384)),
            Self::EccNistP521 => pair(KeyPairSpec::Curve(Curve::P521)),
            Self::EccSecgP256k1 => pair(KeyPairSpec::Curve(Curve::P256k1)),
            Self::EccNistEdwards25519 => pair(KeyPairSpec::Ed25519),
            Self::Hmac224 => Some(MaterialKind::Mac(MacHash::Sha224)),
            Self::Hmac256 => Some(MaterialKind::Mac(MacHash::Sha256)),
            Self::Hmac384 => Some(MaterialKind::Mac(MacHash::Sha384)),
            Self::Hmac512 => Some(MaterialKind::Mac(MacHash::Sha512)),
            Self::MlDsa44 => pair(KeyPairSpec::MlDsa(MlDsaSet::MlDsa44)),
            Self::MlDsa65 => pair(KeyPairSpec::MlDsa(MlDsaSet::MlDsa65)),
            Self::MlDsa87 => pair(KeyPairSpec::MlDsa(MlDsaSet::MlDsa87)),
            Self::MlKem512 => pair(KeyPairSpec::MlKem(MlKemSet::MlKem512)),
            Self::MlKem768 => pair(KeyPairSpec::MlKem(MlKemSet::MlKem768)),
            Self::MlKem1024 => pair(KeyPairSpec::MlKem(MlKemSet::MlKem1024)),
            Self::Sm2 => None,
        }
    }

    /// What such a key can be for.
    pub(super) fn usages(self) -> &'static [KeyUsageType] {
        use KeyUsageType::{
            EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify,
        };
        match self {
            Self::SymmetricDefault => &[EncryptDecrypt],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[EncryptDecrypt, SignVerify],
            Self::EccNistP256 | Self::EccNistP384 | Self::EccNistP521 => {
                &[SignVerify, KeyAgreement]
            }
            Self::EccSecgP256k1
            | Self::EccNistEdwards25519
            | Self::MlDsa44
            | Self::MlDsa65
            | Self::MlDsa87 => &[SignVerify],
            Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512 => &[GenerateVerifyMac],
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 => &[EncapsulateDecapsulate],
            Self::Sm2 => &[EncryptDecrypt, SignVerify, KeyAgreement],
        }
    }
}

impl EncryptionAlgorithmSpec {
    /// The hash of RSA encryption, for the algorithms that are that.
    pub(super) fn oaep(self) -> Option<OaepHash> {
        match self {
            Self::RsaesOaepSha1 => Some(OaepHash::Sha1),
            Self::RsaesOaepSha256 => Some(OaepHash::Sha256),
            Self::SymmetricDefault | Self::Sm2pke => None,
        }
    }
}

impl SigningAlgorithmSpec {
    /// How it signs, and the bytes of a digest where it takes digests; none for what the library
    /// does not have.
    pub(super) fn scheme(self) -> Option<(SigningScheme, Option<usize>)> {
        use SignatureHash::{Sha256, Sha384, Sha512};
        let hashed = |scheme, hash: SignatureHash| Some((scheme, Some(hash.bytes())));
        match self {
            Self::RsassaPssSha256 => hashed(SigningScheme::RsaPss(Sha256), Sha256),
            Self::RsassaPssSha384 => hashed(SigningScheme::RsaPss(Sha384), Sha384),
            Self::RsassaPssSha512 => hashed(SigningScheme::RsaPss(Sha512), Sha512),
            Self::RsassaPkcs1V15Sha256 => hashed(SigningScheme::RsaPkcs1(Sha256), Sha256),
            Self::RsassaPkcs1V15Sha384 => hashed(SigningScheme::RsaPkcs1(Sha384), Sha384),
            Self::RsassaPkcs1V15Sha512 => hashed(SigningScheme::RsaPkcs1(Sha512), Sha512),
            Self::EcdsaSha256 => hashed(SigningScheme::Ecdsa, Sha256),
            Self::EcdsaSha384 => hashed(SigningScheme::Ecdsa, Sha384),
            Self::EcdsaSha512 => hashed(SigningScheme::Ecdsa, Sha512),
            Self::Ed25519Sha512 => Some((SigningScheme::Ed25519, None)),
            Self::MlDsaShake256 => Some((SigningScheme::MlDsa, None)),
            Self::Sm2dsa | Self::Ed25519PhSha512 => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyKind, KeySpec, OriginType};

    #[test]
    fn every_spec_with_material_has_an_algorithm_for_each_of_its_usages() {
        for name in KeySpec::VALUES {
            let spec: KeySpec = name.parse().unwrap();
            assert_eq!(spec.material().is_none(), spec == KeySpec::Sm2);
            for usage in spec.usages() {
                let kind = KeyKind { spec, usage: *usage, origin: OriginType::AwsKms };
                let algorithms = kind.encryption_algorithms().len()
                    + kind.signing_algorithms().len()
                    + kind.mac_algorithms().len()
                    + kind.key_agreement_algorithms().len()
                    + kind.encapsulation_algorithms().len();
                assert!(algorithms > 0 || spec == KeySpec::Sm2, "{name} {usage}");
                assert!(kind.signing_algorithms().iter().all(|spec| spec.scheme().is_some()));
            }
        }
    }
}
