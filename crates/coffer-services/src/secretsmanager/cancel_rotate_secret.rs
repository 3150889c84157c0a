//! CancelRotateSecret: turns automatic rotation off.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::rotation::plan;
use super::secret::{CURRENT, PENDING};
use super::write::Change;

/// Turns rotation off; function, rules and labels stay.
pub(super) struct CancelRotateSecret;

/// Which secret.
#[derive(Input, Debug)]
#[shape(name = "CancelRotateSecretRequest")]
pub(super) struct CancelRotateSecretInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
}

/// The secret, and the version that a rotation left unfinished.
#[derive(Output, Debug)]
#[shape(name = "CancelRotateSecretResponse")]
pub(super) struct CancelRotateSecretOutput {
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
    #[shape(min = 32, max = 64)]
    version_id: Option<String>,
}

impl Operation for CancelRotateSecret {
    const NAME: &'static str = "CancelRotateSecret";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidRequestException.row(),
    ];
    type Input = CancelRotateSecretInput;
    type Output = CancelRotateSecretOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:CancelRotateSecret", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find_changeable(call, &input.secret_id).await?;
        let mut change = Change::of(&secret);
        let Some(rotation) = &mut change.secret.rotation else {
            return Err(SecretsManagerError::InvalidRequestException.with(
                "You can't cancel the rotation of a secret that doesn't have rotation configured.",
            ));
        };
        rotation.enabled = false;
        plan(rotation, None);
        // AWS: labels stay as a rotation at work leaves them (API reference, CancelRotateSecret).
        // A test leaves nothing.
        let under_way = rotation.under_way.take();
        if let Some(test) = under_way.filter(|under_way| under_way.is_test) {
            change.drop_version(&test.version_id);
        }
        let secret = change.stage(call).await?;
        let pending = secret.version_with(PENDING);
        let unfinished = pending.filter(|id| secret.version_with(CURRENT) != Some(*id));
        Ok(CancelRotateSecretOutput {
            arn: Some(secret.arn()),
            name: Some(secret.name.clone()),
            version_id: unfinished.map(str::to_owned),
        })
    }
}
