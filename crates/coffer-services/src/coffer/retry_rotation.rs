//! RetryRotation: has an unfinished rotation go on at once.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::describe_rotation::not_found;
use super::errors::CofferError;
use super::rotation_state::RotationState;
use crate::secretsmanager::{id, rotation};

/// Has a rotation that waits for its next attempt make it now, and takes up one that was given up.
pub(super) struct RetryRotation;

/// Which secret.
#[derive(Input, Debug)]
pub(super) struct RetryRotationInput {
    /// Its name or ARN.
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
}

/// The rotation as it goes on.
#[derive(Output, Debug)]
pub(super) struct RetryRotationOutput {
    rotation: Option<RotationState>,
}

impl Operation for RetryRotation {
    const NAME: &'static str = "RetryRotation";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] =
        &[CofferError::NothingToRetryException.row(), CofferError::ResourceNotFoundException.row()];
    type Input = RetryRotationInput;
    type Output = RetryRotationOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "coffer:RetryRotation", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find_changeable(call, &input.secret_id).await.map_err(not_found)?;
        let Some(secret) = rotation::retry(call, &secret).await? else {
            return Err(CofferError::NothingToRetryException
                .with("No rotation of this secret waits for an attempt or was given up."));
        };
        Ok(RetryRotationOutput { rotation: RotationState::of(&secret) })
    }
}
