//! DescribeKey: tells all that may be told of a key.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::service_of_managed_alias;
use super::grant::GrantOperation;
use super::key::{find_key, managed_key};
use super::permission::demand_or_grant;
use super::wire::KeyMetadata;

/// Tells of a key; asked for a managed alias that has no key yet, makes the key, as AWS does.
pub(super) struct DescribeKey;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "DescribeKeyRequest")]
pub(super) struct DescribeKeyInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 0, max = 10, member(min = 1, max = 8192))]
    grant_tokens: Option<Vec<String>>,
}

/// The key.
#[derive(Output, Debug)]
#[shape(name = "DescribeKeyResponse")]
pub(super) struct DescribeKeyOutput {
    key_metadata: Option<KeyMetadata>,
}

impl Operation for DescribeKey {
    const NAME: &'static str = "DescribeKey";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
    ];
    type Input = DescribeKeyInput;
    type Output = DescribeKeyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let operation = GrantOperation::DescribeKey;
        Ok(vec![demand_or_grant(call, operation, &input.key_id, None).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = match service_of_managed_alias(&input.key_id) {
            Some(service) => managed_key(call, service).await?,
            None => find_key(call, &input.key_id).await?,
        };
        Ok(DescribeKeyOutput { key_metadata: Some(key.metadata()) })
    }
}
