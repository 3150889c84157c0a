//! How a value is chosen and read: for GetSecretValue, and for all that read on its behalf.

use std::sync::Arc;

use coffer_model::Timestamp;
use coffer_pipeline::{Call, Demand};
use coffer_protocol::Fault;

use super::errors::SecretsManagerError;
use super::id;
use super::seal::{self, Plain};
use super::secret::{
    CURRENT, SecretAccessRecord, SecretRecord, SecretValueRecord, Version, VersionAccessRecord,
};
use crate::kms::envelope::EncryptionContext;
use crate::kms::through::ToOpen;

/// Which version is wanted; AWSCURRENT where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Selector<'a> {
    /// The version's id.
    pub(crate) version_id: Option<&'a str>,
    /// A label that the version has to have.
    pub(crate) stage: Option<&'a str>,
}

/// A value that was read, with its version.
#[derive(Debug)]
pub(crate) struct ReadValue {
    /// The secret.
    pub(crate) secret: Arc<SecretRecord>,
    /// Its ARN.
    pub(crate) arn: String,
    /// The version's id.
    pub(crate) version_id: String,
    /// The version's labels.
    pub(crate) stages: Vec<String>,
    /// When the version was made.
    pub(crate) created: Timestamp,
    /// The value.
    pub(crate) plain: Plain,
}

/// Reads the value of a secret's version, and notes the day.
///
/// # Errors
/// As GetSecretValue: a secret or version that is not there or has no value, a label that is not
/// on the version, a secret that waits for its deletion, a key that may not be used.
pub(crate) async fn secret_value(
    call: &mut Call<'_>,
    secret_id: &str,
    selector: Selector<'_>,
) -> Result<ReadValue, Fault> {
    let secret = id::find_living(call, secret_id).await?;
    let arn = secret.arn();
    call.acted_on(&arn);
    let (version_id, version) = choose(&secret, selector)?;
    let opened = match version.has_value {
        true => {
            let context = seal::context_of(&arn, version_id);
            seal::open_in(call, seal::AS_CALLER, &secret, version_id, &context).await?
        }
        false => None,
    };
    let (plain, value) = opened.ok_or_else(|| no_such_value(selector))?;
    let day = call.now().day();
    if value.is_first_read_of(day) {
        note_read(call, &secret, version_id, day).await?;
    }
    Ok(ReadValue {
        arn,
        version_id: version_id.to_owned(),
        stages: version.stages.clone(),
        created: version.created,
        plain,
        secret: Arc::clone(&secret),
    })
}

/// All that a read of a secret's current value asks for: its own permission, and the key.
///
/// # Errors
/// As GetSecretValue, for a secret that is not there or has no current value.
pub(crate) async fn demands(
    call: &mut Call<'_>,
    secret_id: &str,
) -> Result<(Demand, Option<ToOpen>), Fault> {
    let demand = id::demand(call, "secretsmanager:GetSecretValue", secret_id).await?;
    let demand = demand.with("secretsmanager:versionstage", CURRENT);
    let secret = id::find_living(call, secret_id).await?;
    let (version_id, _) = choose(&secret, Selector::default())?;
    let row = SecretValueRecord::key_of(&secret, version_id);
    let Some(value) = call.get::<SecretValueRecord>(&row).await? else {
        return Ok((demand, None));
    };
    let context = EncryptionContext::from([
        ("SecretARN".to_owned(), secret.arn()),
        ("SecretVersionId".to_owned(), version_id.to_owned()),
    ]);
    let (region, blob) = (&secret.region, &value.data_key);
    let to_open = ToOpen::of(call, "secretsmanager", region, context, blob).await?;
    Ok((demand, Some(to_open)))
}

fn choose<'s>(
    secret: &'s SecretRecord,
    selector: Selector<'_>,
) -> Result<(&'s str, &'s Version), Fault> {
    let version_id = match selector.version_id {
        Some(version_id) => version_id,
        None => secret
            .version_with(selector.stage.unwrap_or(CURRENT))
            .ok_or_else(|| no_such_value(selector))?,
    };
    let found = secret.versions.get_key_value(version_id);
    let (version_id, version) = found.ok_or_else(|| no_such_value(selector))?;
    if let Some(stage) = selector.stage
        && !version.stages.iter().any(|carried| carried == stage)
    {
        return Err(SecretsManagerError::InvalidRequestException.with(
            "You provided a VersionStage that is not associated to the provided VersionId.",
        ));
    }
    Ok((version_id, version))
}

/// Notes the day in the rows that keep it, where it is not there yet.
async fn note_read(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    version_id: &str,
    day: Timestamp,
) -> Result<(), Fault> {
    let noted = call.get::<SecretAccessRecord>(&SecretAccessRecord::key_of(secret)).await?;
    if noted.is_none_or(|noted| noted.day < Some(day)) {
        call.touch(SecretAccessRecord::of(secret, Some(day))).await?;
    }
    let row = VersionAccessRecord::key_of(secret, version_id);
    let noted = call.get::<VersionAccessRecord>(&row).await?;
    if noted.is_none_or(|noted| noted.day < day) {
        call.touch(VersionAccessRecord::of(secret, version_id, day)).await?;
    }
    Ok(())
}

fn no_such_value(selector: Selector<'_>) -> Fault {
    let which = match selector.version_id {
        Some(version_id) => format!("VersionId: {version_id}"),
        None => format!("staging label: {}", selector.stage.unwrap_or(CURRENT)),
    };
    SecretsManagerError::ResourceNotFoundException
        .with(format!("Secrets Manager can't find the specified secret value for {which}"))
}

#[cfg(test)]
mod tests {
    use super::{Selector, choose};
    use crate::secretsmanager::secret::example::secret;
    use crate::secretsmanager::secret::{CURRENT, PREVIOUS};

    fn chosen(version_id: Option<&str>, stage: Option<&str>) -> Result<String, String> {
        let mut secret = secret(&["1", "2", "3"]);
        secret.attach(CURRENT, "1");
        secret.attach(CURRENT, "2");
        let found = choose(&secret, Selector { version_id, stage });
        found.map(|(id, _)| id.to_owned()).map_err(|fault| fault.message)
    }

    #[test]
    fn a_version_is_chosen_by_id_label_or_both() {
        assert_eq!(chosen(None, None).unwrap(), "2");
        assert_eq!(chosen(None, Some(PREVIOUS)).unwrap(), "1");
        assert_eq!(chosen(Some("3"), None).unwrap(), "3");
        assert_eq!(chosen(Some("1"), Some(PREVIOUS)).unwrap(), "1");
    }

    #[test]
    fn what_is_not_there_is_named_in_the_message() {
        let missing = "Secrets Manager can't find the specified secret value for ";
        assert_eq!(chosen(None, Some("X")).unwrap_err(), format!("{missing}staging label: X"));
        assert_eq!(chosen(Some("4"), None).unwrap_err(), format!("{missing}VersionId: 4"));
        assert_eq!(chosen(Some("4"), Some("X")).unwrap_err(), format!("{missing}VersionId: 4"));
        assert_eq!(
            chosen(Some("1"), Some(CURRENT)).unwrap_err(),
            "You provided a VersionStage that is not associated to the provided VersionId."
        );
    }
}
