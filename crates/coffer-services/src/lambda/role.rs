//! The execution role of a function: who gives it needs to be allowed to pass it, and it has to trust
//! Lambda.

use std::sync::Arc;

use coffer_model::AccountId;
use coffer_pipeline::identity::RoleRecord;
use coffer_pipeline::{Call, Caller, Demand, Guard, Scope};
use coffer_protocol::Fault;

use super::errors::LambdaError;
use super::function::arn_of;
use crate::iam::trust;

/// The demand to pass a role to Lambda.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn pass_demand(
    call: &mut Call<'_>,
    arn: &str,
    scope: &Scope,
    function: &str,
) -> Result<Demand, Fault> {
    let demand = Demand::of("iam:PassRole", arn)
        .with("iam:passedtoservice", LAMBDA)
        .with("iam:associatedresourcearn", arn_of(scope, function));
    let Some(role) = find(call, arn).await? else { return Ok(demand) };
    let mut demand = demand.known_by(Arc::new(role.tags.clone()));
    for (name, value) in &role.tags {
        let key = format!("iam:resourcetag/{}", name.to_ascii_lowercase());
        demand = demand.with(key, value.clone());
    }
    Ok(demand)
}

/// The role, where a function may have it: it is of the function's account, and trusts Lambda.
///
/// # Errors
/// AWS's refusals of a role that is not such a one.
pub(super) async fn must_trust(
    call: &mut Call<'_>,
    arn: &str,
    scope: &Scope,
    function: &str,
) -> Result<Arc<RoleRecord>, Fault> {
    let (account, _) = parts_of(arn).ok_or_else(untrusting)?;
    if account != scope.account {
        return Err(Fault::access_denied("Cross-account pass role is not allowed."));
    }
    let role = find(call, arn).await?.ok_or_else(untrusting)?;
    let demand = Demand::of("sts:AssumeRole", role.arn())
        .owned_by(account)
        .guarded_by(Guard::Trust(trust::shown(call, &role).await?))
        .with("aws:sourceaccount", scope.account.as_str())
        .with("aws:sourcearn", arn_of(scope, function));
    let lambda = call.as_if_by(Arc::new(Caller::service(account, "lambda"))).await?;
    let judgement = call.judgement_in(&lambda, &demand).await?;
    if judgement.decision.is_allowed() { Ok(role) } else { Err(untrusting()) }
}

async fn find(call: &mut Call<'_>, arn: &str) -> Result<Option<Arc<RoleRecord>>, Fault> {
    let Some((account, name)) = parts_of(arn) else { return Ok(None) };
    let role = call.get::<RoleRecord>(&RoleRecord::key_of(account, name)).await?;
    // The path is part of the ARN, and not of the row's key.
    Ok(role.filter(|role| role.arn() == arn))
}

fn parts_of(arn: &str) -> Option<(AccountId, &str)> {
    let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    Some((account.parse().ok()?, name))
}

fn untrusting() -> Fault {
    LambdaError::InvalidParameterValueException
        .with("The role defined for the function cannot be assumed by Lambda.")
}

/// Lambda, as policies name it.
const LAMBDA: &str = "lambda.amazonaws.com";
