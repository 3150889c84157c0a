//! Sign: signs a message.

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::demand_or_grant;
use super::quota::kind_of_signature;
use super::request::must_be_meant;
use super::signing;
use super::wire::{MessageType, SigningAlgorithmSpec};

/// Signs a message, or its hash, with the private key.
pub(super) struct Sign;

/// What to sign, and how.
#[derive(Input, Debug)]
#[shape(name = "SignRequest")]
pub(super) struct SignInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, min = 1, max = 4096)]
    message: Sensitive<Vec<u8>>,
    message_type: Option<MessageType>,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    #[shape(required)]
    signing_algorithm: SigningAlgorithmSpec,
    dry_run: Option<bool>,
}

/// The signature.
#[derive(Output, Debug)]
#[shape(name = "SignResponse")]
pub(super) struct SignOutput {
    key_id: Option<String>,
    signature: Option<Vec<u8>>,
    signing_algorithm: Option<SigningAlgorithmSpec>,
}

impl Operation for Sign {
    const NAME: &'static str = "Sign";
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
    type Input = SignInput;
    type Output = SignOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let operation = GrantOperation::Sign;
        Ok(vec![demand_or_grant(call, operation, &input.key_id, None).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        signing::condition(input.signing_algorithm, input.message_type, key)
    }

    async fn quota_kind(
        _: &mut Call<'_>,
        input: &Self::Input,
    ) -> Result<Option<&'static str>, Fault> {
        Ok(Some(kind_of_signature(input.signing_algorithm)))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_key(call, &input.key_id).await?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        key.must_be_usable()?;
        let (scheme, message) = signing::read(
            &key,
            input.signing_algorithm,
            input.message_type,
            input.message.expose(),
            Self::NAME,
        )?;
        must_be_meant(input.dry_run)?;
        let signature = key.pair(call.root_key())?.sign(scheme, message);
        let signature = signature.map_err(Fault::internal)?;
        note_use(call, &key, KeyLastUsageTrackingOperation::Sign).await?;
        Ok(SignOutput {
            key_id: Some(key.arn()),
            signature: Some(signature),
            signing_algorithm: Some(input.signing_algorithm),
        })
    }
}
