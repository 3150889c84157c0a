//! What a caller needs to do something in an organization.

use std::sync::Arc;

use coffer_pipeline::identity::organization::{OrganizationPolicyRecord, OrganizationRecord};
use coffer_pipeline::{Call, Demand};
use coffer_protocol::Fault;

use super::find;
use super::tags;
use super::wire::{PolicyType, Tag};

/// An action on roots, units, accounts or policies, by their ids, and on policies of a type where
/// one is named. In an account without an organization there are none: it is told so afterwards.
pub(super) async fn on(
    call: &mut Call<'_>,
    action: &'static str,
    ids: &[&str],
    named: Option<PolicyType>,
) -> Result<Vec<Demand>, Fault> {
    let typed = |demand: Demand, kind: Option<&str>| match kind {
        Some(kind) => demand.with("organizations:policytype", kind),
        None => demand,
    };
    let named = named.map(|named| named.as_str());
    let Some(organization) = find::own_if(call).await?.filter(|_| !ids.is_empty()) else {
        return Ok(vec![typed(Demand::of(action, "*"), named)]);
    };
    // AWS: the type is that of the policy, also in a demand on what it is attached to.
    let mut policy = None;
    for id in ids.iter().filter(|id| id.starts_with("p-")) {
        policy = policy_if(call, &organization, id).await?;
    }
    let kind = policy.as_ref().map(|policy| PolicyType::from(policy.kind).as_str());
    let mut demands = Vec::with_capacity(ids.len());
    for id in ids {
        let arn = match &policy {
            Some(policy) if policy.id == **id => policy.arn(&organization),
            _ => organization.arn_of_id(id),
        };
        let tags = tags::of(call, &organization, id).await?;
        // Whoever may do it by policy is told afterwards that it is a member's account.
        let demand = Demand::of(action, arn).owned_by(call.account()).known_by(Arc::new(tags));
        demands.push(typed(demand, named.or(kind)));
    }
    Ok(demands)
}

/// The permission to tag what is made with tags. AWS: whoever gives tags on creation needs it as
/// well (Organizations user guide, "Tagging AWS Organizations resources"); what is made has no ARN
/// yet.
pub(super) fn to_tag(tags: Option<&Vec<Tag>>) -> Option<Demand> {
    let tags = tags.filter(|tags| !tags.is_empty());
    tags.map(|_| Demand::of("organizations:TagResource", "*"))
}

async fn policy_if(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
) -> Result<Option<Arc<OrganizationPolicyRecord>>, Fault> {
    if let Some(managed) = OrganizationPolicyRecord::managed_of(id) {
        return Ok(Some(managed));
    }
    call.get(&OrganizationPolicyRecord::key_of(&organization.id, id)).await
}
