//! GetPublicKey: gives a public key.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::grant::GrantOperation;
use super::grant_token::must_be_known;
use super::key::find_key;
use super::metadata::listed;
use super::permission::demand_or_grant;
use super::spec::MaterialKind;
use super::wire::{
    CustomerMasterKeySpec, EncapsulationAlgorithmSpec, EncryptionAlgorithmSpec,
    KeyAgreementAlgorithmSpec, KeySpec, KeyUsageType, SigningAlgorithmSpec,
};

/// Gives the public key of a key pair.
pub(super) struct GetPublicKey;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "GetPublicKeyRequest")]
pub(super) struct GetPublicKeyInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
}

/// The public key, as X.509 writes it, and what it is for.
#[derive(Output, Debug)]
#[shape(name = "GetPublicKeyResponse")]
pub(super) struct GetPublicKeyOutput {
    key_id: Option<String>,
    public_key: Option<Vec<u8>>,
    customer_master_key_spec: Option<CustomerMasterKeySpec>,
    key_spec: Option<KeySpec>,
    key_usage: Option<KeyUsageType>,
    encryption_algorithms: Option<Vec<EncryptionAlgorithmSpec>>,
    signing_algorithms: Option<Vec<SigningAlgorithmSpec>>,
    key_agreement_algorithms: Option<Vec<KeyAgreementAlgorithmSpec>>,
    encapsulation_algorithms: Option<Vec<EncapsulationAlgorithmSpec>>,
}

impl Operation for GetPublicKey {
    const NAME: &'static str = "GetPublicKey";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::DisabledException.row(),
        KmsError::KeyUnavailableException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::UnsupportedOperationException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::InvalidGrantTokenException.row(),
        KmsError::InvalidKeyUsageException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = GetPublicKeyInput;
    type Output = GetPublicKeyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let operation = GrantOperation::GetPublicKey;
        Ok(vec![demand_or_grant(call, operation, &input.key_id, None).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_key(call, &input.key_id).await?;
        must_be_known(call, input.grant_tokens.as_deref()).await?;
        key.must_be_usable()?;
        let kind = key.kind;
        if !matches!(kind.spec.material(), Some(MaterialKind::Pair(_))) {
            let message = format!(
                "{} key spec is {} which is not valid for GetPublicKey.",
                key.arn(),
                kind.spec
            );
            return Err(KmsError::UnsupportedOperationException.with(message));
        }
        let public_key = key.pair(call.root_key())?.public_der().to_vec();
        Ok(GetPublicKeyOutput {
            key_id: Some(key.arn()),
            public_key: Some(public_key),
            customer_master_key_spec: kind.spec.as_str().parse().ok(),
            key_spec: Some(kind.spec),
            key_usage: Some(kind.usage),
            encryption_algorithms: listed(kind.encryption_algorithms()),
            signing_algorithms: listed(kind.signing_algorithms()),
            key_agreement_algorithms: listed(kind.key_agreement_algorithms()),
            encapsulation_algorithms: listed(kind.encapsulation_algorithms()),
        })
    }
}
