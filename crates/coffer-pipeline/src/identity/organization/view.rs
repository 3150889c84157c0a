//! What an organization means for one of its accounts: the part that the road asks for.

use std::sync::{Arc, PoisonError};

use coffer_model::AccountId;
use coffer_store::{TableError, Tables};

use super::{AccountRecord, Attached, OrganizationPolicyRecord, OrganizationRecord, PolicyKind};

/// An account's place in its organization, and the policies on the way from the root down to it.
#[derive(Debug)]
pub struct OrganizationView {
    /// The organization's id, `aws:PrincipalOrgID`.
    pub organization_id: String,
    /// The organization's management account, `aws:PrincipalOrgMasterAccount`.
    pub management_account: AccountId,
    /// The path, `aws:PrincipalOrgPaths`: `o-…/r-…/ou-…/`.
    pub path: String,
    /// Whether the account was closed: nobody calls in its name.
    pub is_closed: bool,
    /// The service control policies of each level: of the root, of each unit, of the account. Every
    /// level has to allow an action. Without levels nothing is restricted: the type is not enabled,
    /// or this is the management account.
    pub scp_levels: Vec<Vec<Arc<OrganizationPolicyRecord>>>,
    /// The resource control policies of each level, for the resources that the account has.
    pub rcp_levels: Vec<Vec<Arc<OrganizationPolicyRecord>>>,
}

/// A view and the records that it was made of. As long as the tables give the very same ones, it is
/// as good as a new one.
#[derive(Debug)]
pub(super) struct Seen {
    organization: Arc<OrganizationRecord>,
    policies: Vec<Arc<OrganizationPolicyRecord>>,
    view: Arc<OrganizationView>,
}

/// What an account's organization means for it; nothing for an account that is in none.
///
/// # Errors
/// A store that cannot be read.
pub async fn organization_view(
    tables: &Tables,
    account: AccountId,
) -> Result<Option<Arc<OrganizationView>>, TableError> {
    let record = tables.get::<AccountRecord>(&AccountRecord::key_of(account)).await?.record;
    let Some(record) = record else { return Ok(None) };
    let row = OrganizationRecord::key_of(&record.organization);
    let Some(organization) = tables.get::<OrganizationRecord>(&row).await?.record else {
        return Ok(None);
    };
    let known = known(&record, &organization);
    if let Some((policies, view)) = known
        && are_current(tables, &policies).await?
    {
        return Ok(Some(view));
    }
    let (view, policies) = make(tables, &record, &organization).await?;
    let view = Arc::new(view);
    let seen = Seen { organization, policies, view: view.clone() };
    *record.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    Ok(Some(view))
}

/// The view that was made before of the same account and organization, and the policies in it.
fn known(
    record: &AccountRecord,
    organization: &Arc<OrganizationRecord>,
) -> Option<(Vec<Arc<OrganizationPolicyRecord>>, Arc<OrganizationView>)> {
    let seen = record.seen.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = seen.as_ref().filter(|seen| Arc::ptr_eq(&seen.organization, organization))?;
    Some((seen.policies.clone(), seen.view.clone()))
}

async fn are_current(
    tables: &Tables,
    policies: &[Arc<OrganizationPolicyRecord>],
) -> Result<bool, TableError> {
    for policy in policies {
        let row = OrganizationPolicyRecord::key_of(&policy.organization, &policy.id);
        let found = tables.get::<OrganizationPolicyRecord>(&row).await?.record;
        if !found.is_some_and(|found| Arc::ptr_eq(&found, policy)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes a view; with it the policies in it that are not AWS's own, which never change.
async fn make(
    tables: &Tables,
    record: &AccountRecord,
    organization: &OrganizationRecord,
) -> Result<(OrganizationView, Vec<Arc<OrganizationPolicyRecord>>), TableError> {
    let mut own = Vec::new();
    let mut levels = [Vec::new(), Vec::new()];
    // AWS: service control policies do not affect users or roles in the management account, and
    // resource control policies not its resources (Organizations user guide, "SCPs", "RCPs").
    if record.account != organization.management_account {
        let way = organization.way_to(&record.parent);
        let units = way.iter().filter_map(|id| organization.unit(id)).map(|unit| &unit.attached);
        let way: Vec<&Attached> = units.chain([&record.attached]).collect();
        for (kind, levels) in PolicyKind::ALL.into_iter().zip(&mut levels) {
            if !organization.enabled.contains_key(&kind) {
                continue;
            }
            for attached in &way {
                let ids = organization.policies_of(attached, kind);
                let mut level = Vec::with_capacity(ids.len());
                for id in ids {
                    level.extend(read(tables, organization, &id, &mut own).await?);
                }
                levels.push(level);
            }
        }
    }
    let [scp_levels, rcp_levels] = levels;
    let view = OrganizationView {
        organization_id: organization.id.clone(),
        management_account: organization.management_account,
        path: organization.path_of(&record.parent),
        is_closed: record.is_closed(),
        scp_levels,
        rcp_levels,
    };
    Ok((view, own))
}

/// A policy of an id. One that is gone leaves its level with less to allow, never with more.
async fn read(
    tables: &Tables,
    organization: &OrganizationRecord,
    id: &str,
    own: &mut Vec<Arc<OrganizationPolicyRecord>>,
) -> Result<Option<Arc<OrganizationPolicyRecord>>, TableError> {
    if let Some(managed) = OrganizationPolicyRecord::managed_of(id) {
        return Ok(Some(managed));
    }
    let row = OrganizationPolicyRecord::key_of(&organization.id, id);
    let found = tables.get::<OrganizationPolicyRecord>(&row).await?.record;
    own.extend(found.clone());
    Ok(found)
}
