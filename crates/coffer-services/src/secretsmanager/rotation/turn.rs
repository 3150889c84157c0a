//! The turns of a rotation: how it begins, fails, is given up, and succeeds. Each stages the secret
//! as it becomes, and tells of it.

use std::sync::Arc;
use std::time::Duration;

use coffer_model::{Arn, Timestamp};
use coffer_pipeline::audit::ServiceEvent;
use coffer_pipeline::{Call, NotRotated};
use coffer_protocol::Fault;
use serde_json::json;

use super::super::secret::{
    CURRENT, PENDING, Rotation, RotationFailure, RotationStep, SecretRecord, UnderWay,
};
use super::super::write::Change;
use super::carry_out::CarryOutRotation;

/// Begins a rotation that makes this version current, or a test that the secret can be rotated, with
/// a version that goes again.
///
/// # Errors
/// `LimitExceededException` where there is no room for a version.
pub(in super::super) async fn begin(
    call: &mut Call<'_>,
    mut change: Change,
    version_id: &str,
    is_test: bool,
) -> Result<SecretRecord, Fault> {
    start(call, &mut change, version_id, is_test, None).await?;
    change.stage(call).await
}

/// Begins the rotation that a window has opened for. One that is at work goes on, and one that was
/// given up is taken up where it stands.
///
/// # Errors
/// See [`begin`].
pub(super) async fn begin_due(
    call: &mut Call<'_>,
    mut change: Change,
    closes: Option<Timestamp>,
) -> Result<(), Fault> {
    let is_at_work = |rotation: &Rotation| rotation.under_way.is_some();
    if !change.secret.rotation.as_ref().is_some_and(is_at_work) {
        let version_id = unfinished(&change.secret).map_or_else(|| call.uuid(), str::to_owned);
        start(call, &mut change, &version_id, false, closes).await?;
    }
    change.stage(call).await?;
    Ok(())
}

/// Has a rotation that waits for its next attempt make it now, and takes up one that left its
/// version behind; gives nothing, and does nothing, where there is neither.
///
/// # Errors
/// See [`begin`].
pub(crate) async fn retry(
    call: &mut Call<'_>,
    secret: &Arc<SecretRecord>,
) -> Result<Option<SecretRecord>, Fault> {
    let now = call.now();
    let mut change = Change::of(secret);
    let rotation = change.secret.rotation.as_mut();
    if let Some(under_way) = rotation.and_then(|rotation| rotation.under_way.as_mut()) {
        // One that is being made needs no other.
        let Some(retry_at) = under_way.retry_at.filter(|at| *at > now) else { return Ok(None) };
        under_way.retry_at = Some(now);
        let id = under_way.id.clone();
        call.unschedule(&id, retry_at).await?;
        let errand = CarryOutRotation::of(&change.secret, &id);
        call.schedule_errand(&id, change.secret.scope(), now, &errand).await?;
    } else {
        let is_set_up = secret.rotation.as_ref().is_some_and(Rotation::is_set_up);
        let Some(version_id) = unfinished(secret).filter(|_| is_set_up) else { return Ok(None) };
        start(call, &mut change, version_id, false, None).await?;
    }
    change.stage(call).await.map(Some)
}

/// Ends a rotation that has not succeeded; gives nothing, and does nothing, where there is none.
///
/// # Errors
/// A store that cannot be read.
pub(crate) async fn abort(
    call: &mut Call<'_>,
    secret: &Arc<SecretRecord>,
) -> Result<Option<SecretRecord>, Fault> {
    let mut change = Change::of(secret);
    let rotation = secret.rotation.as_ref();
    match rotation.and_then(|rotation| rotation.under_way.clone()) {
        Some(under_way) => abandon(call, change, &under_way).await.map(Some),
        None if unfinished(secret).is_some() => {
            change.secret.detach(PENDING);
            change.stage(call).await.map(Some)
        }
        None => Ok(None),
    }
}

/// The version that a rotation left unfinished.
pub(crate) fn unfinished(secret: &SecretRecord) -> Option<&str> {
    let pending = secret.version_with(PENDING)?;
    (secret.version_with(CURRENT) != Some(pending)).then_some(pending)
}

