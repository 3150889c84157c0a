//! The plan of a secret's rotations: what moves it, and the job that begins them.

use coffer_model::Timestamp;
use coffer_pipeline::{Call, Job, Verdict};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::super::schedule::{Schedule, Window};
use super::super::secret::{CURRENT, Rotation, SecretRecord};
use super::super::write::Change;
use super::turn;

/// The schedule of rules that are kept, if they have one.
///
/// # Errors
/// Rules that could not have been kept.
pub(in super::super) fn schedule_of(rotation: &Rotation) -> Result<Option<Schedule>, Fault> {
    let expression = rotation.schedule.as_deref();
    Schedule::read(rotation.after_days, expression, rotation.duration.as_deref())
}

/// Plans the next rotation for a window; for none, where there is none.
pub(in super::super) fn plan(rotation: &mut Rotation, window: Option<Window>) {
    rotation.next = window.map(|window| window.closes);
    rotation.opens = window.map(|window| window.opens);
}

/// Moves the plan of a secret whose current version is another one than before: a value that is
/// put by hand counts as a rotation.
///
/// # Errors
/// See [`schedule_of`].
pub(in super::super) fn count_change(
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
        plan(rotation, schedule.window_after(now));
    }
    Ok(())
}

/// Begins a rotation when its window opens, and plans the next one when a window has passed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlanRotation {
    name: String,
    suffix: String,
    /// Tells this plan from those that RotateSecret has replaced.
    plan: String,
}

impl PlanRotation {
    /// Asks for the job where the secret has a date for its next rotation.
    pub(in super::super) async fn schedule(
        call: &mut Call<'_>,
        secret: &SecretRecord,
    ) -> Result<(), Fault> {
        let Some(rotation) = &secret.rotation else { return Ok(()) };
        let Some(opens) = rotation.opens else { return Ok(()) };
        let job = Self {
            name: secret.name.clone(),
            suffix: secret.suffix.clone(),
            plan: rotation.plan.clone(),
        };
        call.schedule_in(secret.scope(), opens, &job).await
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
        let Some(closes) = rotation.next else { return Ok(Verdict::Done) };
        // Rows of releases that did not rotate have no beginning of the window.
        let opens = rotation.opens.unwrap_or(closes);
        let now = call.now();
        if opens > now {
            return Ok(Verdict::Again(opens));
        }
        let Some(schedule) = schedule_of(rotation)? else { return Ok(Verdict::Done) };
        // A window that passed while nobody looked, as when the server did not run: whoever asked
        // for hours meant those, and else better late than not at all.
        let is_missed = now > closes && rotation.duration.is_some();
        let closes = Some(closes).filter(|closes| *closes >= now);
        let window = match is_missed {
            true => schedule.window_to_come(opens, now),
            false => schedule.window_after(now),
        };
        let mut change = Change::of(&secret);
        if let Some(rotation) = &mut change.secret.rotation {
            plan(rotation, window);
        }
        if is_missed || secret.deletion.is_some() {
            if is_missed {
                tracing::warn!(secret.arn = secret.arn(), "a window passed without a rotation");
            }
            call.put(change.secret).await?;
        } else {
            turn::begin_due(call, change, closes).await?;
        }
        Ok(window.map_or(Verdict::Done, |window| Verdict::Again(window.opens)))
    }
}
