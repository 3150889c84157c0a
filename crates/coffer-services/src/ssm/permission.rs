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
    let demand = Demand::of(action, name::arn_for_demand(call.scope(), words));
    let Ok(reference) = Reference::read(words) else { return Ok(demand) };
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

/// All permissions that a read of a parameter's current value in the clear asks for.
///
/// # Errors
/// A parameter, or its key, that is not there.
pub(crate) async fn demands_to_read(
    call: &mut Call<'_>,
    words: &str,
) -> Result<Vec<Demand>, Fault> {
    let parameter = read::find(call, &Reference::read(words)?).await?;
    let mut demands = vec![demand_on(call, "ssm:GetParameter", Arc::clone(&parameter)).await?];
    demands.extend(value::demand_to_open(call, &parameter.arn(), &parameter.current).await?);
    Ok(demands)
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
