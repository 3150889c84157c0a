//! GenerateDataKeyWithoutPlaintext: draws a data key and gives it sealed only.

use std::collections::BTreeMap;

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::envelope;
use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::{demand_or_grant, of_context};
use super::request::{context_of, data_key_bytes, must_be_meant};
use super::usage;
use super::wire::DataKeySpec;

/// Draws a data key and gives it sealed under a key only.
pub(super) struct GenerateDataKeyWithoutPlaintext;

/// Which data key to draw.
#[derive(Input, Debug)]
#[shape(name = "GenerateDataKeyWithoutPlaintextRequest")]
pub(super) struct GenerateDataKeyWithoutPlaintextInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    encryption_context: Option<BTreeMap<String, String>>,
    key_spec: Option<DataKeySpec>,
    #[shape(min = 1, max = 1024)]
    number_of_bytes: Option<i32>,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
}

/// The sealed data key.
#[derive(Output, Debug)]
#[shape(name = "GenerateDataKeyWithoutPlaintextResponse")]
pub(super) struct GenerateDataKeyWithoutPlaintextOutput {
    ciphertext_blob: Option<Vec<u8>>,
    key_id: Option<String>,
    key_material_id: Option<String>,
}

impl Operation for GenerateDataKeyWithoutPlaintext {
    const NAME: &'static str = "GenerateDataKeyWithoutPlaintext";
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
    type Input = GenerateDataKeyWithoutPlaintextInput;
    type Output = GenerateDataKeyWithoutPlaintextOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let (operation, context) =
            (GrantOperation::GenerateDataKeyWithoutPlaintext, input.encryption_context.as_ref());
        Ok(vec![demand_or_grant(call, operation, &input.key_id, context).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        of_context(input.encryption_context.as_ref(), key)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key_bytes = data_key_bytes(input.key_spec, input.number_of_bytes)?;
        let context = context_of(input.encryption_context.as_ref())?;
        let key = find_key(call, &input.key_id).await?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        key.must_be_usable()?;
        usage::must_be_symmetric(&key, Self::NAME)?;
        must_be_meant(input.dry_run)?;
        let data_key = envelope::generate_data_key(call, &key, &context, key_bytes)?;
        note_use(call, &key, KeyLastUsageTrackingOperation::GenerateDataKeyWithoutPlaintext)
            .await?;
        Ok(GenerateDataKeyWithoutPlaintextOutput {
            ciphertext_blob: Some(data_key.ciphertext),
            key_id: Some(key.arn()),
            key_material_id: key.current_material_id(),
        })
    }
}
