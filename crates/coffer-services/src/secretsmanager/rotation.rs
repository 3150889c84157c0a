//! The plan of a secret's rotations: what moves it, and the job that keeps it ahead of the clock.

use coffer_model::Timestamp;
use coffer_pipeline::{Call, Job, Verdict};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use super::secret::{CURRENT, Rotation, SecretRecord};

/// The schedule of rules that are kept, if they have one.
///
/// # Errors
/// Rules that could not have been kept.
pub(super) fn schedule_of(rotation: &Rotation) -> Result<Option<Schedule>, Fault> {
    let expression = rotation.schedule.as_deref();
    Schedule::read(rotation.after_days, expression, rotation.duration.as_deref())
}

/// Moves the plan of a secret whose current version is another one than before: a value that is
/// put by hand counts as a rotation.
///
/// # Errors
/// See [`schedule_of`].
pub(super) fn count_change(
    before: Option<&SecretRecord>,
    secret: &mut SecretRecord,
    now: Timestamp,
) -> Result<(), Fault> {
    let current = before.and_then(|before| before.version_with(CURRENT));
    if before.is_none() || current == secret.version_with(CURRENT) {
        return Ok(());
    }
    let Some(rotation) = secret.rotation.as_mut().filter(|rotation| rotation.enabled) else {
        return Ok(());
    };
    if let Some(schedule) = schedule_of(rotation)? {
        rotation.next = schedule.window_after(now).map(|window| window.closes);
    }
    Ok(())
}

/// Plans the next rotation when a window has passed without one.
///
/// Functions cannot be run yet, so no rotation takes place in the window.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlanRotation {
    name: String,
    suffix: String,
    /// Tells this plan from those that RotateSecret has replaced.
    plan: String,
}

impl PlanRotation {
    /// Asks for the job where the secret has a date for its next rotation.
    pub(super) async fn schedule(call: &mut Call<'_>, secret: &SecretRecord) -> Result<(), Fault> {
        let Some(rotation) = &secret.rotation else { return Ok(()) };
        let Some(next) = rotation.next else { return Ok(()) };
        let job = Self {
            name: secret.name.clone(),
            suffix: secret.suffix.clone(),
            plan: rotation.plan.clone(),
        };
        call.schedule_in(secret.scope(), after(next), &job).await
    }
}

impl Job for PlanRotation {
    const KIND: &'static str = "secretsmanager.plan-rotation";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let row = SecretRecord::key_of(call.scope(), &self.name);
        let Some(secret) = call.get::<SecretRecord>(&row).await? else {
            return Ok(Verdict::Done);
        };
        let rotation = secret.rotation.as_ref();
        let planned = rotation.filter(|rotation| rotation.enabled && rotation.plan == self.plan);
        let Some(rotation) = planned.filter(|_| secret.suffix == self.suffix) else {
            return Ok(Verdict::Done);
        };
        let Some(next) = rotation.next else { return Ok(Verdict::Done) };
        if after(next) > call.now() {
            return Ok(Verdict::Again(after(next)));
        }
        let Some(schedule) = schedule_of(rotation)? else { return Ok(Verdict::Done) };
        let Some(window) = schedule.window_to_come(next, call.now()) else {
            return Ok(Verdict::Done);
        };
        let mut changed = SecretRecord::clone(&secret);
        if let Some(rotation) = changed.rotation.as_mut() {
            rotation.next = Some(window.closes);
        }
        call.put(changed).await?;
        Ok(Verdict::Again(after(window.closes)))
    }
}

/// The first moment that is no longer in a window.
fn after(closes: Timestamp) -> Timestamp {
    closes.plus(std::time::Duration::from_secs(1))
}