async fn start(
    call: &mut Call<'_>,
    change: &mut Change,
    version_id: &str,
    is_test: bool,
    closes: Option<Timestamp>,
) -> Result<(), Fault> {
    change.begin_version(call, version_id)?;
    let id = call.uuid();
    let under_way = UnderWay {
        id: id.clone(),
        version_id: version_id.to_owned(),
        step: if is_test { RotationStep::Test } else { RotationStep::Create },
        is_test,
        from_version: change.secret.version_with(CURRENT).map(str::to_owned),
        begun: call.now(),
        closes,
        attempts: 0,
        retry_at: Some(call.now()),
    };
    tell(call, &change.secret, &under_way, Turn::Started).await?;
    let rotation = change.secret.rotation.get_or_insert_default();
    rotation.under_way = Some(under_way);
    let errand = CarryOutRotation::of(&change.secret, &id);
    call.schedule_errand(&id, change.secret.scope(), call.now(), &errand).await
}

/// The attempt has failed: another one is made after a while, which this gives, as long as there are
/// some left and its window is open.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn fail(
    call: &mut Call<'_>,
    change: Change,
    under_way: UnderWay,
    reason: &Reason,
) -> Result<Option<Timestamp>, Fault> {
    let is_last = under_way.attempts.saturating_add(1) >= ATTEMPTS_MAX;
    end_attempt(call, change, under_way, reason, is_last).await
}

/// The attempt has failed, and there is no other before the next window.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn fail_for_good(
    call: &mut Call<'_>,
    change: Change,
    under_way: UnderWay,
    reason: &Reason,
) -> Result<(), Fault> {
    end_attempt(call, change, under_way, reason, true).await.map(drop)
}

async fn end_attempt(
    call: &mut Call<'_>,
    mut change: Change,
    mut under_way: UnderWay,
    reason: &Reason,
    is_last: bool,
) -> Result<Option<Timestamp>, Fault> {
    let now = call.now();
    under_way.attempts = under_way.attempts.saturating_add(1);
    let (arn, attempts) = (change.secret.arn(), under_way.attempts);
    let step = under_way.step.name();
    tracing::warn!(secret.arn = arn, step, attempts, "a rotation failed: {}", reason.for_log);
    tell(call, &change.secret, &under_way, Turn::Failed(reason)).await?;
    let failure = RotationFailure {
        at: now,
        step: under_way.step,
        attempts,
        reason: reason.text.chars().take(REASON_CHARS_MAX).collect(),
    };
    let retry_at = now.plus(pause_after(attempts));
    let is_last =
        is_last || under_way.is_test || under_way.closes.is_some_and(|closes| retry_at > closes);
    if is_last && under_way.is_test {
        change.drop_version(&under_way.version_id);
    }
    if is_last {
        call.gives_rotation_up();
        tracing::error!(secret.arn = arn, step, attempts, "the rotation was given up");
    } else {
        // AWS: the process is tried again as a whole.
        under_way.step = RotationStep::Create;
        under_way.retry_at = Some(retry_at);
    }
    let rotation = change.secret.rotation.get_or_insert_default();
    rotation.failure = Some(failure);
    rotation.under_way = (!is_last).then_some(under_way);
    change.stage(call).await?;
    Ok((!is_last).then_some(retry_at))
}

/// The rotation ends here, with this failure for its last one.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn give_up(
    call: &mut Call<'_>,
    change: Change,
    mut under_way: UnderWay,
    reason: &Reason,
) -> Result<(), Fault> {
    under_way.attempts = under_way.attempts.max(ATTEMPTS_MAX - 1);
    fail(call, change, under_way, reason).await.map(drop)
}

/// The secret has gone another way: the rotation ends, and its version is no longer pending.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn abandon(
    call: &mut Call<'_>,
    mut change: Change,
    under_way: &UnderWay,
) -> Result<SecretRecord, Fault> {
    tracing::warn!(secret.arn = change.secret.arn(), "a rotation was abandoned");
    tell(call, &change.secret, under_way, Turn::Abandoned).await?;
    if change.secret.version_with(PENDING) == Some(&under_way.version_id) {
        change.secret.detach(PENDING);
    }
    if under_way.is_test {
        change.drop_version(&under_way.version_id);
    }
    if let Some(rotation) = &mut change.secret.rotation {
        rotation.under_way = None;
    }
    change.stage(call).await
}

