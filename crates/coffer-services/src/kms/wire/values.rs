//! The values that members may have, as AWS's model lists them.

use coffer_protocol::AwsEnum;
use serde::{Deserialize, Serialize};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum, Serialize, Deserialize, Default)]
pub(in crate::kms) enum KeyUsageType {
    #[shape(wire = "SIGN_VERIFY")]
    SignVerify,
    #[shape(wire = "ENCRYPT_DECRYPT")]
    #[default]
    EncryptDecrypt,
    #[shape(wire = "GENERATE_VERIFY_MAC")]
    GenerateVerifyMac,
    #[shape(wire = "KEY_AGREEMENT")]
    KeyAgreement,
    #[shape(wire = "ENCAPSULATE_DECAPSULATE")]
    EncapsulateDecapsulate,
}

/// What a key is made of, under its former name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum CustomerMasterKeySpec {
    #[shape(wire = "RSA_2048")]
    Rsa2048,
    #[shape(wire = "RSA_3072")]
    Rsa3072,
    #[shape(wire = "RSA_4096")]
    Rsa4096,
    #[shape(wire = "ECC_NIST_P256")]
    EccNistP256,
    #[shape(wire = "ECC_NIST_P384")]
    EccNistP384,
    #[shape(wire = "ECC_NIST_P521")]
    EccNistP521,
    #[shape(wire = "ECC_SECG_P256K1")]
    EccSecgP256k1,
    #[shape(wire = "SYMMETRIC_DEFAULT")]
    SymmetricDefault,
    #[shape(wire = "HMAC_224")]
    Hmac224,
    #[shape(wire = "HMAC_256")]
    Hmac256,
    #[shape(wire = "HMAC_384")]
    Hmac384,
    #[shape(wire = "HMAC_512")]
    Hmac512,
    #[shape(wire = "SM2")]
    Sm2,
}

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum, Serialize, Deserialize, Default)]
pub(in crate::kms) enum KeySpec {
    #[shape(wire = "RSA_2048")]
    Rsa2048,
    #[shape(wire = "RSA_3072")]
    Rsa3072,
    #[shape(wire = "RSA_4096")]
    Rsa4096,
    #[shape(wire = "ECC_NIST_P256")]
    EccNistP256,
    #[shape(wire = "ECC_NIST_P384")]
    EccNistP384,
    #[shape(wire = "ECC_NIST_P521")]
    EccNistP521,
    #[shape(wire = "ECC_SECG_P256K1")]
    EccSecgP256k1,
    #[shape(wire = "SYMMETRIC_DEFAULT")]
    #[default]
    SymmetricDefault,
    #[shape(wire = "HMAC_224")]
    Hmac224,
    #[shape(wire = "HMAC_256")]
    Hmac256,
    #[shape(wire = "HMAC_384")]
    Hmac384,
    #[shape(wire = "HMAC_512")]
    Hmac512,
    #[shape(wire = "SM2")]
    Sm2,
    #[shape(wire = "ML_DSA_44")]
    MlDsa44,
    #[shape(wire = "ML_DSA_65")]
    MlDsa65,
    #[shape(wire = "ML_DSA_87")]
    MlDsa87,
    #[shape(wire = "ECC_NIST_EDWARDS25519")]
    EccNistEdwards25519,
    #[shape(wire = "ML_KEM_512")]
    MlKem512,
    #[shape(wire = "ML_KEM_768")]
    MlKem768,
    #[shape(wire = "ML_KEM_1024")]
    MlKem1024,
}

/// Where key material comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum, Serialize, Deserialize, Default)]
pub(in crate::kms) enum OriginType {
    #[shape(wire = "AWS_KMS")]
    #[default]
    AwsKms,
    #[shape(wire = "EXTERNAL")]
    External,
    #[shape(wire = "AWS_CLOUDHSM")]
    AwsCloudhsm,
    #[shape(wire = "EXTERNAL_KEY_STORE")]
    ExternalKeyStore,
}

/// The states of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum WireKeyState {
    Creating,
    Enabled,
    Disabled,
    PendingDeletion,
    PendingImport,
    PendingReplicaDeletion,
    Unavailable,
    Updating,
}

/// Whether imported material expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum ExpirationModelType {
    #[shape(wire = "KEY_MATERIAL_EXPIRES")]
    KeyMaterialExpires,
    #[shape(wire = "KEY_MATERIAL_DOES_NOT_EXPIRE")]
    KeyMaterialDoesNotExpire,
}

/// Who manages a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum KeyManagerType {
    #[shape(wire = "AWS")]
    Aws,
    #[shape(wire = "CUSTOMER")]
    Customer,
}

/// How a message is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum EncryptionAlgorithmSpec {
    #[shape(wire = "SYMMETRIC_DEFAULT")]
    SymmetricDefault,
    #[shape(wire = "RSAES_OAEP_SHA_1")]
    RsaesOaepSha1,
    #[shape(wire = "RSAES_OAEP_SHA_256")]
    RsaesOaepSha256,
    #[shape(wire = "SM2PKE")]
    Sm2pke,
}

