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
use super::rotator::Native;
use crate::kms::through::Through;

/// What of a value is read here.
#[derive(Deserialize)]
struct Named {
    masterarn: Option<String>,
}

/// Refuses a secret whose value the rotator could not rotate. Gives the ARN of the superuser's
/// secret, where the rotator needs one, which the caller, who sets the rotation up, may read.
///
/// # Errors
/// `AccessDeniedException`; `InvalidRequestException` where a value is not what it should be, or its
/// key cannot be used.
pub(in super::super) async fn permitted(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    rotator: &Native,
) -> Result<Option<String>, Fault> {
    let current = value_of(call, Through::Itself, secret).await.map_err(told)?;
    if !rotator.kind.needs_superuser {
        rotator.must_take(call, &current, None)?;
        return Ok(None);
    }
    let arn = named_by(&current).ok_or_else(|| refused(NOT_NAMED))?;
    for demand in id::demands(call, "secretsmanager:GetSecretValue", &arn).await? {
        call.must_be_allowed(&demand).await?;
    }
    let superuser = id::find_living(call, &arn).await?;
    // Reading it takes the caller's permission on its KMS key, too.
    let value = value_of(call, seal::AS_CALLER, &superuser).await.map_err(told)?;
    rotator.must_take(call, &current, Some(&value))?;
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
    let named = named_by(current).ok_or_else(|| refused(NOT_NAMED))?;
    let superuser = id::find_living(call, &named).await?;
    if superuser.arn() != permitted {
        return Err(refused(NOT_PERMITTED));
    }
    value_of(call, Through::Itself, &superuser).await.map(Some)
}

async fn value_of(
    call: &mut Call<'_>,
    through: Through,
    secret: &SecretRecord,
) -> Result<Sensitive<String>, Fault> {
    let Some(version_id) = secret.version_with(CURRENT) else { return Err(refused(NO_VALUE)) };
    match seal::open(call, through, secret, version_id).await? {
        Some((Plain::Text(value), _)) => Ok(value),
        Some((Plain::Binary(_), _)) => Err(refused(BINARY)),
        None => Err(refused(NO_VALUE)),
    }
}

/// A refusal as RotateSecret tells it: DecryptionFailure is none of its errors.
fn told(fault: Fault) -> Fault {
    match fault.code == SecretsManagerError::DecryptionFailure.row().code {
        true => refused(&fault.message).with_cause(fault.for_log()),
        false => fault,
    }
}

fn named_by(value: &Sensitive<String>) -> Option<String> {
    serde_json::from_str::<Named>(value.expose()).ok()?.masterarn
}

fn refused(message: &str) -> Fault {
    SecretsManagerError::InvalidRequestException.with(message)
}

/// What those are told whose values are no text.
pub(super) const BINARY: &str = "A rotator of coffer rotates text, and no binary value.";
const NO_VALUE: &str = "The secret has no current value.";
const NOT_NAMED: &str = "The secret's value has no member masterarn with the ARN of the secret of a \
                         user who may change passwords.";
const NOT_PERMITTED: &str = "The member masterarn of the secret's value names another secret than \
                             when the rotation was set up. Call RotateSecret again.";
