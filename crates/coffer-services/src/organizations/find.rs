//! How a caller's words find an organization and what is in it.

use std::sync::Arc;

use coffer_model::AccountId;
use coffer_pipeline::Call;
use coffer_pipeline::identity::organization::{
    AccountRecord, Attached, FeatureSet, OrganizationPolicyRecord, OrganizationRecord, PolicyKind,
};
use coffer_protocol::Fault;

use super::errors::{OrganizationsError, invalid};
use super::wire::PolicyType;

/// The organization of the caller's account.
///
/// # Errors
/// `AWSOrganizationsNotInUseException`.
pub(crate) async fn own(call: &mut Call<'_>) -> Result<Arc<OrganizationRecord>, Fault> {
    own_if(call).await?.ok_or_else(|| {
        // AWS: as its tools show it (terraform-provider-aws, issues on aws_organizations_*).
        OrganizationsError::AWSOrganizationsNotInUseException
            .with("Your account is not a member of an organization.")
    })
}

/// The organization of the caller's account, if it is in one.
pub(super) async fn own_if(call: &mut Call<'_>) -> Result<Option<Arc<OrganizationRecord>>, Fault> {
    let row = AccountRecord::key_of(call.account());
    let Some(account) = call.get::<AccountRecord>(&row).await? else { return Ok(None) };
    call.get(&OrganizationRecord::key_of(&account.organization)).await
}

/// The organization that the caller's account manages.
///
/// # Errors
/// `AWSOrganizationsNotInUseException`; `AccessDeniedException` for a member.
pub(crate) async fn managed(call: &mut Call<'_>) -> Result<Arc<OrganizationRecord>, Fault> {
    let organization = own(call).await?;
    if organization.management_account == call.account() {
        return Ok(organization);
    }
    Err(OrganizationsError::AccessDeniedException
        .with("You don't have permissions to access this resource."))
}

/// An account of the organization.
///
/// # Errors
/// `AccountNotFoundException`.
pub(super) async fn account(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
) -> Result<Arc<AccountRecord>, Fault> {
    let found = account_if(call, organization, id).await?;
    found.ok_or_else(|| {
        OrganizationsError::AccountNotFoundException
            .with("You specified an account that doesn't exist.")
    })
}

/// An account of the organization, if it is one.
pub(crate) async fn account_if(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
) -> Result<Option<Arc<AccountRecord>>, Fault> {
    let Ok(id) = id.parse::<AccountId>() else { return Ok(None) };
    let found = call.get::<AccountRecord>(&AccountRecord::key_of(id)).await?;
    Ok(found.filter(|account| account.organization == organization.id))
}

/// A policy, of the organization's own or of AWS's.
///
/// # Errors
/// `PolicyNotFoundException`.
pub(super) async fn policy(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
) -> Result<Arc<OrganizationPolicyRecord>, Fault> {
    if let Some(managed) = OrganizationPolicyRecord::managed_of(id) {
        return Ok(managed);
    }
    let row = OrganizationPolicyRecord::key_of(&organization.id, id);
    let found = call.get::<OrganizationPolicyRecord>(&row).await?;
    found.ok_or_else(|| {
        OrganizationsError::PolicyNotFoundException
            .with("You specified a policy that doesn't exist.")
    })
}

/// What a policy can be attached to.
pub(super) enum Target {
    /// The root or a unit, by id.
    Unit(String),
    /// An account.
    Account(Arc<AccountRecord>),
}

impl Target {
    /// The policies that are attached to it.
    pub(super) fn attached<'a>(
        &'a self,
        organization: &'a OrganizationRecord,
    ) -> Option<&'a Attached> {
        match self {
            Self::Unit(id) => organization.unit(id).map(|unit| &unit.attached),
            Self::Account(account) => Some(&account.attached),
        }
    }
}

/// The root, the unit or the account of an id.
///
/// # Errors
/// `TargetNotFoundException`.
pub(super) async fn target(
    call: &mut Call<'_>,
    organization: &OrganizationRecord,
    id: &str,
) -> Result<Target, Fault> {
    if organization.unit(id).is_some() {
        return Ok(Target::Unit(id.to_owned()));
    }
    let account = account_if(call, organization, id).await?;
    account.map(Target::Account).ok_or_else(no_target)
}

/// The fault of a target that is not there.
pub(super) fn no_target() -> Fault {
    OrganizationsError::TargetNotFoundException.with("You specified a target that doesn't exist.")
}

/// Refuses what is no root or unit of the organization.
///
/// # Errors
/// `ParentNotFoundException`.
pub(super) fn must_be_parent(organization: &OrganizationRecord, id: &str) -> Result<(), Fault> {
    match organization.unit(id) {
        Some(_) => Ok(()),
        None => Err(OrganizationsError::ParentNotFoundException
            .with("You specified a parent that doesn't exist.")),
    }
}

/// The fault of a unit that is not there.
pub(super) fn no_unit() -> Fault {
    OrganizationsError::OrganizationalUnitNotFoundException
        .with("You specified an organizational unit that doesn't exist.")
}

/// The fault of a root that is not there.
pub(super) fn no_root() -> Fault {
    OrganizationsError::RootNotFoundException.with("You specified a root that doesn't exist.")
}

/// A type of policies that the organization can use.
///
/// # Errors
/// `PolicyTypeNotAvailableForOrganizationException` for the types that coffer lacks, and where the
/// organization has bills alone.
pub(super) fn kind_to_use(
    organization: &OrganizationRecord,
    wanted: PolicyType,
) -> Result<PolicyKind, Fault> {
    let kind = wanted.kind().filter(|_| organization.feature_set == FeatureSet::All);
    kind.ok_or_else(|| {
        OrganizationsError::PolicyTypeNotAvailableForOrganizationException
            .with("You can't use the specified policy type with the feature set currently enabled.")
    })
}

/// Refuses AWS's own policies, which nobody changes.
///
/// # Errors
/// `InvalidInputException`.
pub(super) fn must_be_own(policy: &OrganizationPolicyRecord) -> Result<(), Fault> {
    match policy.is_managed() {
        true => Err(invalid("IMMUTABLE_POLICY", "You can't change an AWS managed policy.")),
        false => Ok(()),
    }
}
