//! Organizations: accounts in a tree of units, and the policies that bound them.

mod attach;
mod attach_policy;
mod close_account;
mod content;
mod create_account;
mod create_organization;
mod create_organizational_unit;
mod create_policy;
mod delete_organizational_unit;
mod delete_policy;
mod demand;
mod describe_account;
mod describe_create_account_status;
mod describe_organization;
mod describe_organizational_unit;
mod describe_policy;
mod detach_policy;
mod disable_policy_type;
mod enable_policy_type;
mod errors;
pub(crate) mod find;
pub(crate) mod found;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
#[cfg(test)]
mod golden;
mod list_accounts;
mod list_accounts_for_parent;
mod list_children;
mod list_create_account_status;
mod list_organizational_units_for_parent;
mod list_parents;
mod list_policies;
mod list_policies_for_target;
mod list_roots;
mod list_tags_for_resource;
mod list_targets_for_policy;
mod move_account;
mod pages;
mod records;
mod tag_resource;
mod tags;
mod untag_resource;
mod update_organizational_unit;
mod update_policy;
mod wire;

use coffer_pipeline::{Entry, Protocol, Service};

use crate::quotas;

/// Organizations on the port.
pub const SERVICE: Service = Service {
    name: "organizations",
    protocol: Protocol::Json { target_prefix: "AWSOrganizationsV20161128" },
    throttled: quotas::organizations_rate_exceeded,
    operations: &[
        Entry::of::<attach_policy::AttachPolicy>(),
        Entry::of::<close_account::CloseAccount>(),
        Entry::of::<create_account::CreateAccount>(),
        Entry::of::<create_organization::CreateOrganization>(),
        Entry::of::<create_organizational_unit::CreateOrganizationalUnit>(),
        Entry::of::<create_policy::CreatePolicy>(),
        Entry::of::<delete_organizational_unit::DeleteOrganizationalUnit>(),
        Entry::of::<delete_policy::DeletePolicy>(),
        Entry::of::<describe_account::DescribeAccount>(),
        Entry::of::<describe_create_account_status::DescribeCreateAccountStatus>(),
        Entry::of::<describe_organization::DescribeOrganization>(),
        Entry::of::<describe_organizational_unit::DescribeOrganizationalUnit>(),
        Entry::of::<describe_policy::DescribePolicy>(),
        Entry::of::<detach_policy::DetachPolicy>(),
        Entry::of::<disable_policy_type::DisablePolicyType>(),
        Entry::of::<enable_policy_type::EnablePolicyType>(),
        Entry::of::<list_accounts::ListAccounts>(),
        Entry::of::<list_accounts_for_parent::ListAccountsForParent>(),
        Entry::of::<list_children::ListChildren>(),
        Entry::of::<list_create_account_status::ListCreateAccountStatus>(),
        Entry::of::<list_organizational_units_for_parent::ListOrganizationalUnitsForParent>(),
        Entry::of::<list_parents::ListParents>(),
        Entry::of::<list_policies::ListPolicies>(),
        Entry::of::<list_policies_for_target::ListPoliciesForTarget>(),
        Entry::of::<list_roots::ListRoots>(),
        Entry::of::<list_tags_for_resource::ListTagsForResource>(),
        Entry::of::<list_targets_for_policy::ListTargetsForPolicy>(),
        Entry::of::<move_account::MoveAccount>(),
        Entry::of::<tag_resource::TagResource>(),
        Entry::of::<untag_resource::UntagResource>(),
        Entry::of::<update_organizational_unit::UpdateOrganizationalUnit>(),
        Entry::of::<update_policy::UpdatePolicy>(),
    ],
};
