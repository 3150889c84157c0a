//! RestoreSecret: takes a deletion back while its window is open.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::write::Change;

/// Cancels a scheduled deletion; the job that waits for it then finds nothing to do.
pub(super) struct RestoreSecret;

/// Which secret.
#[derive(Input, Debug)]
#[shape(name = "RestoreSecretRequest")]
pub(super) struct RestoreSecretInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
}

/// The secret.
#[derive(Output, Debug)]
#[shape(name = "RestoreSecretResponse")]
pub(super) struct RestoreSecretOutput {
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
}

impl Operation for RestoreSecret {
    const NAME: &'static str = "RestoreSecret";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = RestoreSecretInput;
    type Output = RestoreSecretOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:RestoreSecret", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find(call, &input.secret_id).await?;
        id::must_not_be_replica(&secret)?;
        if let Some(deletion) = secret.deletion {
            if deletion.due <= call.now() {
                // Its window is over; it is only not yet removed.
                return Err(id::not_found());
            }
            let mut change = Change::of(&secret);
            change.secret.deletion = None;
            change.stage(call).await?;
        }
        Ok(RestoreSecretOutput { arn: Some(secret.arn()), name: Some(secret.name.clone()) })
    }
}
