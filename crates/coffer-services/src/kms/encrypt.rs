//! Encrypt: seals a message under a key.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::envelope;
use super::errors::KmsError;
use super::find::demand_on;
use super::key::find_key;
use super::request::{context_of, must_be_meant, must_be_symmetric};
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
    #[expect(dead_code, reason = "there are no grants yet, so their tokens add nothing")]
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
        Ok(vec![demand_on("kms:Encrypt", &input.key_id, call.context())])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_be_symmetric(input.encryption_algorithm)?;
        let context = context_of(input.encryption_context.as_ref())?;
        let key = find_key(call, &input.key_id).await?;
        key.must_be_usable()?;
        must_be_meant(input.dry_run)?;
        let ciphertext = envelope::encrypt(call, &key, &context, input.plaintext.expose())?;
        Ok(EncryptOutput {
            ciphertext_blob: Some(ciphertext),
            key_id: Some(key.arn()),
            encryption_algorithm: Some(EncryptionAlgorithmSpec::SymmetricDefault),
        })
    }
}
