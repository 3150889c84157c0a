//! Decapsulate: recovers an encapsulated secret.

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::envelope;
use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::demand_or_grant;
use super::request::must_be_meant;
use super::usage;
use super::wire::{EncapsulationAlgorithmSpec, KeyUsageType};

/// Recovers a secret that was encapsulated for a key pair.
pub(super) struct Decapsulate;

/// Which secret.
#[derive(Input, Debug)]
#[shape(name = "DecapsulateRequest")]
pub(super) struct DecapsulateInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, min = 1, max = 6144)]
    shared_secret_ciphertext_blob: Vec<u8>,
    #[shape(required)]
    encapsulation_algorithm: EncapsulationAlgorithmSpec,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
}

/// The secret; some other one for a ciphertext that was made for another key.
#[derive(Output, Debug)]
#[shape(name = "DecapsulateResponse")]
pub(super) struct DecapsulateOutput {
    key_id: Option<String>,
    shared_secret: Option<Sensitive<Vec<u8>>>,
    encapsulation_algorithm: Option<EncapsulationAlgorithmSpec>,
}

impl Operation for Decapsulate {
    const NAME: &'static str = "Decapsulate";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::KeyUnavailableException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::InvalidKeyUsageException.row(),
        KmsError::InvalidCiphertextException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = DecapsulateInput;
    type Output = DecapsulateOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let operation = GrantOperation::Decapsulate;
        Ok(vec![demand_or_grant(call, operation, &input.key_id, None).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:encapsulationalgorithm" => Some(input.encapsulation_algorithm.as_str().into()),
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_key(call, &input.key_id).await?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        key.must_be_usable()?;
        usage::must_be_for(&key, KeyUsageType::EncapsulateDecapsulate, Self::NAME)?;
        let algorithm = input.encapsulation_algorithm;
        usage::must_have(&key, key.kind.encapsulation_algorithms(), &algorithm)?;
        must_be_meant(input.dry_run)?;
        let opened = key.pair(call.root_key())?.decapsulate(&input.shared_secret_ciphertext_blob);
        let mut secret = opened.map_err(|_| envelope::invalid_ciphertext())?;
        note_use(call, &key, KeyLastUsageTrackingOperation::Decapsulate).await?;
        Ok(DecapsulateOutput {
            key_id: Some(key.arn()),
            shared_secret: Some(Sensitive::new(std::mem::take(&mut *secret))),
            encapsulation_algorithm: Some(algorithm),
        })
    }
}
