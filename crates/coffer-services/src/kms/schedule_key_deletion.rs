//! ScheduleKeyDeletion: sets a key to be deleted after a waiting period.

use std::ops::RangeInclusive;
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::delete_due_key::DeleteDueKey;
use super::errors::KmsError;
use super::find::find_to_change;
use super::key::KeyState;
use super::permission::demand_on;
use super::wire::WireKeyState;

/// Sets a key to be deleted after a waiting period, in which it cannot be used.
pub(super) struct ScheduleKeyDeletion;

/// Which key, and how long to wait.
#[derive(Input, Debug)]
#[shape(name = "ScheduleKeyDeletionRequest")]
pub(super) struct ScheduleKeyDeletionInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 1, max = 365)]
    pending_window_in_days: Option<i32>,
}

/// When it will be deleted.
#[derive(Output, Debug)]
#[shape(name = "ScheduleKeyDeletionResponse")]
pub(super) struct ScheduleKeyDeletionOutput {
    key_id: Option<String>,
    deletion_date: Option<Timestamp>,
    key_state: Option<WireKeyState>,
    pending_window_in_days: Option<i32>,
}

impl Operation for ScheduleKeyDeletion {
    const NAME: &'static str = "ScheduleKeyDeletion";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = ScheduleKeyDeletionInput;
    type Output = ScheduleKeyDeletionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:ScheduleKeyDeletion", &input.key_id).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == "kms:schedulekeydeletionpendingwindowindays")
            .then(|| i64::from(input.pending_window_in_days.unwrap_or(WINDOW_DAYS_USUAL)).into())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:ScheduleKeyDeletion").await?;
        let days = input.pending_window_in_days.unwrap_or(WINDOW_DAYS_USUAL);
        if !WINDOW_DAYS.contains(&days) {
            // AWS: the model lets 1 to 365 in; this is said by the service (Skyscanner/kms-issuer#8).
            return Err(Fault::validation("PendingWindowInDays must be between 7 and 30"));
        }
        key.must_stay()?;
        let span = window(days);
        let due = call.now().plus(span);
        let mut key = key.copy();
        let arn = key.arn();
        call.acted_on(&arn);
        if !key.replica_regions().is_empty() {
            key.state = KeyState::PendingReplicaDeletion(days);
            call.put(key).await?;
            return Ok(ScheduleKeyDeletionOutput {
                key_id: Some(arn),
                deletion_date: None,
                key_state: Some(WireKeyState::PendingReplicaDeletion),
                pending_window_in_days: Some(days),
            });
        }
        key.state = KeyState::PendingDeletion(due);
        call.schedule(due, &DeleteDueKey { key_id: key.key_id.clone(), due }).await?;
        call.put(key).await?;
        Ok(ScheduleKeyDeletionOutput {
            key_id: Some(arn),
            deletion_date: Some(due),
            key_state: Some(WireKeyState::PendingDeletion),
            pending_window_in_days: Some(days),
        })
    }
}

/// A waiting period of so many days.
pub(super) fn window(days: i32) -> Duration {
    Duration::from_secs(u64::try_from(days).unwrap_or_default() * SECONDS_PER_DAY)
}

/// AWS: between a week and a month.
const WINDOW_DAYS: RangeInclusive<i32> = 7..=30;
const WINDOW_DAYS_USUAL: i32 = 30;
const SECONDS_PER_DAY: u64 = 86_400;
