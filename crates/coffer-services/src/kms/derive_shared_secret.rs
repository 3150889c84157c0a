//! DeriveSharedSecret: agrees on a secret.

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::demand_or_grant;
use super::request::{must_be_meant, must_have_no_recipient};
use super::usage;
use super::wire::{KeyAgreementAlgorithmSpec, KeyUsageType, OriginType, RecipientInfo};

/// Derives the secret that a key pair and the owner of a public key agree on.
pub(super) struct DeriveSharedSecret;

/// With whose public key.
#[derive(Input, Debug)]
#[shape(name = "DeriveSharedSecretRequest")]
pub(super) struct DeriveSharedSecretInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required)]
    key_agreement_algorithm: KeyAgreementAlgorithmSpec,
    #[shape(required, min = 1, max = 8192)]
    public_key: Vec<u8>,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
    recipient: Option<RecipientInfo>,
}

/// The secret.
#[derive(Output, Debug)]
#[shape(name = "DeriveSharedSecretResponse")]
pub(super) struct DeriveSharedSecretOutput {
    key_id: Option<String>,
    shared_secret: Option<Sensitive<Vec<u8>>>,
    ciphertext_for_recipient: Option<Vec<u8>>,
    key_agreement_algorithm: Option<KeyAgreementAlgorithmSpec>,
    key_origin: Option<OriginType>,
}

impl Operation for DeriveSharedSecret {
    const NAME: &'static str = "DeriveSharedSecret";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::KeyUnavailableException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::InvalidKeyUsageException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = DeriveSharedSecretInput;
    type Output = DeriveSharedSecretOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let operation = GrantOperation::DeriveSharedSecret;
        Ok(vec![demand_or_grant(call, operation, &input.key_id, None).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:keyagreementalgorithm" => Some(input.key_agreement_algorithm.as_str().into()),
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_have_no_recipient(input.recipient.as_ref())?;
        let key = find_key(call, &input.key_id).await?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        key.must_be_usable()?;
        usage::must_be_for(&key, KeyUsageType::KeyAgreement, Self::NAME)?;
        let algorithm = input.key_agreement_algorithm;
        usage::must_have(&key, key.kind.key_agreement_algorithms(), &algorithm)?;
        let agreed = key.pair(call.root_key())?.agree(&input.public_key);
        let mut secret = agreed.map_err(|_| {
            Fault::validation(format!(
                "The public key is not a valid DER-encoded X.509 public key of key spec {}.",
                key.kind.spec
            ))
        })?;
        must_be_meant(input.dry_run)?;
        note_use(call, &key, KeyLastUsageTrackingOperation::DeriveSharedSecret).await?;
        Ok(DeriveSharedSecretOutput {
            key_id: Some(key.arn()),
            shared_secret: Some(Sensitive::new(std::mem::take(&mut *secret))),
            ciphertext_for_recipient: None,
            key_agreement_algorithm: Some(algorithm),
            key_origin: Some(key.kind.origin),
        })
    }
}
