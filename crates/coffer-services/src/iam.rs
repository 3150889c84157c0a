//! Identity and Access Management: users, groups, roles, their keys and policies.

mod access_keys;
mod account;
mod add_client_id_to_open_id_connect_provider;
mod add_role_to_instance_profile;
mod add_user_to_group;
mod attach_group_policy;
mod attach_role_policy;
mod attach_user_policy;
mod authorization_details;
mod change;
mod create_access_key;
mod create_account_alias;
mod create_group;
mod create_instance_profile;
mod create_open_id_connect_provider;
mod create_policy;
mod create_policy_version;
mod create_role;
mod create_user;
mod create_virtual_mfa_device;
mod deactivate_mfa_device;
mod delete_access_key;
mod delete_account_alias;
mod delete_account_password_policy;
mod delete_group;
mod delete_group_policy;
mod delete_instance_profile;
mod delete_open_id_connect_provider;
mod delete_policy;
mod delete_policy_version;
mod delete_role;
mod delete_role_permissions_boundary;
mod delete_role_policy;
mod delete_user;
mod delete_user_permissions_boundary;
mod delete_user_policy;
mod delete_virtual_mfa_device;
mod detach_group_policy;
mod detach_role_policy;
mod detach_user_policy;
mod enable_mfa_device;
pub mod errors;
mod find;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod get_access_key_last_used;
mod get_account_authorization_details;
mod get_account_password_policy;
mod get_account_summary;
mod get_context_keys_for_custom_policy;
mod get_context_keys_for_principal_policy;
mod get_group;
mod get_group_policy;
mod get_instance_profile;
mod get_mfa_device;
mod get_open_id_connect_provider;
mod get_policy;
mod get_policy_version;
mod get_role;
mod get_role_policy;
mod get_user;
mod get_user_policy;
#[cfg(test)]
mod golden;
mod id;
mod instance_profile;
mod list_access_keys;
mod list_account_aliases;
mod list_attached_group_policies;
mod list_attached_role_policies;
mod list_attached_user_policies;
mod list_entities_for_policy;
mod list_group_policies;
mod list_groups;
mod list_groups_for_user;
mod list_instance_profile_tags;
mod list_instance_profiles;
mod list_instance_profiles_for_role;
mod list_mfa_device_tags;
mod list_mfa_devices;
mod list_open_id_connect_provider_tags;
mod list_open_id_connect_providers;
mod list_policies;
mod list_policy_tags;
mod list_policy_versions;
mod list_role_policies;
mod list_role_tags;
mod list_roles;
mod list_user_policies;
mod list_user_tags;
mod list_users;
mod list_virtual_mfa_devices;
mod managed_policy;
mod mfa;
mod oidc_provider;
mod pages;
mod path;
mod permissions;
mod policy_text;
mod put_group_policy;
mod put_role_permissions_boundary;
mod put_role_policy;
mod put_user_permissions_boundary;
mod put_user_policy;
mod qr;
mod remove_client_id_from_open_id_connect_provider;
mod remove_role_from_instance_profile;
mod remove_user_from_group;
mod resync_mfa_device;
mod set_default_policy_version;
mod simulate_custom_policy;
mod simulate_principal_policy;
mod simulation;
mod tag_instance_profile;
mod tag_mfa_device;
mod tag_open_id_connect_provider;
mod tag_policy;
mod tag_role;
mod tag_user;
mod tags;
pub(crate) mod totp;
pub(crate) mod trust;
mod untag_instance_profile;
mod untag_mfa_device;
mod untag_open_id_connect_provider;
mod untag_policy;
mod untag_role;
mod untag_user;
mod update_access_key;
mod update_account_password_policy;
mod update_assume_role_policy;
mod update_group;
mod update_open_id_connect_provider_thumbprint;
mod update_role;
mod update_role_description;
mod update_user;
mod wire;
mod wire_policy;
mod wire_profile;
mod wire_role;
mod wire_simulation;

use coffer_pipeline::{Entry, Protocol, Service};

use crate::quotas;

