//! What Decrypt and ReEncrypt open: a ciphertext, and perhaps the key it is said to be of.

use std::sync::Arc;

use coffer_model::Sensitive;
use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_seal::OaepHash;

use super::cipher::must_have_no_context;
use super::envelope::{self, EncryptionContext};
use super::errors::KmsError;
use super::key::{KeyRecord, find_key};
use super::request::missing;
use super::usage;
use super::wire::{EncryptionAlgorithmSpec, KeyUsageType};

/// A ciphertext to be opened.
pub(super) struct Source<'a> {
    /// The key that the caller says.
    pub(super) key_id: Option<&'a str>,
    /// The member that says it.
    pub(super) key_member: &'static str,
    /// How it was encrypted; AWS's symmetric way where nothing is said.
    pub(super) algorithm: Option<EncryptionAlgorithmSpec>,
    /// The ciphertext.
    pub(super) blob: Option<&'a [u8]>,
    /// Whether this is a dry run that looks at no ciphertext.
    pub(super) ignores_blob: bool,
    /// Who asks.
    pub(super) operation: &'static str,
}

/// What came out.
pub(super) struct Opened {
    pub(super) plaintext: Sensitive<Vec<u8>>,
    pub(super) key: Arc<KeyRecord>,
    /// The material that opened it, where the key is a symmetric one.
    pub(super) material_id: Option<String>,
}

impl Source<'_> {
    /// Opens it; gives nothing only where no ciphertext is to be looked at.
    ///
    /// # Errors
    /// `IncorrectKeyException` for a ciphertext of another key than the one that is said; see
    /// [`envelope::decrypt`] for the others.
    pub(super) async fn open(
        &self,
        call: &mut Call<'_>,
        context: &EncryptionContext,
    ) -> Result<Option<Opened>, Fault> {
        let algorithm = self.algorithm.unwrap_or(EncryptionAlgorithmSpec::SymmetricDefault);
        let hash = algorithm.oaep();
        let said = match self.key_id {
            Some(key_id) => Some(find_key(call, key_id).await?),
            // Only ciphertexts of symmetric keys name their key.
            None if self.ignores_blob || hash.is_some() => return Err(missing(self.key_member)),
            None => None,
        };
        if let Some(key) = &said {
            key.must_be_usable()?;
        }
        match (hash, said) {
            (Some(hash), Some(key)) => self.open_asymmetric(call, key, algorithm, hash, context),
            (_, said) => self.open_symmetric(call, said, algorithm, context).await,
        }
    }

    async fn open_symmetric(
        &self,
        call: &mut Call<'_>,
        said: Option<Arc<KeyRecord>>,
        algorithm: EncryptionAlgorithmSpec,
        context: &EncryptionContext,
    ) -> Result<Option<Opened>, Fault> {
        match said.as_deref() {
            Some(key) if key.kind.usage == KeyUsageType::EncryptDecrypt => {
                usage::must_have(key, key.kind.encryption_algorithms(), &algorithm)?;
            }
            // AWS: recorded from Decrypt with a key for signing (LocalStack's snapshots, 2023-04).
            Some(_) => return Err(incorrect_key()),
            None if algorithm != EncryptionAlgorithmSpec::SymmetricDefault => {
                return Err(missing(self.key_member));
            }
            None => {}
        }
        if self.ignores_blob {
            return Ok(None);
        }
        let blob = self.blob.ok_or_else(|| missing("ciphertextBlob"))?;
        let origin =
            envelope::origin_of(blob, call.region()).ok_or_else(envelope::invalid_ciphertext)?;
        if said.is_some_and(|key| key.arn() != origin.arn) {
            return Err(incorrect_key());
        }
        let (plaintext, key) = envelope::decrypt(call, context, blob).await?;
        Ok(Some(Opened { plaintext, key, material_id: Some(origin.material_id) }))
    }

    fn open_asymmetric(
        &self,
        call: &Call<'_>,
        key: Arc<KeyRecord>,
        algorithm: EncryptionAlgorithmSpec,
        hash: OaepHash,
        context: &EncryptionContext,
    ) -> Result<Option<Opened>, Fault> {
        usage::must_be_for(&key, KeyUsageType::EncryptDecrypt, self.operation)?;
        usage::must_have(&key, key.kind.encryption_algorithms(), &algorithm)?;
        must_have_no_context(context)?;
        if self.ignores_blob {
            return Ok(None);
        }
        let blob = self.blob.ok_or_else(|| missing("ciphertextBlob"))?;
        let opened = key.pair(call.root_key())?.decrypt(hash, blob);
        let mut plain = opened.map_err(|_| envelope::invalid_ciphertext())?;
        let plaintext = Sensitive::new(std::mem::take(&mut *plain));
        Ok(Some(Opened { plaintext, key, material_id: None }))
    }
}

fn incorrect_key() -> Fault {
    // AWS: recorded from Decrypt (LocalStack's snapshots, 2023-04).
    KmsError::IncorrectKeyException
        .with("The key ID in the request does not identify a CMK that can perform this operation.")
}