/// How a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum SigningAlgorithmSpec {
    #[shape(wire = "RSASSA_PSS_SHA_256")]
    RsassaPssSha256,
    #[shape(wire = "RSASSA_PSS_SHA_384")]
    RsassaPssSha384,
    #[shape(wire = "RSASSA_PSS_SHA_512")]
    RsassaPssSha512,
    #[shape(wire = "RSASSA_PKCS1_V1_5_SHA_256")]
    RsassaPkcs1V15Sha256,
    #[shape(wire = "RSASSA_PKCS1_V1_5_SHA_384")]
    RsassaPkcs1V15Sha384,
    #[shape(wire = "RSASSA_PKCS1_V1_5_SHA_512")]
    RsassaPkcs1V15Sha512,
    #[shape(wire = "ECDSA_SHA_256")]
    EcdsaSha256,
    #[shape(wire = "ECDSA_SHA_384")]
    EcdsaSha384,
    #[shape(wire = "ECDSA_SHA_512")]
    EcdsaSha512,
    #[shape(wire = "SM2DSA")]
    Sm2dsa,
    #[shape(wire = "ML_DSA_SHAKE_256")]
    MlDsaShake256,
    #[shape(wire = "ED25519_SHA_512")]
    Ed25519Sha512,
    #[shape(wire = "ED25519_PH_SHA_512")]
    Ed25519PhSha512,
}

/// How two keys agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum KeyAgreementAlgorithmSpec {
    #[shape(wire = "ECDH")]
    Ecdh,
}

/// How a secret is encapsulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum EncapsulationAlgorithmSpec {
    #[shape(wire = "ML_KEM")]
    MlKem,
}

/// How a code is made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum MacAlgorithmSpec {
    #[shape(wire = "HMAC_SHA_224")]
    HmacSha224,
    #[shape(wire = "HMAC_SHA_256")]
    HmacSha256,
    #[shape(wire = "HMAC_SHA_384")]
    HmacSha384,
    #[shape(wire = "HMAC_SHA_512")]
    HmacSha512,
}

/// Whether a key for several regions is the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum MultiRegionKeyType {
    #[shape(wire = "PRIMARY")]
    Primary,
    #[shape(wire = "REPLICA")]
    Replica,
}

/// What a key pair for the caller is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum DataKeyPairSpec {
    #[shape(wire = "RSA_2048")]
    Rsa2048,
    #[shape(wire = "RSA_3072")]
    Rsa3072,
    #[shape(wire = "RSA_4096")]
    Rsa4096,
    #[shape(wire = "ECC_NIST_P256")]
    EccNistP256,
    #[shape(wire = "ECC_NIST_P384")]
    EccNistP384,
    #[shape(wire = "ECC_NIST_P521")]
    EccNistP521,
    #[shape(wire = "ECC_SECG_P256K1")]
    EccSecgP256k1,
    #[shape(wire = "SM2")]
    Sm2,
    #[shape(wire = "ECC_NIST_EDWARDS25519")]
    EccNistEdwards25519,
    #[shape(wire = "ML_KEM_512")]
    MlKem512,
    #[shape(wire = "ML_KEM_768")]
    MlKem768,
    #[shape(wire = "ML_KEM_1024")]
    MlKem1024,
}

/// Whether a message to be signed comes whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum MessageType {
    #[shape(wire = "RAW")]
    Raw,
    #[shape(wire = "DIGEST")]
    Digest,
    #[shape(wire = "EXTERNAL_MU")]
    ExternalMu,
}

/// How material is wrapped on its way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum, Serialize, Deserialize)]
pub(in crate::kms) enum AlgorithmSpec {
    #[shape(wire = "RSAES_PKCS1_V1_5")]
    RsaesPkcs1V15,
    #[shape(wire = "RSAES_OAEP_SHA_1")]
    RsaesOaepSha1,
    #[shape(wire = "RSAES_OAEP_SHA_256")]
    RsaesOaepSha256,
    #[shape(wire = "RSA_AES_KEY_WRAP_SHA_1")]
    RsaAesKeyWrapSha1,
    #[shape(wire = "RSA_AES_KEY_WRAP_SHA_256")]
    RsaAesKeyWrapSha256,
    #[shape(wire = "SM2PKE")]
    Sm2pke,
}

/// The keys that material is wrapped with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum, Serialize, Deserialize)]
pub(in crate::kms) enum WrappingKeySpec {
    #[shape(wire = "RSA_2048")]
    Rsa2048,
    #[shape(wire = "RSA_3072")]
    Rsa3072,
    #[shape(wire = "RSA_4096")]
    Rsa4096,
    #[shape(wire = "SM2")]
    Sm2,
}

/// Whether imported material was the key's before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum ImportType {
    #[shape(wire = "NEW_KEY_MATERIAL")]
    NewKeyMaterial,
    #[shape(wire = "EXISTING_KEY_MATERIAL")]
    ExistingKeyMaterial,
}

/// How an answer is encrypted for its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum KeyEncryptionMechanism {
    #[shape(wire = "RSAES_OAEP_SHA_256")]
    RsaesOaepSha256,
}

/// What a dry run leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum DryRunModifierType {
    #[shape(wire = "IGNORE_CIPHERTEXT")]
    IgnoreCiphertext,
}

/// How long a data key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(in crate::kms) enum DataKeySpec {
    #[shape(wire = "AES_256")]
    Aes256,
    #[shape(wire = "AES_128")]
    Aes128,
}