/// IAM on the port.
pub const SERVICE: Service = Service {
    name: "iam",
    protocol: Protocol::Query {
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    },
    throttled: quotas::rate_exceeded,
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
        Entry::of::<create_role::CreateRole>(),
        Entry::of::<get_role::GetRole>(),
        Entry::of::<update_role::UpdateRole>(),
        Entry::of::<update_role_description::UpdateRoleDescription>(),
        Entry::of::<update_assume_role_policy::UpdateAssumeRolePolicy>(),
        Entry::of::<delete_role::DeleteRole>(),
        Entry::of::<list_roles::ListRoles>(),
        Entry::of::<tag_role::TagRole>(),
        Entry::of::<untag_role::UntagRole>(),
        Entry::of::<list_role_tags::ListRoleTags>(),
        Entry::of::<put_role_policy::PutRolePolicy>(),
        Entry::of::<get_role_policy::GetRolePolicy>(),
        Entry::of::<delete_role_policy::DeleteRolePolicy>(),
        Entry::of::<list_role_policies::ListRolePolicies>(),
        Entry::of::<attach_role_policy::AttachRolePolicy>(),
        Entry::of::<detach_role_policy::DetachRolePolicy>(),
        Entry::of::<list_attached_role_policies::ListAttachedRolePolicies>(),
        Entry::of::<put_role_permissions_boundary::PutRolePermissionsBoundary>(),
        Entry::of::<delete_role_permissions_boundary::DeleteRolePermissionsBoundary>(),
        Entry::of::<create_policy::CreatePolicy>(),
        Entry::of::<get_policy::GetPolicy>(),
        Entry::of::<delete_policy::DeletePolicy>(),
        Entry::of::<list_policies::ListPolicies>(),
        Entry::of::<create_policy_version::CreatePolicyVersion>(),
        Entry::of::<get_policy_version::GetPolicyVersion>(),
        Entry::of::<list_policy_versions::ListPolicyVersions>(),
        Entry::of::<delete_policy_version::DeletePolicyVersion>(),
        Entry::of::<set_default_policy_version::SetDefaultPolicyVersion>(),
        Entry::of::<tag_policy::TagPolicy>(),
        Entry::of::<untag_policy::UntagPolicy>(),
        Entry::of::<list_policy_tags::ListPolicyTags>(),
        Entry::of::<list_entities_for_policy::ListEntitiesForPolicy>(),
        Entry::of::<create_instance_profile::CreateInstanceProfile>(),
        Entry::of::<get_instance_profile::GetInstanceProfile>(),
        Entry::of::<delete_instance_profile::DeleteInstanceProfile>(),
        Entry::of::<list_instance_profiles::ListInstanceProfiles>(),
        Entry::of::<list_instance_profiles_for_role::ListInstanceProfilesForRole>(),
        Entry::of::<add_role_to_instance_profile::AddRoleToInstanceProfile>(),
        Entry::of::<remove_role_from_instance_profile::RemoveRoleFromInstanceProfile>(),
        Entry::of::<tag_instance_profile::TagInstanceProfile>(),
        Entry::of::<untag_instance_profile::UntagInstanceProfile>(),
        Entry::of::<list_instance_profile_tags::ListInstanceProfileTags>(),
        Entry::of::<create_open_id_connect_provider::CreateOpenIDConnectProvider>(),
        Entry::of::<get_open_id_connect_provider::GetOpenIDConnectProvider>(),
        Entry::of::<list_open_id_connect_providers::ListOpenIDConnectProviders>(),
        Entry::of::<delete_open_id_connect_provider::DeleteOpenIDConnectProvider>(),
        Entry::of::<add_client_id_to_open_id_connect_provider::AddClientIDToOpenIDConnectProvider>(
        ),
        Entry::of::<
            remove_client_id_from_open_id_connect_provider::RemoveClientIDFromOpenIDConnectProvider,
        >(),
        Entry::of::<
            update_open_id_connect_provider_thumbprint::UpdateOpenIDConnectProviderThumbprint,
        >(),
        Entry::of::<tag_open_id_connect_provider::TagOpenIDConnectProvider>(),
        Entry::of::<untag_open_id_connect_provider::UntagOpenIDConnectProvider>(),
        Entry::of::<list_open_id_connect_provider_tags::ListOpenIDConnectProviderTags>(),
        Entry::of::<simulate_custom_policy::SimulateCustomPolicy>(),
        Entry::of::<simulate_principal_policy::SimulatePrincipalPolicy>(),
        Entry::of::<get_context_keys_for_custom_policy::GetContextKeysForCustomPolicy>(),
        Entry::of::<get_context_keys_for_principal_policy::GetContextKeysForPrincipalPolicy>(),
        Entry::of::<get_account_authorization_details::GetAccountAuthorizationDetails>(),
    ],
};
