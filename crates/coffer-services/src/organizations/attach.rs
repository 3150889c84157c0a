//! Attaching policies to roots, units and accounts, and detaching them.

use std::collections::BTreeSet;

use coffer_pipeline::Call;
use coffer_pipeline::identity::organization::{
    Attached, Attachments, OrganizationPolicyRecord, OrganizationRecord, PolicyKind,
};
use coffer_protocol::Fault;

use super::errors::OrganizationsError;
use super::find::Target;

/// The epoch of a type of policies that is enabled.
///
/// # Errors
/// `PolicyTypeNotEnabledException`.
pub(super) fn must_be_enabled(
    organization: &OrganizationRecord,
    kind: PolicyKind,
) -> Result<u32, Fault> {
    organization.enabled.get(&kind).copied().ok_or_else(|| {
        OrganizationsError::PolicyTypeNotEnabledException
            .with("This operation can be performed only for enabled policy types.")
    })
}

/// Stages that a target has these policies of a type.
pub(super) async fn set(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    target: &Target,
    kind: PolicyKind,
    policies: BTreeSet<String>,
) -> Result<(), Fault> {
    let epoch = must_be_enabled(organization, kind)?;
    let attachments = Attachments { epoch, policies };
    match target {
        Target::Unit(id) => {
            let mut organization = organization.clone();
            if let Some(unit) = organization.unit_mut(id) {
                unit.attached.insert(kind, attachments);
            }
            call.put(organization).await
        }
        Target::Account(account) => {
            let mut account = account.copy();
            account.attached.insert(kind, attachments);
            call.put(account).await
        }
    }
}

/// To how many targets a policy is attached.
pub(super) fn count(organization: &OrganizationRecord, policy: &OrganizationPolicyRecord) -> u32 {
    let is_current = organization.enabled.get(&policy.kind) == Some(&policy.epoch);
    if is_current { policy.attachments } else { 0 }
}

/// Stages that a policy is attached to one target more, or one less.
pub(super) async fn recount(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    policy: &OrganizationPolicyRecord,
    change: i32,
) -> Result<(), Fault> {
    if policy.is_managed() {
        return Ok(());
    }
    let attachments = count(organization, policy).saturating_add_signed(change);
    let epoch = organization.enabled.get(&policy.kind).copied().unwrap_or(policy.epoch);
    call.put(OrganizationPolicyRecord { attachments, epoch, ..policy.clone() }).await
}

/// Stages that what had these policies has them no more, since it goes.
pub(super) async fn release(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    attached: &Attached,
) -> Result<(), Fault> {
    for kind in PolicyKind::ALL {
        for id in organization.policies_of(attached, kind) {
            let row = OrganizationPolicyRecord::key_of(&organization.id, &id);
            if let Some(policy) = call.get::<OrganizationPolicyRecord>(&row).await? {
                recount(call, organization, &policy, -1).await?;
            }
        }
    }
    Ok(())
}
