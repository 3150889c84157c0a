//! Identity and Access Management: users, groups, roles, their keys and policies.

mod access_keys;
mod account;
mod add_user_to_group;
mod attach_group_policy;
mod attach_user_policy;
mod aws_managed;
mod change;
mod create_access_key;
mod create_account_alias;
mod create_group;
mod create_user;
mod create_virtual_mfa_device;
mod deactivate_mfa_device;
mod delete_access_key;
mod delete_account_alias;
mod delete_account_password_policy;
mod delete_group;
mod delete_group_policy;
mod delete_user;
mod delete_user_permissions_boundary;
mod delete_user_policy;
mod delete_virtual_mfa_device;
mod detach_group_policy;
mod detach_user_policy;
mod enable_mfa_device;
pub mod errors;
mod find;
mod get_access_key_last_used;
mod get_account_password_policy;
mod get_account_summary;
mod get_group;
mod get_group_policy;
mod get_mfa_device;
mod get_user;
mod get_user_policy;
#[cfg(test)]
mod golden;
mod id;
mod list_access_keys;
mod list_account_aliases;
mod list_attached_group_policies;
mod list_attached_user_policies;
mod list_group_policies;
mod list_groups;
mod list_groups_for_user;
mod list_mfa_device_tags;
mod list_mfa_devices;
mod list_user_policies;
mod list_user_tags;
mod list_users;
mod list_virtual_mfa_devices;
mod mfa;
mod pages;
mod path;
mod permissions;
mod policy_text;
mod put_group_policy;
mod put_user_permissions_boundary;
mod put_user_policy;
mod qr;
mod remove_user_from_group;
mod resync_mfa_device;
mod tag_mfa_device;
mod tag_user;
mod tags;
pub(crate) mod totp;
mod untag_mfa_device;
mod untag_user;
mod update_access_key;
mod update_account_password_policy;
mod update_group;
mod update_user;
mod wire;

use coffer_pipeline::{Entry, Protocol, Service};

/// IAM on the port.
pub const SERVICE: Service = Service {
    name: "iam",
    protocol: Protocol::Query {
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    },
    operations: &[
        // Users, groups, access keys, MFA devices, the account.
        Entry::of::<add_user_to_group::AddUserToGroup>(),
        Entry::of::<attach_group_policy::AttachGroupPolicy>(),
        Entry::of::<attach_user_policy::AttachUserPolicy>(),
        Entry::of::<create_access_key::CreateAccessKey>(),
        Entry::of::<create_account_alias::CreateAccountAlias>(),
        Entry::of::<create_group::CreateGroup>(),
        Entry::of::<create_user::CreateUser>(),
        Entry::of::<create_virtual_mfa_device::CreateVirtualMFADevice>(),
        Entry::of::<deactivate_mfa_device::DeactivateMFADevice>(),
        Entry::of::<delete_access_key::DeleteAccessKey>(),
        Entry::of::<delete_account_alias::DeleteAccountAlias>(),
        Entry::of::<delete_account_password_policy::DeleteAccountPasswordPolicy>(),
        Entry::of::<delete_group::DeleteGroup>(),
        Entry::of::<delete_group_policy::DeleteGroupPolicy>(),
        Entry::of::<delete_user::DeleteUser>(),
        Entry::of::<delete_user_permissions_boundary::DeleteUserPermissionsBoundary>(),
        Entry::of::<delete_user_policy::DeleteUserPolicy>(),
        Entry::of::<delete_virtual_mfa_device::DeleteVirtualMFADevice>(),
        Entry::of::<detach_group_policy::DetachGroupPolicy>(),
        Entry::of::<detach_user_policy::DetachUserPolicy>(),
        Entry::of::<enable_mfa_device::EnableMFADevice>(),
        Entry::of::<get_access_key_last_used::GetAccessKeyLastUsed>(),
        Entry::of::<get_account_password_policy::GetAccountPasswordPolicy>(),
        Entry::of::<get_account_summary::GetAccountSummary>(),
        Entry::of::<get_group::GetGroup>(),
        Entry::of::<get_group_policy::GetGroupPolicy>(),
        Entry::of::<get_mfa_device::GetMFADevice>(),
        Entry::of::<get_user::GetUser>(),
        Entry::of::<get_user_policy::GetUserPolicy>(),
        Entry::of::<list_access_keys::ListAccessKeys>(),
        Entry::of::<list_account_aliases::ListAccountAliases>(),
        Entry::of::<list_attached_group_policies::ListAttachedGroupPolicies>(),
        Entry::of::<list_attached_user_policies::ListAttachedUserPolicies>(),
        Entry::of::<list_group_policies::ListGroupPolicies>(),
        Entry::of::<list_groups::ListGroups>(),
        Entry::of::<list_groups_for_user::ListGroupsForUser>(),
        Entry::of::<list_mfa_device_tags::ListMFADeviceTags>(),
        Entry::of::<list_mfa_devices::ListMFADevices>(),
        Entry::of::<list_user_policies::ListUserPolicies>(),
        Entry::of::<list_user_tags::ListUserTags>(),
        Entry::of::<list_users::ListUsers>(),
        Entry::of::<list_virtual_mfa_devices::ListVirtualMFADevices>(),
        Entry::of::<put_group_policy::PutGroupPolicy>(),
        Entry::of::<put_user_permissions_boundary::PutUserPermissionsBoundary>(),
        Entry::of::<put_user_policy::PutUserPolicy>(),
        Entry::of::<remove_user_from_group::RemoveUserFromGroup>(),
        Entry::of::<resync_mfa_device::ResyncMFADevice>(),
        Entry::of::<tag_mfa_device::TagMFADevice>(),
        Entry::of::<tag_user::TagUser>(),
        Entry::of::<untag_mfa_device::UntagMFADevice>(),
        Entry::of::<untag_user::UntagUser>(),
        Entry::of::<update_access_key::UpdateAccessKey>(),
        Entry::of::<update_account_password_policy::UpdateAccountPasswordPolicy>(),
        Entry::of::<update_group::UpdateGroup>(),
        Entry::of::<update_user::UpdateUser>(),
        // Roles, managed policies, instance profiles, providers, simulation.
    ],
};
