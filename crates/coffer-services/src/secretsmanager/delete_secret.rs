//! DeleteSecret: schedules the deletion of a secret, or carries it out at once.

use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::end_secret::EndSecret;
use super::errors::SecretsManagerError;
use super::id;
use super::secret::{CrossAccountReplica, Deletion, Origin, ReplicaStatus, SecretRecord};
use super::write::{self, Change};

/// Schedules a deletion for the end of a window, or deletes without one.
pub(super) struct DeleteSecret;

/// Which secret, and how.
#[derive(Input, Debug)]
#[shape(name = "DeleteSecretRequest")]
pub(super) struct DeleteSecretInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    recovery_window_in_days: Option<i64>,
    force_delete_without_recovery: Option<bool>,
}

/// When it is gone.
#[derive(Output, Debug)]
#[shape(name = "DeleteSecretResponse")]
pub(super) struct DeleteSecretOutput {
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
    deletion_date: Option<Timestamp>,
}

impl Operation for DeleteSecret {
    const NAME: &'static str = "DeleteSecret";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = DeleteSecretInput;
    type Output = DeleteSecretOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:DeleteSecret", &input.secret_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "secretsmanager:recoverywindowindays" => {
                input.recovery_window_in_days.map(ContextValues::from)
            }
            "secretsmanager:forcedeletewithoutrecovery" => {
                input.force_delete_without_recovery.map(ContextValues::from)
            }
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let window = Window::read(input)?;
        let secret = match (id::find_if_there(call, &input.secret_id).await?, window) {
            (Some(secret), _) => secret,
            (None, Window::None) => return absent(call, &input.secret_id),
            (None, Window::Days(_)) => return Err(id::not_found()),
        };
        must_stand_alone(&secret)?;
        let due = match window {
            Window::None => {
                write::erase(call, &secret).await?;
                call.now()
            }
            Window::Days(_) if secret.deletion.is_some() => return Err(id::marked_for_deletion()),
            Window::Days(days) => {
                let due = call.now().plus(DAY * days);
                let mut change = Change::of(&secret);
                change.secret.deletion = Some(Deletion { requested: call.now(), due });
                let secret = change.stage(call).await?;
                call.schedule_in(secret.scope(), due, &EndSecret::of(&secret)).await?;
                due
            }
        };
        Ok(DeleteSecretOutput {
            arn: Some(secret.arn()),
            name: Some(secret.name.clone()),
            deletion_date: Some(due),
        })
    }
}

/// How long a secret can still be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    Days(u32),
    None,
}

impl Window {
    fn read(input: &DeleteSecretInput) -> Result<Self, Fault> {
        let is_forced = input.force_delete_without_recovery.unwrap_or(false);
        let Some(days) = input.recovery_window_in_days else {
            return Ok(if is_forced { Self::None } else { Self::Days(DAYS_USUAL) });
        };
        if is_forced {
            return Err(SecretsManagerError::InvalidParameterException.with(
                "You can't use ForceDeleteWithoutRecovery in conjunction with \
                 RecoveryWindowInDays.",
            ));
        }
        let days = u32::try_from(days).ok().filter(|days| (DAYS_MIN..=DAYS_MAX).contains(days));
        days.map(Self::Days).ok_or_else(|| {
            SecretsManagerError::InvalidParameterException
                .with("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
        })
    }
}

/// Refuses to delete a replica, and a primary before its replicas.
fn must_stand_alone(secret: &SecretRecord) -> Result<(), Fault> {
    if let Origin::CrossAccount { .. } = secret.origin {
        return Err(SecretsManagerError::InvalidRequestException.with(
            "You can't delete a cross-account replica secret. Call StopReplicationToReplica \
             first.",
        ));
    }
    id::must_not_be_replica(secret)?;
    if !secret.replicas.is_empty() {
        let regions: Vec<_> = secret.replicas.iter().map(|each| each.region.as_str()).collect();
        return Err(SecretsManagerError::InvalidParameterException.with(format!(
            "You can't delete secret {} that still has replica regions [{}].",
            secret.arn(),
            regions.join(", ")
        )));
    }
    let is_tied = |replica: &&CrossAccountReplica| replica.status != ReplicaStatus::Detached;
    if let Some(replica) = secret.cross_account_replicas.iter().find(is_tied) {
        return Err(SecretsManagerError::InvalidRequestException.with(format!(
            "You can't delete secret {} that is still associated with the cross-account replica \
             {}. Call DisassociateCrossAccountReplica first.",
            secret.arn(),
            replica.arn
        )));
    }
    Ok(())
}

/// AWS: who forces the deletion of what is not there is told that it is gone (API reference,
/// ForceDeleteWithoutRecovery). A secret of another region is none of this one's, and may well be
/// there.
fn absent(call: &Call<'_>, secret_id: &str) -> Result<DeleteSecretOutput, Fault> {
    let wanted = id::SecretName::parse(call.scope(), secret_id)?;
    if wanted.scope.region != *call.region() {
        return Err(id::not_found());
    }
    let suffix = wanted.suffix.unwrap_or_else(|| id::draw_suffix(call.entropy()));
    let resource = format!("secret:{}-{suffix}", wanted.name);
    Ok(DeleteSecretOutput {
        arn: Some(wanted.scope.arn("secretsmanager", &resource).to_string()),
        name: Some(wanted.name),
        deletion_date: Some(call.now()),
    })
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DAYS_MIN: u32 = 7;
const DAYS_MAX: u32 = 30;
const DAYS_USUAL: u32 = 30;

#[cfg(test)]
mod tests {
    use super::{DeleteSecretInput, Window};

    fn window(days: Option<i64>, force: Option<bool>) -> Option<Window> {
        let input = DeleteSecretInput {
            secret_id: "app/db".to_owned(),
            recovery_window_in_days: days,
            force_delete_without_recovery: force,
        };
        Window::read(&input).ok()
    }

    #[test]
    fn a_window_is_seven_to_thirty_days_or_none() {
        assert_eq!(window(None, None), Some(Window::Days(30)));
        assert_eq!(window(Some(7), Some(false)), Some(Window::Days(7)));
        assert_eq!(window(Some(30), None), Some(Window::Days(30)));
        assert_eq!(window(None, Some(true)), Some(Window::None));
        for (days, force) in [(6, None), (31, None), (0, None), (-1, None), (7, Some(true))] {
            assert_eq!(window(Some(days), force), None, "{days}");
        }
    }
}
