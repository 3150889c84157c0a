//! Verify: checks a signature.

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

/// Checks a signature with the public key.
pub(super) struct Verify;

/// Which signature of which message.
#[derive(Input, Debug)]
#[shape(name = "VerifyRequest")]
pub(super) struct VerifyInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, min = 1, max = 4096)]
    message: Sensitive<Vec<u8>>,
    message_type: Option<MessageType>,
    #[shape(required, min = 1, max = 6144)]
    signature: Vec<u8>,
    #[shape(required)]
    signing_algorithm: SigningAlgorithmSpec,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
}

/// That it holds; one that does not is an error.
#[derive(Output, Debug)]
#[shape(name = "VerifyResponse")]
pub(super) struct VerifyOutput {
    key_id: Option<String>,
    signature_valid: Option<bool>,
    signing_algorithm: Option<SigningAlgorithmSpec>,
}

impl Operation for Verify {
    const NAME: &'static str = "Verify";
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
        KmsError::KMSInvalidSignatureException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = VerifyInput;
    type Output = VerifyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let operation = GrantOperation::Verify;
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
        let holds = key.pair(call.root_key())?.verify(scheme, message, &input.signature);
        if !holds.map_err(Fault::internal)? {
            // AWS: recorded without a message (LocalStack's snapshots, 2023-04).
            return Err(KmsError::KMSInvalidSignatureException.bare());
        }
        note_use(call, &key, KeyLastUsageTrackingOperation::Verify).await?;
        Ok(VerifyOutput {
            key_id: Some(key.arn()),
            signature_valid: Some(true),
            signing_algorithm: Some(input.signing_algorithm),
        })
    }
}
