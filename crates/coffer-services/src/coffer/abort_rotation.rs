//! AbortRotation: ends a rotation that has not succeeded.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::describe_rotation::not_found;
use super::errors::CofferError;
use super::rotation_state::RotationState;
use crate::secretsmanager::{id, rotation};

/// Ends a rotation wherever it stands, and takes AWSPENDING off its version: the current one stays, and
/// there can be another rotation. What the rotation has changed elsewhere by then stays changed.
pub(super) struct AbortRotation;

/// Which secret.
#[derive(Input, Debug)]
pub(super) struct AbortRotationInput {
    /// Its name or ARN.
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
}

/// The rotation as it is left.
#[derive(Output, Debug)]
pub(super) struct AbortRotationOutput {
    rotation: Option<RotationState>,
}

impl Operation for AbortRotation {
    const NAME: &'static str = "AbortRotation";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] =
        &[CofferError::NothingToAbortException.row(), CofferError::ResourceNotFoundException.row()];
    type Input = AbortRotationInput;
    type Output = AbortRotationOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "coffer:AbortRotation", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find_changeable(call, &input.secret_id).await.map_err(not_found)?;
        let Some(secret) = rotation::abort(call, &secret).await? else {
            return Err(CofferError::NothingToAbortException
                .with("No rotation of this secret is unfinished."));
        };
        Ok(AbortRotationOutput { rotation: RotationState::of(&secret) })
    }
}
