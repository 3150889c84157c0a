//! GenerateMac: makes a message authentication code.

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

/// Makes the authentication code of a message.
pub(super) struct GenerateMac;

/// Of which message, and how.
#[derive(Input, Debug)]
#[shape(name = "GenerateMacRequest")]
pub(super) struct GenerateMacInput {
    #[shape(required, min = 1, max = 4096)]
    message: Sensitive<Vec<u8>>,
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required)]
    mac_algorithm: MacAlgorithmSpec,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
}

/// The code.
#[derive(Output, Debug)]
#[shape(name = "GenerateMacResponse")]
pub(super) struct GenerateMacOutput {
    mac: Option<Vec<u8>>,
    mac_algorithm: Option<MacAlgorithmSpec>,
    key_id: Option<String>,
}

impl Operation for GenerateMac {
    const NAME: &'static str = "GenerateMac";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::KeyUnavailableException.row(),
        KmsError::InvalidKeyUsageException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = GenerateMacInput;
    type Output = GenerateMacOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let operation = GrantOperation::GenerateMac;
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
        let mac = key.mac(call.root_key())?.code(input.message.expose());
        note_use(call, &key, KeyLastUsageTrackingOperation::GenerateMac).await?;
        Ok(GenerateMacOutput {
            mac: Some(mac),
            mac_algorithm: Some(input.mac_algorithm),
            key_id: Some(key.arn()),
        })
    }
}
