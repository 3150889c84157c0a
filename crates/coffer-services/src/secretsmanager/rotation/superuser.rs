//! The secret of somebody who may change the password of others: a rotator with alternating users
//! logs in with it.
//!
//! Its ARN is a member of the value that is rotated, which whoever may put a value writes. So it is
//! used only where somebody who set the rotation up was allowed to read it.

use coffer_model::Sensitive;
use coffer_pipeline::Call;
use coffer_protocol::Fault;
use serde::Deserialize;

use super::super::errors::SecretsManagerError;
use super::super::id;
use super::super::seal::{self, Plain};
use super::super::secret::{CURRENT, SecretRecord};
use super::rotator::Rotator;
use crate::kms::through::Through;

/// What of a value is read here.
#[derive(Deserialize)]
struct Named {
    masterarn: Option<String>,
}

/// The ARN of the superuser's secret that the caller, who sets a rotation up, may read.
///
/// # Errors
/// `AccessDeniedException`; `InvalidRequestException` where the value names no secret.
pub(in super::super) async fn permitted(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    rotator: Option<&Rotator>,
) -> Result<Option<String>, Fault> {
    if !rotator.is_some_and(Rotator::needs_superuser) {
        return Ok(None);
    }
    let refused = |message| SecretsManagerError::InvalidRequestException.with(message);
    let Some(current) = secret.version_with(CURRENT) else { return Err(refused(NO_VALUE)) };
    let opened = seal::open(call, Through::Itself, secret, current).await?;
    let Some((Plain::Text(value), _)) = opened else { return Err(refused(NO_VALUE)) };
    let arn = named_by(&value).ok_or_else(|| refused(NOT_NAMED))?;
    for demand in id::demands(call, "secretsmanager:GetSecretValue", &arn).await? {
        call.must_be_allowed(&demand).await?;
    }
    let superuser = id::find_living(call, &arn).await?;
    Ok(Some(superuser.arn()))
}

/// The value of the superuser's secret, for a secret that names it; nothing where none is needed.
///
/// # Errors
/// A secret that is not there, or not the one that was permitted.
pub(super) async fn value(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    current: &Sensitive<String>,
) -> Result<Option<Sensitive<String>>, Fault> {
    let permitted = secret.rotation.as_ref().and_then(|rotation| rotation.superuser_arn.as_deref());
    let Some(permitted) = permitted else { return Ok(None) };
    let refused = |message| SecretsManagerError::InvalidRequestException.with(message);
    let named = named_by(current).ok_or_else(|| refused(NOT_NAMED))?;
    let superuser = id::find_living(call, &named).await?;
    if superuser.arn() != permitted {
        return Err(refused(NOT_PERMITTED));
    }
    let Some(version_id) = superuser.version_with(CURRENT) else { return Err(refused(NO_VALUE)) };
    match seal::open(call, Through::Itself, &superuser, version_id).await? {
        Some((Plain::Text(value), _)) => Ok(Some(value)),
        _ => Err(refused(NO_VALUE)),
    }
}

fn named_by(value: &Sensitive<String>) -> Option<String> {
    serde_json::from_str::<Named>(value.expose()).ok()?.masterarn
}

const NO_VALUE: &str = "The secret has no current text value.";
const NOT_NAMED: &str = "The secret's value has no member masterarn with the ARN of the secret of a \
                         user who may change passwords.";
const NOT_PERMITTED: &str = "The member masterarn of the secret's value names another secret than \
                             when the rotation was set up. Call RotateSecret again.";
