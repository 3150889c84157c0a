//! ReEncrypt: opens a ciphertext and seals it anew, and shows it to nobody.

use std::collections::BTreeMap;

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::envelope;
use super::errors::KmsError;
use super::find::demand_on;
use super::key::find_key;
use super::request::{context_of, must_be_meant, must_be_symmetric};
use super::source::{Source, source_demand};
use super::wire::{DryRunModifierType, EncryptionAlgorithmSpec};

/// Opens a ciphertext and seals it under another key or another context.
pub(super) struct ReEncrypt;

/// What to open, and how to seal it.
#[derive(Input, Debug)]
#[shape(name = "ReEncryptRequest")]
pub(super) struct ReEncryptInput {
    #[shape(min = 1, max = 6144)]
    ciphertext_blob: Option<Vec<u8>>,
    source_encryption_context: Option<BTreeMap<String, String>>,
    #[shape(min = 1, max = 2048)]
    source_key_id: Option<String>,
    #[shape(required, min = 1, max = 2048)]
    destination_key_id: String,
    destination_encryption_context: Option<BTreeMap<String, String>>,
    source_encryption_algorithm: Option<EncryptionAlgorithmSpec>,
    destination_encryption_algorithm: Option<EncryptionAlgorithmSpec>,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    #[expect(dead_code, reason = "there are no grants yet, so their tokens add nothing")]
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
    dry_run_modifiers: Option<Vec<DryRunModifierType>>,
}

/// The message as it is sealed now.
#[derive(Output, Debug)]
#[shape(name = "ReEncryptResponse")]
pub(super) struct ReEncryptOutput {
    ciphertext_blob: Option<Vec<u8>>,
    source_key_id: Option<String>,
    key_id: Option<String>,
    source_encryption_algorithm: Option<EncryptionAlgorithmSpec>,
    destination_encryption_algorithm: Option<EncryptionAlgorithmSpec>,
    source_key_material_id: Option<String>,
    destination_key_material_id: Option<String>,
}

impl Operation for ReEncrypt {
    const NAME: &'static str = "ReEncrypt";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::InvalidCiphertextException.row(),
        KmsError::KeyUnavailableException.row(),
        KmsError::IncorrectKeyException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidKeyUsageException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = ReEncryptInput;
    type Output = ReEncryptOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let blob = input.ciphertext_blob.as_deref();
        let source = input.source_key_id.as_deref();
        let mut demands = source_demand("kms:ReEncryptFrom", source, blob, call.context());
        demands.push(demand_on("kms:ReEncryptTo", &input.destination_key_id, call.context()));
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_be_symmetric(input.source_encryption_algorithm)?;
        must_be_symmetric(input.destination_encryption_algorithm)?;
        let from = context_of(input.source_encryption_context.as_ref())?;
        let to = context_of(input.destination_encryption_context.as_ref())?;
        let is_dry = input.dry_run == Some(true);
        let source = Source {
            key_id: input.source_key_id.as_deref(),
            blob: input.ciphertext_blob.as_deref(),
            ignores_blob: is_dry && input.dry_run_modifiers.is_some(),
        };
        let opened = source.open(call, &from, "sourceKeyId").await?;
        let key = find_key(call, &input.destination_key_id).await?;
        key.must_be_usable()?;
        must_be_meant(input.dry_run)?;
        let (plaintext, origin) = opened.ok_or_else(envelope::invalid_ciphertext)?;
        let ciphertext = envelope::encrypt(call, &key, &to, plaintext.expose())?;
        Ok(ReEncryptOutput {
            ciphertext_blob: Some(ciphertext),
            source_key_id: Some(origin.arn),
            key_id: Some(key.arn()),
            source_encryption_algorithm: Some(EncryptionAlgorithmSpec::SymmetricDefault),
            destination_encryption_algorithm: Some(EncryptionAlgorithmSpec::SymmetricDefault),
            source_key_material_id: Some(origin.material_id),
            destination_key_material_id: key.current_material_id(),
        })
    }
}
