//! The order to run a function, made of what the store has of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use coffer_model::{AccountId, Arn, Sensitive};
use coffer_pipeline::identity::RoleRecord;
use coffer_pipeline::{Call, Caller, Demand, FunctionOrder, Guard};
use coffer_protocol::Fault;

use super::function::Found;
use super::function_name::FunctionName;
use super::{policy::FunctionPolicyRecord, role};
use crate::sts;

/// What a call gives a function.
pub(super) struct Event {
    pub(super) request_id: String,
    pub(super) payload: Sensitive<Vec<u8>>,
    pub(super) client_context: Option<Sensitive<String>>,
}

/// The role that a version runs with, where Lambda may still assume it.
///
/// # Errors
/// A role that is gone, or does not trust Lambda any more.
pub(super) async fn role_of(call: &mut Call<'_>, found: &Found) -> Result<Arc<RoleRecord>, Fault> {
    let function = &found.function;
    role::must_trust(call, &found.version.role, &function.scope(), &function.name).await
}

/// Makes the order to run a version, with a session of its role.
///
/// # Errors
/// See [`role_of`].
pub(super) async fn order(
    call: &mut Call<'_>,
    name: &FunctionName,
    found: &Found,
    event: Event,
) -> Result<FunctionOrder, Fault> {
    let (function, version) = (&found.function, &found.version);
    let scope = function.scope();
    let role = role_of(call, found).await?;
    let credentials = sts::service_session(call, &role, &function.name, CREDENTIALS_LAST)?;
    Ok(FunctionOrder {
        request_id: event.request_id,
        function_arn: function.arn(),
        invoked_arn: name.arn(),
        name: function.name.clone(),
        version: found.label.clone(),
        revision_id: version.revision_id.clone(),
        account: function.account,
        region: function.region.clone(),
        runtime: version.runtime.clone(),
        handler: Some(version.handler.clone()).filter(|handler| !handler.is_empty()),
        code: version.code.for_host(&scope),
        environment: version.variables.0.clone(),
        timeout: Duration::from_secs(u64::try_from(version.timeout_seconds).unwrap_or(0)),
        memory_mb: u32::try_from(version.memory_mb).unwrap_or(0),
        storage_mb: u32::try_from(version.storage_mb).unwrap_or(0),
        credentials,
        payload: event.payload,
        client_context: event.client_context,
    })
}

/// On whose behalf a service calls a function.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// The ARN of what the service calls it for, `aws:SourceArn`.
    pub arn: &'a str,
    /// The account that this belongs to, `aws:SourceAccount`.
    pub account: AccountId,
}

/// Why a service cannot have a function run.
#[derive(Debug, Clone)]
pub enum NotInvoked {
    /// The ARN is none of a function.
    NoFunctionArn,
    /// There is no such function or version.
    Missing,
    /// Its resource policy does not let the service call it.
    NotAllowed,
    /// Its execution role is gone or does not trust Lambda.
    RoleUnfit,
    /// Functions are off on this server.
    Off,
    /// The store could not be read.
    Fault(Fault),
}

impl fmt::Display for NotInvoked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoFunctionArn => "the ARN is none of a function",
            Self::Missing => "there is no such function",
            Self::NotAllowed => "the function's policy does not let the service call it",
            Self::RoleUnfit => "the function's role is gone or does not trust Lambda",
            Self::Off => "functions are off on this server",
            Self::Fault(fault) => return fault.fmt(out),
        })
    }
}

impl std::error::Error for NotInvoked {}

impl From<Fault> for NotInvoked {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The order to run the function of an ARN, which may name a version, for a service that calls it on
/// behalf of what it keeps: `secretsmanager`, for a secret. The function's resource policy must let
/// `SERVICE.amazonaws.com` call it. The event is for the caller to put in, and the id of the
/// invocation is drawn.
///
/// # Errors
/// Why the service cannot have it run.
pub async fn order_for(
    call: &mut Call<'_>,
    function_arn: &str,
    service: &str,
    source: &Source<'_>,
) -> Result<FunctionOrder, NotInvoked> {
    let (name, found) = find_for(call, function_arn, service, source).await?;
    let event = Event {
        request_id: call.uuid(),
        payload: Sensitive::new(b"{}".to_vec()),
        client_context: None,
    };
    order(call, &name, &found, event).await.map_err(of_role)
}

/// Whether a service could be given the order to run the function of an ARN; see [`order_for`].
///
/// # Errors
/// Why it could not.
pub(crate) async fn must_be_invocable(
    call: &mut Call<'_>,
    function_arn: &str,
    service: &str,
    source: &Source<'_>,
) -> Result<(), NotInvoked> {
    let (_, found) = find_for(call, function_arn, service, source).await?;
    role_of(call, &found).await.map(drop).map_err(of_role)
}

/// The function of an ARN, where a service may call it.
async fn find_for(
    call: &mut Call<'_>,
    function_arn: &str,
    service: &str,
    source: &Source<'_>,
) -> Result<(FunctionName, Found), NotInvoked> {
    if !call.has_functions() {
        return Err(NotInvoked::Off);
    }
    let arn: Arn = function_arn.parse().map_err(|_| NotInvoked::NoFunctionArn)?;
    if arn.service != "lambda" || !arn.resource.starts_with("function:") || arn.account.is_none() {
        return Err(NotInvoked::NoFunctionArn);
    }
    let name = FunctionName::read(function_arn, call.context()).map_err(|_| NotInvoked::Missing)?;
    let found = Found::find(call, &name).await.map_err(|fault| match fault.status {
        404 => NotInvoked::Missing,
        _ => NotInvoked::Fault(fault),
    })?;
    must_let_in(call, &name, service, source).await?;
    Ok((name, found))
}

/// What a refusal of the role means to a service.
fn of_role(fault: Fault) -> NotInvoked {
    match fault.status {
        400 => NotInvoked::RoleUnfit,
        _ => NotInvoked::Fault(fault),
    }
}

/// The permission to invoke the function of an ARN; nothing where it is none of a function.
///
/// # Errors
/// A store that cannot be read.
pub(crate) async fn demand_to_invoke(
    call: &mut Call<'_>,
    function_arn: &str,
) -> Result<Option<Demand>, Fault> {
    match FunctionName::read(function_arn, call.context()) {
        Ok(name) => name.demand(call, "lambda:InvokeFunction").await.map(Some),
        Err(_) => Ok(None),
    }
}

async fn must_let_in(
    call: &mut Call<'_>,
    name: &FunctionName,
    service: &str,
    source: &Source<'_>,
) -> Result<(), NotInvoked> {
    let Some(policy) = FunctionPolicyRecord::of(call, name).await? else {
        return Err(NotInvoked::NotAllowed);
    };
    let demand = name
        .demand(call, "lambda:InvokeFunction")
        .await?
        .guarded_by(Guard::Resource(vec![policy.document.clone()]))
        .with("aws:sourcearn", source.arn)
        .with("aws:sourceaccount", source.account.as_str());
    let caller = Caller::service(source.account, service);
    let context = call.as_if_by(Arc::new(caller)).await?;
    let judgement = call.judgement_in(&context, &demand).await?;
    if judgement.decision.is_allowed() { Ok(()) } else { Err(NotInvoked::NotAllowed) }
}

/// Longer than any function runs, so that a warm instance can serve for a while.
const CREDENTIALS_LAST: Duration = Duration::from_secs(2 * 3600);
