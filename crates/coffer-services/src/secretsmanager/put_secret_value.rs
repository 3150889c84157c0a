//! PutSecretValue: gives a secret a new version.

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::seal::{self, Plain};
use super::secret::{CURRENT, SecretRecord};
use super::write::Change;
use super::{id, wire};

/// Adds a version with a value, and puts labels on it.
pub(super) struct PutSecretValue;

/// The value and its labels.
#[derive(Input, Debug)]
#[shape(name = "PutSecretValueRequest")]
pub(super) struct PutSecretValueInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(min = 32, max = 64)]
    client_request_token: Option<String>,
    #[shape(min = 1, max = 65536)]
    secret_binary: Option<Sensitive<Vec<u8>>>,
    #[shape(min = 1, max = 65536)]
    secret_string: Option<Sensitive<String>>,
    #[shape(min = 1, max = 20, member(min = 1, max = 256))]
    version_stages: Option<Vec<String>>,
    #[shape(min = 36, max = 256, pattern = r"^[a-zA-Z0-9\-]+$")]
    rotation_token: Option<Sensitive<String>>,
}

/// The new version.
#[derive(Output, Debug)]
#[shape(name = "PutSecretValueResponse")]
pub(super) struct PutSecretValueOutput {
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
    #[shape(min = 32, max = 64)]
    version_id: Option<String>,
    #[shape(min = 1, max = 20, member(min = 1, max = 256))]
    version_stages: Option<Vec<String>>,
}

impl Operation for PutSecretValue {
    const NAME: &'static str = "PutSecretValue";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::LimitExceededException.row(),
        SecretsManagerError::EncryptionFailure.row(),
        SecretsManagerError::ResourceExistsException.row(),
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::DecryptionFailure.row(),
    ];
    type Input = PutSecretValueInput;
    type Output = PutSecretValueOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:PutSecretValue", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let token = wire::needed_token(input.client_request_token.as_ref())?;
        let plain = Plain::of_request(input.secret_string.as_ref(), input.secret_binary.as_ref())?;
        let plain = plain.ok_or_else(|| {
            SecretsManagerError::InvalidRequestException
                .with("You must provide either SecretString or SecretBinary.")
        })?;
        let secret = id::find_changeable(call, &input.secret_id).await?;
        if secret.versions.get(token).is_some_and(|version| version.has_value) {
            seal::must_be_same(call, &secret, token, &plain).await?;
            return Ok(answer(&secret, token));
        }
        let usual = [CURRENT.to_owned()];
        let labels = input.version_stages.as_deref().unwrap_or(&usual);
        let mut change = Change::of(&secret);
        change.add_version(call, token, plain, labels)?;
        Ok(answer(&change.stage(call).await?, token))
    }
}

fn answer(secret: &SecretRecord, version_id: &str) -> PutSecretValueOutput {
    let stages = secret.versions.get(version_id).map(|version| version.stages.clone());
    PutSecretValueOutput {
        arn: Some(secret.arn()),
        name: Some(secret.name.clone()),
        version_id: Some(version_id.to_owned()),
        version_stages: stages.filter(|stages| !stages.is_empty()),
    }
}
