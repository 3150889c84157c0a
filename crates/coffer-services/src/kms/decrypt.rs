//! Decrypt: opens what a key has sealed.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{AuditObject, ErrorRow, Fault, Input, Output};

use super::envelope;
use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::{demand_on_source, of_context};
use super::quota::kind_of_encryption;
use super::request::{algorithm_of, context_of, must_be_meant, must_have_no_recipient};
use super::source::Source;
use super::wire::{DryRunModifierType, EncryptionAlgorithmSpec, RecipientInfo};

/// Opens a ciphertext of Encrypt, GenerateDataKey or ReEncrypt.
pub(super) struct Decrypt;

/// What to open.
#[derive(Input, Debug)]
#[shape(name = "DecryptRequest")]
pub(super) struct DecryptInput {
    #[shape(min = 1, max = 6144)]
    ciphertext_blob: Option<Vec<u8>>,
    encryption_context: Option<BTreeMap<String, String>>,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    #[shape(min = 1, max = 2048)]
    key_id: Option<String>,
    encryption_algorithm: Option<EncryptionAlgorithmSpec>,
    recipient: Option<RecipientInfo>,
    dry_run: Option<bool>,
    dry_run_modifiers: Option<Vec<DryRunModifierType>>,
}

/// The opened message.
#[derive(Output, Debug)]
#[shape(name = "DecryptResponse")]
pub(super) struct DecryptOutput {
    key_id: Option<String>,
    plaintext: Option<Sensitive<Vec<u8>>>,
    encryption_algorithm: Option<EncryptionAlgorithmSpec>,
    ciphertext_for_recipient: Option<Vec<u8>>,
    key_material_id: Option<String>,
}

impl Operation for Decrypt {
    const NAME: &'static str = "Decrypt";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::InvalidCiphertextException.row(),
        KmsError::KeyUnavailableException.row(),
        KmsError::IncorrectKeyException.row(),
        KmsError::InvalidKeyUsageException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = DecryptInput;
    type Output = DecryptOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let blob = input.ciphertext_blob.as_deref();
        let (key_id, context) = (input.key_id.as_deref(), input.encryption_context.as_ref());
        Ok(vec![demand_on_source(call, GrantOperation::Decrypt, key_id, blob, context).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:encryptionalgorithm" => {
                Some(algorithm_of(input.encryption_algorithm).to_string().into())
            }
            _ => of_context(input.encryption_context.as_ref(), key),
        }
    }

    fn audit_parameters(input: &Self::Input, object: &mut AuditObject<'_>) {
        object.input(input);
        if input.encryption_algorithm.is_none() {
            // AWS: the record always has it (KMS developer guide, CloudTrail entries of Decrypt).
            object.member("encryptionAlgorithm", "SYMMETRIC_DEFAULT");
        }
    }

    async fn quota_kind(
        _: &mut Call<'_>,
        input: &Self::Input,
    ) -> Result<Option<&'static str>, Fault> {
        Ok(Some(kind_of_encryption(input.encryption_algorithm)))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_have_no_recipient(input.recipient.as_ref())?;
        let context = context_of(input.encryption_context.as_ref())?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        let is_dry = input.dry_run == Some(true);
        let source = Source {
            key_id: input.key_id.as_deref(),
            key_member: "keyId",
            algorithm: input.encryption_algorithm,
            blob: input.ciphertext_blob.as_deref(),
            ignores_blob: is_dry && input.dry_run_modifiers.is_some(),
            operation: Self::NAME,
        };
        let opened = source.open(call, &context).await?;
        must_be_meant(input.dry_run)?;
        let opened = opened.ok_or_else(envelope::invalid_ciphertext)?;
        note_use(call, &opened.key, KeyLastUsageTrackingOperation::Decrypt).await?;
        let algorithm = input.encryption_algorithm;
        Ok(DecryptOutput {
            key_id: Some(opened.key.arn()),
            plaintext: Some(opened.plaintext),
            encryption_algorithm: algorithm.or(Some(EncryptionAlgorithmSpec::SymmetricDefault)),
            ciphertext_for_recipient: None,
            key_material_id: opened.material_id,
        })
    }
}
