//! GetSecretValue: reads the value of a version.

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::read::{self, ReadValue, Selector};
use super::seal::Plain;
use super::secret::CURRENT;

/// Gives the value of a version, AWSCURRENT where none is named.
pub(super) struct GetSecretValue;

/// Which value.
#[derive(Input, Debug)]
#[shape(name = "GetSecretValueRequest")]
pub(super) struct GetSecretValueInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(min = 32, max = 64)]
    version_id: Option<String>,
    #[shape(min = 1, max = 256)]
    version_stage: Option<String>,
}

/// The value.
#[derive(Output, Debug)]
#[shape(name = "GetSecretValueResponse")]
pub(super) struct GetSecretValueOutput {
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
    #[shape(min = 32, max = 64)]
    version_id: Option<String>,
    #[shape(min = 1, max = 65536)]
    secret_binary: Option<Sensitive<Vec<u8>>>,
    #[shape(min = 1, max = 65536)]
    secret_string: Option<Sensitive<String>>,
    #[shape(min = 1, max = 20, member(min = 1, max = 256))]
    version_stages: Option<Vec<String>>,
    created_date: Option<Timestamp>,
}

impl Operation for GetSecretValue {
    const NAME: &'static str = "GetSecretValue";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::DecryptionFailure.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = GetSecretValueInput;
    type Output = GetSecretValueOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:GetSecretValue", &input.secret_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "secretsmanager:versionid" => input.version_id.as_deref().map(ContextValues::from),
            "secretsmanager:versionstage" => {
                let is_unsaid = input.version_id.is_none();
                let stage = input.version_stage.as_deref();
                stage.or(is_unsaid.then_some(CURRENT)).map(ContextValues::from)
            }
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let selector = Selector {
            version_id: input.version_id.as_deref(),
            stage: input.version_stage.as_deref(),
        };
        Ok(answer(read::secret_value(call, &input.secret_id, selector).await?))
    }
}

fn answer(value: ReadValue) -> GetSecretValueOutput {
    let (secret_string, secret_binary) = match value.plain {
        Plain::Text(text) => (Some(text), None),
        Plain::Binary(bytes) => (None, Some(bytes)),
    };
    GetSecretValueOutput {
        arn: Some(value.arn),
        name: Some(value.secret.name.clone()),
        version_id: Some(value.version_id),
        secret_binary,
        secret_string,
        version_stages: Some(value.stages).filter(|stages| !stages.is_empty()),
        created_date: Some(value.created),
    }
}
