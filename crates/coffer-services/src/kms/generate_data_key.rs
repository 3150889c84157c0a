//! GenerateDataKey: draws a data key, open and sealed.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::envelope;
use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::{demand_or_grant, of_context};
use super::request::{context_of, data_key_bytes, must_be_meant, must_have_no_recipient};
use super::usage;
use super::wire::{DataKeySpec, RecipientInfo};

/// Draws a data key and gives it open and sealed under a key.
pub(super) struct GenerateDataKey;

/// Which data key to draw.
#[derive(Input, Debug)]
#[shape(name = "GenerateDataKeyRequest")]
pub(super) struct GenerateDataKeyInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    encryption_context: Option<BTreeMap<String, String>>,
    #[shape(min = 1, max = 1024)]
    number_of_bytes: Option<i32>,
    key_spec: Option<DataKeySpec>,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    recipient: Option<RecipientInfo>,
    dry_run: Option<bool>,
}

/// The data key.
#[derive(Output, Debug)]
#[shape(name = "GenerateDataKeyResponse")]
pub(super) struct GenerateDataKeyOutput {
    ciphertext_blob: Option<Vec<u8>>,
    plaintext: Option<Sensitive<Vec<u8>>>,
    key_id: Option<String>,
    ciphertext_for_recipient: Option<Vec<u8>>,
    key_material_id: Option<String>,
}

impl Operation for GenerateDataKey {
    const NAME: &'static str = "GenerateDataKey";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::KeyUnavailableException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidKeyUsageException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = GenerateDataKeyInput;
    type Output = GenerateDataKeyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let (operation, context) =
            (GrantOperation::GenerateDataKey, input.encryption_context.as_ref());
        Ok(vec![demand_or_grant(call, operation, &input.key_id, context).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        of_context(input.encryption_context.as_ref(), key)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_have_no_recipient(input.recipient.as_ref())?;
        let key_bytes = data_key_bytes(input.key_spec, input.number_of_bytes)?;
        let context = context_of(input.encryption_context.as_ref())?;
        let key = find_key(call, &input.key_id).await?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        key.must_be_usable()?;
        usage::must_be_symmetric(&key, Self::NAME)?;
        must_be_meant(input.dry_run)?;
        let data_key = envelope::generate_data_key(call, &key, &context, key_bytes)?;
        note_use(call, &key, KeyLastUsageTrackingOperation::GenerateDataKey).await?;
        Ok(GenerateDataKeyOutput {
            ciphertext_blob: Some(data_key.ciphertext),
            plaintext: Some(data_key.plaintext),
            key_id: Some(key.arn()),
            ciphertext_for_recipient: None,
            key_material_id: key.current_material_id(),
        })
    }
}
