//! DescribeRotation: where the rotation of a secret stands.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CofferError;
use super::rotation_state::RotationState;
use crate::secretsmanager::id;

/// Tells where a secret's rotation stands, and why its last attempt failed.
pub(super) struct DescribeRotation;

/// Which secret.
#[derive(Input, Debug)]
pub(super) struct DescribeRotationInput {
    /// Its name or ARN.
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
}

/// The rotation; nothing where nobody has said anything of one.
#[derive(Output, Debug)]
pub(super) struct DescribeRotationOutput {
    rotation: Option<RotationState>,
}

impl Operation for DescribeRotation {
    const NAME: &'static str = "DescribeRotation";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[CofferError::ResourceNotFoundException.row()];
    type Input = DescribeRotationInput;
    type Output = DescribeRotationOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "coffer:DescribeRotation", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find(call, &input.secret_id).await.map_err(not_found)?;
        Ok(DescribeRotationOutput { rotation: RotationState::of(&secret) })
    }
}

/// The same refusal, as coffer's own.
pub(super) fn not_found(fault: Fault) -> Fault {
    if fault.is_server_fault() {
        return fault;
    }
    let told = fault.message.clone();
    CofferError::ResourceNotFoundException.with(told).with_cause(fault.for_log())
}
