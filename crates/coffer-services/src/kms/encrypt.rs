//! Encrypt: seals a message under a key.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{AuditObject, ErrorRow, Fault, Input, Output};

use super::cipher::Target;
use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::last_use::{KeyLastUsageTrackingOperation, note_use};
use super::permission::{demand_or_grant, of_context};
use super::quota::kind_of_encryption;
use super::request::{algorithm_of, context_of, must_be_meant};
use super::wire::EncryptionAlgorithmSpec;

/// Seals a message of up to 4 kilobytes under a key.
pub(super) struct Encrypt;

/// What to seal, and under which key.
#[derive(Input, Debug)]
#[shape(name = "EncryptRequest")]
pub(super) struct EncryptInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(required, min = 1, max = 4096)]
    plaintext: Sensitive<Vec<u8>>,
    encryption_context: Option<BTreeMap<String, String>>,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
    encryption_algorithm: Option<EncryptionAlgorithmSpec>,
    dry_run: Option<bool>,
}

/// The sealed message.
#[derive(Output, Debug)]
#[shape(name = "EncryptResponse")]
pub(super) struct EncryptOutput {
    ciphertext_blob: Option<Vec<u8>>,
    key_id: Option<String>,
    encryption_algorithm: Option<EncryptionAlgorithmSpec>,
}

impl Operation for Encrypt {
    const NAME: &'static str = "Encrypt";
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
    type Input = EncryptInput;
    type Output = EncryptOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let (operation, context) = (GrantOperation::Encrypt, input.encryption_context.as_ref());
        Ok(vec![demand_or_grant(call, operation, &input.key_id, context).await?])
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
            // AWS: the record always has it (KMS developer guide, CloudTrail entries of Encrypt).
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
        let context = context_of(input.encryption_context.as_ref())?;
        let key = find_key(call, &input.key_id).await?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        let target = Target::of(&key, input.encryption_algorithm, &context, Self::NAME)?;
        target.must_take(input.plaintext.expose().len())?;
        must_be_meant(input.dry_run)?;
        let ciphertext = target.encrypt(call, &context, input.plaintext.expose())?;
        note_use(call, &key, KeyLastUsageTrackingOperation::Encrypt).await?;
        Ok(EncryptOutput {
            ciphertext_blob: Some(ciphertext),
            key_id: Some(key.arn()),
            encryption_algorithm: Some(target.algorithm),
        })
    }
}
