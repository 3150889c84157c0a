//! Where the rotation of a secret stands, as operators are told.

use coffer_model::Timestamp;
use coffer_protocol::Output;

use crate::secretsmanager::rotation::unfinished;
use crate::secretsmanager::{Rotation, SecretRecord};

/// A secret's rotation.
#[derive(Output, Debug)]
pub(super) struct RotationState {
    #[shape(wire = "SecretARN")]
    secret_arn: Option<String>,
    name: Option<String>,
    /// Whether it rotates by itself.
    enabled: Option<bool>,
    /// The function or the rotator.
    #[shape(wire = "RotatorARN")]
    rotator_arn: Option<String>,
    /// `IDLE`, `AT_WORK`, `WAITING` for the next attempt, or `FAILED` where none will be made before
    /// the next window or the next call; `UNFINISHED` where CancelRotateSecret has left a version
    /// AWSPENDING.
    state: Option<String>,
    /// The step that is being done, or at which it failed.
    step: Option<String>,
    /// The version that becomes current, or was left AWSPENDING.
    version_id: Option<String>,
    /// Whether this is a test only.
    is_test: Option<bool>,
    begun_date: Option<Timestamp>,
    /// The attempts that failed.
    failed_attempts: Option<i32>,
    next_attempt_date: Option<Timestamp>,
    last_failure_date: Option<Timestamp>,
    /// Why the last attempt failed.
    last_failure: Option<String>,
    last_rotated_date: Option<Timestamp>,
    window_opens_date: Option<Timestamp>,
    next_rotation_date: Option<Timestamp>,
}

impl RotationState {
    /// Nothing for a secret that nobody has said anything of rotation about.
    pub(super) fn of(secret: &SecretRecord) -> Option<Self> {
        let rotation = secret.rotation.as_ref()?;
        let (under_way, failure) = (rotation.under_way.as_ref(), rotation.failure.as_ref());
        let left = unfinished(secret);
        let step = under_way.map(|it| it.step).or(failure.map(|it| it.step));
        let attempts = under_way.map(|it| it.attempts).or(failure.map(|it| it.attempts));
        Some(Self {
            secret_arn: Some(secret.arn()),
            name: Some(secret.name.clone()),
            enabled: Some(rotation.enabled),
            rotator_arn: secret.rotator_arn(),
            state: Some(state_of(rotation, left).to_owned()),
            step: step.map(|step| step.name().to_owned()),
            version_id: under_way.map(|it| it.version_id.as_str()).or(left).map(str::to_owned),
            is_test: under_way.map(|it| it.is_test),
            begun_date: under_way.map(|it| it.begun),
            failed_attempts: attempts.and_then(|attempts| i32::try_from(attempts).ok()),
            next_attempt_date: under_way.and_then(|it| it.retry_at),
            last_failure_date: failure.map(|it| it.at),
            last_failure: failure.map(|it| it.reason.clone()),
            last_rotated_date: rotation.last,
            window_opens_date: rotation.opens,
            next_rotation_date: rotation.next,
        })
    }
}

fn state_of(rotation: &Rotation, left: Option<&str>) -> &'static str {
    match (&rotation.under_way, &rotation.failure) {
        (Some(under_way), _) if under_way.retry_at.is_some() => "WAITING",
        (Some(_), _) => "AT_WORK",
        (None, Some(_)) => "FAILED",
        (None, None) if left.is_some() => "UNFINISHED",
        (None, None) => "IDLE",
    }
}
