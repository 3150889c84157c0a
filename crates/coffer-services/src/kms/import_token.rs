//! Import tokens: the private key that imported material comes wrapped for, sealed, so that it is
//! kept by the importer and nowhere else.

use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_seal::{KeyPair, KeyPairSpec, OaepHash, RsaBits, Wrapping};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::errors::KmsError;
use super::key::KeyRecord;
use super::spec::MaterialKind;
use super::wire::{AlgorithmSpec, WrappingKeySpec};

/// What a token says beside its private key.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    wrapping: AlgorithmSpec,
    key: WrappingKeySpec,
    expires: Timestamp,
}

/// A token, opened.
pub(super) struct ImportToken {
    head: Head,
    private: Zeroizing<Vec<u8>>,
}

/// A token and its public key.
pub(super) struct Issued {
    pub(super) token: Vec<u8>,
    pub(super) public: Vec<u8>,
    pub(super) expires: Timestamp,
}

/// Makes a wrapping key for material of a key, and the token that it comes back in.
///
/// # Errors
/// `UnsupportedOperationException` for a wrapping that the library does not have, or that is not
/// for this kind of material.
pub(super) async fn issue(
    call: &Call<'_>,
    key: &KeyRecord,
    wrapping: AlgorithmSpec,
    wrapping_key: WrappingKeySpec,
) -> Result<Issued, Fault> {
    let unsupported = |what: String| KmsError::UnsupportedOperationException.with(what);
    let (Some(how), Some(bits)) = (wrapping.wrapping(), wrapping_key.bits()) else {
        return Err(unsupported(format!(
            "Wrapping algorithm {wrapping} with wrapping key spec {wrapping_key} is not supported"
        )));
    };
    // AWS: an RSA private key is too long for RSA alone (API reference).
    let is_too_long = matches!(
        key.material_kind()?,
        MaterialKind::Pair(KeyPairSpec::Rsa(_) | KeyPairSpec::MlKem(_))
    );
    if is_too_long && matches!(how, Wrapping::Oaep(_)) {
        return Err(unsupported(format!(
            "Wrapping algorithm {wrapping} is not supported for key spec {}",
            key.kind.spec
        )));
    }
    let pair = call.aside(move || KeyPair::generate(KeyPairSpec::Rsa(bits))).await?;
    let pair = pair.map_err(Fault::internal)?;
    let head = Head { wrapping, key: wrapping_key, expires: call.now().plus(VALID) };
    let expires = head.expires;
    let head = serde_json::to_vec(&head).map_err(Fault::internal)?;
    let mut plain = Zeroizing::new(Vec::with_capacity(head.len() + 1 + pair.private_der().len()));
    plain.extend_from_slice(&head);
    plain.push(0);
    plain.extend_from_slice(pair.private_der());
    let token = call.root_key().seal(call.entropy(), &bound_to(key), &plain);
    Ok(Issued { token, public: pair.public_der().to_vec(), expires })
}

impl ImportToken {
    /// Opens a token of a key.
    ///
    /// # Errors
    /// `InvalidImportTokenException` for anything else, `ExpiredImportTokenException` for a token
    /// whose day is over.
    pub(super) fn open(call: &Call<'_>, key: &KeyRecord, token: &[u8]) -> Result<Self, Fault> {
        let invalid = || KmsError::InvalidImportTokenException.bare();
        let plain = call.root_key().open(&bound_to(key), token).map_err(|_| invalid())?;
        let token = Self::read(&plain).ok_or_else(invalid)?;
        if token.head.expires <= call.now() {
            return Err(KmsError::ExpiredImportTokenException.bare());
        }
        Ok(token)
    }

    /// Reads an opened token; nothing where it is none.
    pub(super) fn read(plain: &[u8]) -> Option<Self> {
        let end = plain.iter().position(|byte| *byte == 0)?;
        let (head, private) = plain.split_at(end);
        let head: Head = serde_json::from_slice(head).ok()?;
        let private = private.get(1..).unwrap_or_default().to_vec();
        Some(Self { head, private: Zeroizing::new(private) })
    }

    /// Unwraps material.
    ///
    /// # Errors
    /// `InvalidCiphertextException` for whatever does not open.
    pub(super) fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let unreadable = || Fault::internal("an import token holds no key");
        let bits = self.head.key.bits().ok_or_else(unreadable)?;
        let wrapping = self.head.wrapping.wrapping().ok_or_else(unreadable)?;
        let pair = KeyPair::from_private_der(KeyPairSpec::Rsa(bits), &self.private);
        let pair = pair.map_err(|_| unreadable())?;
        coffer_seal::unwrap_material(&pair, wrapping, wrapped)
            .map_err(|_| super::envelope::invalid_ciphertext())
    }
}

impl AlgorithmSpec {
    /// How it wraps. AWS: RSAES_PKCS1_V1_5 is not supported any more (API reference); the library
    /// has no SM2.
    fn wrapping(self) -> Option<Wrapping> {
        match self {
            Self::RsaesOaepSha1 => Some(Wrapping::Oaep(OaepHash::Sha1)),
            Self::RsaesOaepSha256 => Some(Wrapping::Oaep(OaepHash::Sha256)),
            Self::RsaAesKeyWrapSha1 => Some(Wrapping::OaepAndAes(OaepHash::Sha1)),
            Self::RsaAesKeyWrapSha256 => Some(Wrapping::OaepAndAes(OaepHash::Sha256)),
            Self::RsaesPkcs1V15 | Self::Sm2pke => None,
        }
    }
}

impl WrappingKeySpec {
    fn bits(self) -> Option<RsaBits> {
        match self {
            Self::Rsa2048 => Some(RsaBits::Rsa2048),
            Self::Rsa3072 => Some(RsaBits::Rsa3072),
            Self::Rsa4096 => Some(RsaBits::Rsa4096),
            Self::Sm2 => None,
        }
    }
}

fn bound_to(key: &KeyRecord) -> Vec<u8> {
    format!("kms import token\0{}", key.arn()).into_bytes()
}

/// AWS: a day.
const VALID: Duration = Duration::from_secs(24 * 60 * 60);
