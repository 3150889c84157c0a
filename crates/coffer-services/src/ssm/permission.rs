//! Who may do what with a parameter: the caller's policies, and those that share it.

use std::sync::Arc;

use coffer_pipeline::demand::{RESOURCE_TAG, tag_of};
use coffer_pipeline::identity::PolicyDocument;
use coffer_pipeline::{Call, ContextValues, Demand, Facts, Guard};
use coffer_protocol::Fault;

use super::name::{self, Reference};
use super::parameter::{ParameterRecord, ParameterTier};
use super::resource_policy::ResourcePolicyRecord;
use super::{read, value};
use crate::kms::through::ToOpen;

/// The permission for an action on the parameter that a caller's words mean, whether or not it is
/// there.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand(
    call: &mut Call<'_>,
    action: &'static str,
    words: &str,
) -> Result<Demand, Fault> {
    let reference = Reference::read(words);
    let arn = name::arn_of_read(call.scope(), words, reference.as_ref().ok());
    let demand = Demand::of(action, arn);
    let Ok(reference) = reference else { return Ok(demand) };
    let scope = reference.scope(call.scope());
    let row = ParameterRecord::key_of(&scope, reference.path);
    match call.get::<ParameterRecord>(&row).await? {
        Some(parameter) => known(call, demand, parameter).await,
        None => Ok(demand),
    }
}

/// The permission for an action on a parameter that is there.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demand_on(
    call: &mut Call<'_>,
    action: &'static str,
    parameter: Arc<ParameterRecord>,
) -> Result<Demand, Fault> {
    known(call, Demand::of(action, parameter.arn()), parameter).await
}

/// The permission of an operation that needs one on one parameter.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn demands(
    call: &mut Call<'_>,
    action: &'static str,
    words: &str,
) -> Result<Vec<Demand>, Fault> {
    Ok(vec![demand(call, action, words).await?])
}

/// The permissions that let somebody read a parameter's current value in the clear: any one of the
/// first, each another operation's, and the key.
///
/// # Errors
/// A parameter, or its key, that is not there.
pub(crate) async fn demands_to_read(
    call: &mut Call<'_>,
    words: &str,
) -> Result<(Vec<Demand>, Option<ToOpen>), Fault> {
    let reference = Reference::read(words)?;
    let scope = reference.scope(call.scope());
    let parameter = read::find(call, &reference).await?;
    let mut any_of = Vec::new();
    for action in ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory"] {
        any_of.push(demand_on(call, action, Arc::clone(&parameter)).await?);
    }
    // Read by its path, a parameter is not asked for itself, but a path above it is.
    let slashes = parameter.name.match_indices('/').filter(|(at, _)| *at > 0);
    let above = slashes.filter_map(|(at, _)| parameter.name.get(..at));
    for path in std::iter::once("/").chain(above) {
        let resource = name::arn_for_demand(&scope, path);
        let demand = Demand::of("ssm:GetParametersByPath", resource);
        any_of.push(demand.owned_by(parameter.account));
    }
    let to_open = value::to_open(call, &parameter.arn(), &parameter.current).await?;
    Ok((any_of, to_open))
}

async fn known(
    call: &mut Call<'_>,
    demand: Demand,
    parameter: Arc<ParameterRecord>,
) -> Result<Demand, Fault> {
    let demand = demand.owned_by(parameter.account);
    // AWS: only advanced parameters can be shared.
    let demand = match parameter.current.tier {
        ParameterTier::Advanced => {
            let row = ResourcePolicyRecord::key_of(&parameter);
            let kept = call.get::<ResourcePolicyRecord>(&row).await?;
            let documents: Vec<PolicyDocument> = kept
                .iter()
                .flat_map(|kept| kept.policies.iter().map(|policy| policy.text.clone()))
                .collect();
            demand.guarded_by(Guard::Resource(documents))
        }
        _ => demand,
    };
    Ok(demand.known_by(parameter))
}

/// AWS: the condition keys of a parameter (service authorization reference, Systems Manager).
impl Facts for ParameterRecord {
    fn fact(&self, key: &str) -> Option<ContextValues<'_>> {
        let name = key.strip_prefix(RESOURCE_TAG).or_else(|| key.strip_prefix(OWN_TAG))?;
        tag_of(&self.tags, name).map(ContextValues::from)
    }
}

const OWN_TAG: &str = "ssm:resourcetag/";
