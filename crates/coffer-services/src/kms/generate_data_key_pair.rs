//! GenerateDataKeyPair: makes a key pair.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::data_key_pair::DataKeyPair;
use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::{demand_or_grant, of_context};
use super::request::{context_of, must_be_meant, must_have_no_recipient};
use super::usage;
use super::wire::{DataKeyPairSpec, RecipientInfo};

/// Makes a key pair for the caller; its private key comes open, and sealed under a key.
pub(super) struct GenerateDataKeyPair;

/// Which pair to make, and what to seal it under.
#[derive(Input, Debug)]
#[shape(name = "GenerateDataKeyPairRequest")]
pub(super) struct GenerateDataKeyPairInput {
    encryption_context: Option<BTreeMap<String, String>>,
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required)]
    key_pair_spec: DataKeyPairSpec,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    recipient: Option<RecipientInfo>,
    dry_run: Option<bool>,
}

/// The pair: keys in PKCS#8 and as X.509 writes them.
#[derive(Output, Debug)]
#[shape(name = "GenerateDataKeyPairResponse")]
pub(super) struct GenerateDataKeyPairOutput {
    private_key_ciphertext_blob: Option<Vec<u8>>,
    private_key_plaintext: Option<Sensitive<Vec<u8>>>,
    public_key: Option<Vec<u8>>,
    key_id: Option<String>,
    key_pair_spec: Option<DataKeyPairSpec>,
    ciphertext_for_recipient: Option<Vec<u8>>,
    key_material_id: Option<String>,
}

impl Operation for GenerateDataKeyPair {
    const NAME: &'static str = "GenerateDataKeyPair";
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
        KmsError::UnsupportedOperationException.row(),
        KmsError::DryRunOperationException.row(),
    ];
    type Input = GenerateDataKeyPairInput;
    type Output = GenerateDataKeyPairOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let (operation, context) =
            (GrantOperation::GenerateDataKeyPair, input.encryption_context.as_ref());
        Ok(vec![demand_or_grant(call, operation, &input.key_id, context).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:datakeypairspec" => Some(input.key_pair_spec.as_str().into()),
            _ => of_context(input.encryption_context.as_ref(), key),
        }
    }

    async fn quota_kind(
        _: &mut Call<'_>,
        input: &Self::Input,
    ) -> Result<Option<&'static str>, Fault> {
        Ok(Some(input.key_pair_spec.as_str()))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_have_no_recipient(input.recipient.as_ref())?;
        let context = context_of(input.encryption_context.as_ref())?;
        let key = find_key(call, &input.key_id).await?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        key.must_be_usable()?;
        usage::must_be_symmetric(&key, Self::NAME)?;
        let spec = DataKeyPair::spec_of(input.key_pair_spec)?;
        must_be_meant(input.dry_run)?;
        let pair = DataKeyPair::make(call, &key, &context, spec).await?;
        note_use(call, &key, KeyLastUsageTrackingOperation::GenerateDataKeyPair).await?;
        Ok(GenerateDataKeyPairOutput {
            private_key_ciphertext_blob: Some(pair.sealed),
            private_key_plaintext: Some(Sensitive::new(pair.private.to_vec())),
            public_key: Some(pair.public),
            key_id: Some(key.arn()),
            key_pair_spec: Some(input.key_pair_spec),
            ciphertext_for_recipient: None,
            key_material_id: key.current_material_id(),
        })
    }
}