/// The version is current, or the test passed: the rotation is over.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn succeed(
    call: &mut Call<'_>,
    mut change: Change,
    under_way: &UnderWay,
) -> Result<(), Fault> {
    tracing::info!(secret.arn = change.secret.arn(), under_way.is_test, "a rotation succeeded");
    tell(call, &change.secret, under_way, Turn::Succeeded).await?;
    // AWS: the service takes the label off (aws-samples/aws-secrets-manager-rotation-lambdas#145).
    if change.secret.version_with(PENDING) == Some(&under_way.version_id) {
        change.secret.detach(PENDING);
    }
    if under_way.is_test {
        change.drop_version(&under_way.version_id);
    }
    let now = call.now();
    if let Some(rotation) = &mut change.secret.rotation {
        rotation.under_way = None;
        rotation.failure = None;
        if !under_way.is_test {
            rotation.last = Some(now);
        }
    }
    change.stage(call).await?;
    Ok(())
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    /// For whoever may look at the secret's rotation.
    pub(super) text: String,
    /// What of it is fit for the log, and for records.
    pub(super) for_log: String,
}

impl Reason {
    /// One that may be logged, on one line: it may name the version, whose id may have any characters.
    pub(super) fn of(text: &str) -> Self {
        let text: String = text.chars().filter(|char| !char.is_control()).collect();
        Self { for_log: text.clone(), text }
    }
}

/// Why a step was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotDone {
    /// The attempt has failed.
    Failed(Reason),
    /// The attempt has failed, and others would do harm.
    Final(Reason),
    /// There was no room for it: it has not begun, and may have its turn soon.
    Busy(Reason),
}

impl NotDone {
    /// What a rotator of coffer's own says.
    pub(super) fn of(not: NotRotated) -> Self {
        let reason = Reason::of(&not.why);
        if not.is_final { Self::Final(reason) } else { Self::Failed(reason) }
    }
}

/// What becomes of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn<'a> {
    Started,
    Succeeded,
    Failed(&'a Reason),
    Abandoned,
}

/// AWS: the service events of a rotation (user guide, "Secrets Manager events in CloudTrail").
async fn tell(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    under_way: &UnderWay,
    turn: Turn<'_>,
) -> Result<(), Fault> {
    let name = match (turn, under_way.is_test) {
        (Turn::Started, false) => "RotationStarted",
        (Turn::Succeeded, false) => "RotationSucceeded",
        (Turn::Failed(_), false) => "RotationFailed",
        (Turn::Abandoned, false) => "RotationAbandoned",
        (Turn::Started, true) => "TestRotationStarted",
        (Turn::Succeeded, true) => "TestRotationSucceeded",
        (Turn::Failed(_) | Turn::Abandoned, true) => "TestRotationFailed",
    };
    let arn = secret.arn();
    let mut additional = json!({ "SecretId": arn });
    let mut error_message = None;
    if let (Turn::Failed(reason), Some(members)) = (turn, additional.as_object_mut()) {
        error_message = Some(failure_of(secret, under_way.step));
        // AWS has no such member, and does not say why.
        members.insert("Reason".to_owned(), json!(reason.for_log));
    }
    let event = ServiceEvent {
        scope: secret.scope(),
        service: "secretsmanager",
        name,
        request_id: format!("Rotation-{arn}-{}", call.uuid()),
        error_message,
        resource: arn,
        additional,
    };
    call.tell(event).await
}

/// What a record says of a step that failed.
fn failure_of(secret: &SecretRecord, step: RotationStep) -> String {
    let (arn, step) = (secret.rotator_arn().unwrap_or_default(), step.name());
    let is_native = arn.parse::<Arn>().is_ok_and(|arn| arn.service == "coffer");
    match is_native {
        true => format!("Error when rotator {arn} executed the {step} step"),
        // AWS: in these words (user guide, "Secrets Manager events in CloudTrail").
        false => format!("Error when executing lambda {arn} during {step} step"),
    }
}

/// Doubled with each attempt, up to an hour.
fn pause_after(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(DOUBLINGS_MAX);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

const FIRST_PAUSE: Duration = Duration::from_secs(30);
const PAUSE_MAX: Duration = Duration::from_secs(3600);
const DOUBLINGS_MAX: u32 = 10;
/// AWS tries "multiple times"; with these pauses, for about half a day.
const ATTEMPTS_MAX: u32 = 18;
const REASON_CHARS_MAX: usize = 1024;
