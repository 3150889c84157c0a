//! CancelKeyDeletion: keeps a key that was to be deleted.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_to_change;
use super::key::KeyState;
use super::permission::demand_on;

/// Keeps a key that was to be deleted; it stays disabled until it is enabled.
pub(super) struct CancelKeyDeletion;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "CancelKeyDeletionRequest")]
pub(super) struct CancelKeyDeletionInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
}

/// The key that stays.
#[derive(Output, Debug)]
#[shape(name = "CancelKeyDeletionResponse")]
pub(super) struct CancelKeyDeletionOutput {
    key_id: Option<String>,
}

impl Operation for CancelKeyDeletion {
    const NAME: &'static str = "CancelKeyDeletion";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = CancelKeyDeletionInput;
    type Output = CancelKeyDeletionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:CancelKeyDeletion", &input.key_id).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:CancelKeyDeletion").await?;
        let arn = key.arn();
        let is_waiting =
            matches!(key.state, KeyState::PendingDeletion(_) | KeyState::PendingReplicaDeletion(_));
        if !is_waiting {
            let message = format!("{arn} is not pending deletion.");
            return Err(KmsError::KMSInvalidStateException.with(message));
        }
        let mut key = key.copy();
        key.state = key.state_by_material(KeyState::Disabled);
        call.acted_on(&arn);
        call.put(key).await?;
        Ok(CancelKeyDeletionOutput { key_id: Some(arn) })
    }
}
