//! Rotation by a Lambda function: the four steps, each an invocation (user guide, "Lambda rotation
//! functions").

use coffer_model::Sensitive;
use coffer_pipeline::{Call, FunctionOrder, NotRun, World};
use coffer_protocol::Fault;
use serde::Deserialize;
use serde_json::json;

use super::super::errors::SecretsManagerError;
use super::super::secret::{SecretRecord, UnderWay};
use super::turn::{NotDone, Reason};
use crate::lambda::{self, NotInvoked, Source};

/// Refuses a function that Secrets Manager may not invoke for this secret, and a caller who may not
/// either.
///
/// # Errors
/// `AccessDeniedException`.
pub(in super::super) async fn must_be_invocable(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    arn: &str,
) -> Result<(), Fault> {
    // AWS: the caller needs lambda:InvokeFunction on the function (API reference, RotateSecret).
    if let Some(demand) = lambda::demand_to_invoke(call, arn).await? {
        call.must_be_allowed(&demand).await?;
    }
    let secret_arn = secret.arn();
    match lambda::must_be_invocable(call, arn, SERVICE, &source(secret, &secret_arn)).await {
        Ok(()) => Ok(()),
        Err(NotInvoked::Fault(fault)) if fault.is_server_fault() => Err(fault),
        Err(why) => Err(Fault::access_denied(NOT_INVOKED).with_cause(why.to_string())),
    }
}

/// The order to do a step.
///
/// # Errors
/// A function that is gone, or that Secrets Manager may not invoke any more.
pub(super) async fn order(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    arn: &str,
    under_way: &UnderWay,
) -> Result<Box<FunctionOrder>, Fault> {
    let secret_arn = secret.arn();
    let order = lambda::order_for(call, arn, SERVICE, &source(secret, &secret_arn)).await;
    let mut order = order.map_err(|why| match why {
        NotInvoked::Fault(fault) if fault.is_server_fault() => fault,
        why => SecretsManagerError::InvalidRequestException
            .with(format!("The function cannot be invoked: {why}.")),
    })?;
    let event = json!({
        "Step": under_way.step.name(),
        "SecretId": secret_arn,
        "ClientRequestToken": under_way.version_id,
        "RotationToken": under_way.id,
    });
    order.payload = Sensitive::new(event.to_string().into_bytes());
    Ok(Box::new(order))
}

/// On whose behalf the function of a secret is called.
fn source<'a>(secret: &SecretRecord, arn: &'a str) -> Source<'a> {
    Source { arn, account: secret.account }
}

/// Runs a function once.
///
/// # Errors
/// Why the step was not done.
pub(super) async fn run(world: &World, order: FunctionOrder) -> Result<(), NotDone> {
    let outcome = match world.run_function(order).await {
        Ok(outcome) => outcome,
        Err(NotRun::Busy) => return Err(NotDone::Busy(Reason::of(&NotRun::Busy.to_string()))),
        Err(why) => return Err(NotDone::Failed(Reason::of(&why.to_string()))),
    };
    if outcome.function_error.is_none() {
        return Ok(());
    }
    let error: FunctionError = serde_json::from_slice(outcome.payload.expose()).unwrap_or_default();
    let kind = error.error_type.unwrap_or_else(|| "an error".to_owned());
    let kind: String =
        kind.chars().filter(|char| !char.is_control()).take(KIND_CHARS_MAX).collect();
    let message = error.error_message.unwrap_or_default();
    // What a function says may hold what it works with; the log is not the place for that.
    let for_log = format!("the function failed with {kind}");
    Err(NotDone::Failed(Reason { text: format!("{for_log}: {message}"), for_log }))
}

/// How runtimes describe an error.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FunctionError {
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    #[serde(rename = "errorMessage")]
    error_message: Option<String>,
}

/// Who calls it, as policies name it without `.amazonaws.com`.
const SERVICE: &str = "secretsmanager";
const NOT_INVOKED: &str = "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy \
     grants access to the principal secretsmanager.amazonaws.com.";
const KIND_CHARS_MAX: usize = 128;
