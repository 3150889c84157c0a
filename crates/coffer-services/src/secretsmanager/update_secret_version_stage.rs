//! UpdateSecretVersionStage: moves, adds or removes a staging label.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::secret::{CURRENT, SecretRecord};
use super::write::Change;

/// Moves a label between versions.
pub(super) struct UpdateSecretVersionStage;

/// Which label, from where, to where.
#[derive(Input, Debug)]
#[shape(name = "UpdateSecretVersionStageRequest")]
pub(super) struct UpdateSecretVersionStageInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(required, min = 1, max = 256)]
    version_stage: String,
    #[shape(min = 32, max = 64)]
    remove_from_version_id: Option<String>,
    #[shape(min = 32, max = 64)]
    move_to_version_id: Option<String>,
}

/// The secret.
#[derive(Output, Debug)]
#[shape(name = "UpdateSecretVersionStageResponse")]
pub(super) struct UpdateSecretVersionStageOutput {
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
}

impl Operation for UpdateSecretVersionStage {
    const NAME: &'static str = "UpdateSecretVersionStage";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::LimitExceededException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = UpdateSecretVersionStageInput;
    type Output = UpdateSecretVersionStageOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:UpdateSecretVersionStage", &input.secret_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == "secretsmanager:versionstage").then(|| input.version_stage.as_str().into())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find_changeable(call, &input.secret_id).await?;
        let label = &input.version_stage;
        let from = input.remove_from_version_id.as_deref();
        let mut change = Change::of(&secret);
        match input.move_to_version_id.as_deref() {
            Some(to) => {
                must_be_movable(&secret, label, from, to)?;
                change.secret.attach(label, to);
            }
            None => {
                must_be_removable(&secret, label, from)?;
                change.secret.detach(label);
            }
        }
        change.stage(call).await?;
        Ok(UpdateSecretVersionStageOutput {
            arn: Some(secret.arn()),
            name: Some(secret.name.clone()),
        })
    }
}

fn must_be_movable(
    secret: &SecretRecord,
    label: &str,
    from: Option<&str>,
    to: &str,
) -> Result<(), Fault> {
    let version = secret.versions.get(to);
    if version.is_none_or(|version| label == CURRENT && !version.has_value) {
        return Err(SecretsManagerError::ResourceNotFoundException.with(format!(
            "Secrets Manager can't find the specified secret value for VersionId: {to}"
        )));
    }
    let holder = secret.version_with(label);
    match from {
        None if holder.is_none_or(|holder| holder == to) => Ok(()),
        None => Err(SecretsManagerError::InvalidParameterException.with(format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label {label} is \
             currently attached to version {}, so you must explicitly reference that version in \
             RemoveFromVersionId.",
            holder.unwrap_or_default()
        ))),
        Some(from) if holder == Some(from) => Ok(()),
        Some(_) => Err(SecretsManagerError::InvalidParameterException.with(format!(
            "When you move staging label {label}, if you specify RemoveFromVersionId, it must be \
             set to the version that currently has the staging label {label}."
        ))),
    }
}

fn must_be_removable(secret: &SecretRecord, label: &str, from: Option<&str>) -> Result<(), Fault> {
    let refused =
        |message: String| Err(SecretsManagerError::InvalidParameterException.with(message));
    let Some(from) = from else {
        return refused(
            "You must specify MoveToVersionId, RemoveFromVersionId, or both.".to_owned(),
        );
    };
    if label == CURRENT {
        return refused(
            "You can only move staging label AWSCURRENT to a different secret version. It can't \
             be completely removed."
                .to_owned(),
        );
    }
    if secret.version_with(label) != Some(from) {
        return refused(format!("Staging label {label} is not attached to version {from}."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{CURRENT, must_be_movable, must_be_removable};
    use crate::secretsmanager::secret::SecretRecord;
    use crate::secretsmanager::secret::example::secret;

    fn labelled() -> SecretRecord {
        let mut secret = secret(&["1", "2"]);
        secret.attach(CURRENT, "1");
        secret.attach("MINE", "2");
        secret
    }

    fn code<T>(outcome: Result<T, coffer_protocol::Fault>) -> &'static str {
        outcome.err().map_or("", |fault| fault.code)
    }

    #[test]
    fn a_label_moves_only_from_where_it_is() {
        let secret = labelled();
        let movable = |label, from, to| code(must_be_movable(&secret, label, from, to));
        assert_eq!(movable(CURRENT, Some("1"), "2"), "");
        assert_eq!(movable(CURRENT, None, "1"), "");
        assert_eq!(movable("NEW", None, "1"), "");
        assert_eq!(movable(CURRENT, None, "2"), "InvalidParameterException");
        assert_eq!(movable(CURRENT, Some("2"), "2"), "InvalidParameterException");
        assert_eq!(movable("NEW", Some("1"), "2"), "InvalidParameterException");
        assert_eq!(movable("NEW", None, "3"), "ResourceNotFoundException");
    }

    #[test]
    fn an_empty_version_never_becomes_current() {
        let mut secret = labelled();
        secret.versions.get_mut("2").unwrap().has_value = false;
        let outcome = must_be_movable(&secret, CURRENT, Some("1"), "2");
        assert_eq!(code(outcome), "ResourceNotFoundException");
        assert_eq!(code(must_be_movable(&secret, "MINE", Some("2"), "1")), "");
    }

    #[test]
    fn any_label_but_the_current_one_can_be_removed_from_where_it_is() {
        let secret = labelled();
        let removable = |label, from| code(must_be_removable(&secret, label, from));
        assert_eq!(removable("MINE", Some("2")), "");
        assert_eq!(removable("MINE", Some("1")), "InvalidParameterException");
        assert_eq!(removable("MINE", None), "InvalidParameterException");
        assert_eq!(removable(CURRENT, Some("1")), "InvalidParameterException");
    }
}
