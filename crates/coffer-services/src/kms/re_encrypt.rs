//! ReEncrypt: opens a ciphertext and seals it anew, and shows it to nobody.

use std::collections::BTreeMap;

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::cipher::Target;
use super::envelope;
use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::{demand_on_source, demand_or_grant, with_context};
use super::quota::kind_of_encryption;
use super::request::{context_of, must_be_meant};
use super::source::Source;
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
        let context = input.source_encryption_context.as_ref();
        let from =
            demand_on_source(call, GrantOperation::ReEncryptFrom, source, blob, context).await?;
        let context = input.destination_encryption_context.as_ref();
        let target = &input.destination_key_id;
        let to = demand_or_grant(call, GrantOperation::ReEncryptTo, target, context).await?;
        let is_same = from.resource == to.resource;
        let demands = [
            with_context(from, input.source_encryption_context.as_ref()),
            with_context(to, input.destination_encryption_context.as_ref()),
        ];
        let told = |demand: Demand| demand.with("kms:reencryptonsamekey", is_same.to_string());
        Ok(demands.into_iter().map(told).collect())
    }

    async fn quota_kind(
        _: &mut Call<'_>,
        input: &Self::Input,
    ) -> Result<Option<&'static str>, Fault> {
        Ok(Some(kind_of_encryption(input.source_encryption_algorithm)))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let from = context_of(input.source_encryption_context.as_ref())?;
        let to = context_of(input.destination_encryption_context.as_ref())?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        let is_dry = input.dry_run == Some(true);
        let source = Source {
            key_id: input.source_key_id.as_deref(),
            key_member: "sourceKeyId",
            algorithm: input.source_encryption_algorithm,
            blob: input.ciphertext_blob.as_deref(),
            ignores_blob: is_dry && input.dry_run_modifiers.is_some(),
            operation: "ReEncryptFrom",
        };
        let opened = source.open(call, &from).await?;
        let key = find_key(call, &input.destination_key_id).await?;
        let algorithm = input.destination_encryption_algorithm;
        let target = Target::of(&key, algorithm, &to, "ReEncryptTo")?;
        must_be_meant(input.dry_run)?;
        let opened = opened.ok_or_else(envelope::invalid_ciphertext)?;
        let ciphertext = target.encrypt(call, &to, opened.plaintext.expose())?;
        for used in [&opened.key, &key] {
            note_use(call, used, KeyLastUsageTrackingOperation::ReEncrypt).await?;
        }
        let usual = EncryptionAlgorithmSpec::SymmetricDefault;
        Ok(ReEncryptOutput {
            ciphertext_blob: Some(ciphertext),
            source_key_id: Some(opened.key.arn()),
            key_id: Some(key.arn()),
            source_encryption_algorithm: input.source_encryption_algorithm.or(Some(usual)),
            destination_encryption_algorithm: Some(target.algorithm),
            source_key_material_id: opened.material_id,
            destination_key_material_id: key.current_material_id(),
        })
    }
}
