//! The job that gives a key fresh material when its time has come.

use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::{Call, Job, Verdict};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::key::{KeyRecord, KeyState, Rotation};
use super::material::MadeBy;
use super::multi_region::put_with_replicas;

/// Rotates a key, if the rotation that it was asked for is still the key's next one.
///
/// A disabled key is not rotated; what it missed is asked for again when it is enabled.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RotateDueKey {
    key_id: String,
    due: Timestamp,
}

impl Job for RotateDueKey {
    const KIND: &'static str = "kms.rotate-due-key";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let row = KeyRecord::key_of(call.scope(), &self.key_id);
        let Some(key) = call.get::<KeyRecord>(&row).await? else { return Ok(Verdict::Done) };
        let Some(rotation) = key.rotation else { return Ok(Verdict::Done) };
        if rotation.next != self.due || key.state != KeyState::Enabled || key.is_replica() {
            return Ok(Verdict::Done);
        }
        if rotation.next > call.now() {
            return Ok(Verdict::Again(rotation.next));
        }
        let mut key = key.copy();
        key.rotate(call, MadeBy::AutomaticRotation)?;
        let next = next_after(rotation, call.now());
        key.rotation = Some(Rotation { next, ..rotation });
        emit_rotation(call, &key.arn(), &key.key_id).await?;
        call.acted_on(&key.arn());
        put_with_replicas(call, key).await?;
        call.schedule(next, &Self { key_id: self.key_id.clone(), due: next }).await?;
        Ok(Verdict::Done)
    }
}

/// Sets a key that is about to be put to be rotated, for the first time a period from now.
pub(super) async fn begin_rotation(
    call: &mut Call<'_>,
    key: &mut KeyRecord,
    period_days: i32,
) -> Result<(), Fault> {
    let rotation = Rotation { period_days, next: call.now().plus(period(period_days)) };
    key.rotation = Some(rotation);
    call.schedule(rotation.next, &RotateDueKey { key_id: key.key_id.clone(), due: rotation.next })
        .await
}

/// Asks anew for the rotation of a key that has become able to be rotated: its job may have come
/// and gone while it was not.
pub(super) async fn resume_rotation(call: &mut Call<'_>, key: &KeyRecord) -> Result<(), Fault> {
    let Some(Rotation { next, .. }) = key.rotation else { return Ok(()) };
    // INVARIANT: a rotation that is still to come has its job, since a job ends only at its time.
    // A replica is rotated with its primary.
    if next > call.now() || key.is_replica() {
        return Ok(());
    }
    call.schedule(call.now(), &RotateDueKey { key_id: key.key_id.clone(), due: next }).await
}

/// Asks for the rotation of a key in the region that decides on it from now on. The job that was
/// asked for elsewhere finds out that it is no longer wanted.
pub(super) async fn move_rotation(call: &mut Call<'_>, primary: &KeyRecord) -> Result<(), Fault> {
    let Some(Rotation { next, .. }) = primary.rotation else { return Ok(()) };
    let job = RotateDueKey { key_id: primary.key_id.clone(), due: next };
    call.schedule_in(primary.scope(), next.max(call.now()), &job).await
}

/// Keeps the event that AWS sends for a rotation.
pub(super) async fn emit_rotation(
    call: &mut Call<'_>,
    arn: &str,
    key_id: &str,
) -> Result<(), Fault> {
    let detail = serde_json::json!({ "key-id": key_id });
    call.emit("aws.kms", "KMS CMK Rotation", vec![arn.to_owned()], detail).await
}

/// A period after the one that was due; a key that missed whole periods makes up for one.
fn next_after(rotation: Rotation, now: Timestamp) -> Timestamp {
    let next = rotation.next.plus(period(rotation.period_days));
    if next > now { next } else { now.plus(period(rotation.period_days)) }
}

fn period(days: i32) -> Duration {
    Duration::from_secs(u64::try_from(days).unwrap_or(1).max(1) * SECONDS_PER_DAY)
}

const SECONDS_PER_DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use coffer_model::Timestamp;

    use super::{Rotation, next_after, period};

    #[test]
    fn the_schedule_is_kept_unless_a_whole_period_was_missed() {
        let due = Timestamp::from_millis(1_000_000_000_000);
        let rotation = Rotation { period_days: 90, next: due };
        let late = due.plus(period(3));
        assert_eq!(next_after(rotation, late), due.plus(period(90)));
        let later = due.plus(period(90));
        assert_eq!(next_after(rotation, later), later.plus(period(90)));
    }
}
