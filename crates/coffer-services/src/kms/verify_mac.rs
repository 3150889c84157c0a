//! VerifyMac: checks a message authentication code.

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::demand_or_grant;
use super::request::must_be_meant;
use super::usage;
use super::wire::{KeyUsageType, MacAlgorithmSpec};

/// Checks the authentication code of a message.
pub(super) struct VerifyMac;

/// Which code of which message.
#[derive(Input, Debug)]
#[shape(name = "VerifyMacRequest")]
pub(super) struct VerifyMacInput {
    #[shape(required, min = 1, max = 4096)]
    message: Sensitive<Vec<u8>>,
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required)]
    mac_algorithm: MacAlgorithmSpec,
    #[shape(required, min = 1, max = 6144)]
    mac: Vec<u8>,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
}

/// That it holds; one that does not is an error.
#[derive(Output, Debug)]
#[shape(name = "VerifyMacResponse")]
pub(super) struct VerifyMacOutput {
    key_id: Option<String>,
    mac_valid: Option<bool>,
    mac_algorithm: Option<MacAlgorithmSpec>,
}

impl Operation for VerifyMac {
    const NAME: &'static str = "VerifyMac";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::KeyUnavailableException.row(),
        KmsError::InvalidKeyUsageException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidMacException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = VerifyMacInput;
    type Output = VerifyMacOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let operation = GrantOperation::VerifyMac;
        Ok(vec![demand_or_grant(call, operation, &input.key_id, None).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:macalgorithm" => Some(input.mac_algorithm.as_str().into()),
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_key(call, &input.key_id).await?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        key.must_be_usable()?;
        usage::must_be_for(&key, KeyUsageType::GenerateVerifyMac, Self::NAME)?;
        usage::must_have(&key, key.kind.mac_algorithms(), &input.mac_algorithm)?;
        must_be_meant(input.dry_run)?;
        if !key.mac(call.root_key())?.is_code(input.message.expose(), &input.mac) {
            // AWS: recorded without a message (LocalStack's snapshots, 2023-04).
            return Err(KmsError::KMSInvalidMacException.bare());
        }
        note_use(call, &key, KeyLastUsageTrackingOperation::VerifyMac).await?;
        Ok(VerifyMacOutput {
            key_id: Some(key.arn()),
            mac_valid: Some(true),
            mac_algorithm: Some(input.mac_algorithm),
        })
    }
}
