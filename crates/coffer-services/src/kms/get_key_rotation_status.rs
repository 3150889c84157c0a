//! GetKeyRotationStatus: tells whether and when a key is rotated.

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_without_alias;
use super::key::KeyState;
use super::permission::demand_on;

/// Tells whether a key's material is replaced by itself, and when next.
pub(super) struct GetKeyRotationStatus;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "GetKeyRotationStatusRequest")]
pub(super) struct GetKeyRotationStatusInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
}

/// Its schedule.
#[derive(Output, Debug)]
#[shape(name = "GetKeyRotationStatusResponse")]
pub(super) struct GetKeyRotationStatusOutput {
    key_rotation_enabled: Option<bool>,
    key_id: Option<String>,
    rotation_period_in_days: Option<i32>,
    next_rotation_date: Option<Timestamp>,
    on_demand_rotation_start_date: Option<Timestamp>,
}

impl Operation for GetKeyRotationStatus {
    const NAME: &'static str = "GetKeyRotationStatus";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
        KmsError::UnsupportedOperationException.row(),
    ];
    type Input = GetKeyRotationStatusInput;
    type Output = GetKeyRotationStatusOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:GetKeyRotationStatus", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_without_alias(call, &input.key_id).await?;
        // AWS: a key that waits to be deleted is not rotated, and says so until it is kept.
        let is_waiting =
            matches!(key.state, KeyState::PendingDeletion(_) | KeyState::PendingReplicaDeletion(_));
        let rotation = key.rotation.filter(|_| !is_waiting);
        Ok(GetKeyRotationStatusOutput {
            key_rotation_enabled: Some(rotation.is_some()),
            key_id: Some(key.key_id.clone()),
            rotation_period_in_days: rotation.map(|rotation| rotation.period_days),
            next_rotation_date: rotation.map(|rotation| rotation.next),
            on_demand_rotation_start_date: None,
        })
    }
}
