//! Identity and Access Management: users, groups, roles, their keys and policies.

mod add_client_id_to_open_id_connect_provider;
mod add_role_to_instance_profile;
mod attach_role_policy;
mod authorization_details;
mod create_instance_profile;
mod create_open_id_connect_provider;
mod create_policy;
mod create_policy_version;
mod create_role;
mod create_user;
mod delete_instance_profile;
mod delete_open_id_connect_provider;
mod delete_policy;
mod delete_policy_version;
mod delete_role;
mod delete_role_permissions_boundary;
mod delete_role_policy;
mod detach_role_policy;
pub mod errors;
mod find;
mod get_account_authorization_details;
mod get_context_keys_for_custom_policy;
mod get_context_keys_for_principal_policy;
mod get_instance_profile;
mod get_open_id_connect_provider;
mod get_policy;
mod get_policy_version;
mod get_role;
mod get_role_policy;
mod get_user;
mod id;
mod instance_profile;
mod list_attached_role_policies;
mod list_entities_for_policy;
mod list_instance_profile_tags;
mod list_instance_profiles;
mod list_instance_profiles_for_role;
mod list_open_id_connect_provider_tags;
mod list_open_id_connect_providers;
mod list_policies;
mod list_policy_tags;
mod list_policy_versions;
mod list_role_policies;
mod list_role_tags;
mod list_roles;
mod managed_policy;
mod oidc_provider;
mod pages;
mod path;
mod permissions;
mod policy_text;
mod put_role_permissions_boundary;
mod put_role_policy;
mod remove_client_id_from_open_id_connect_provider;
mod remove_role_from_instance_profile;
mod set_default_policy_version;
mod simulate_custom_policy;
mod simulate_principal_policy;
mod simulation;
mod tag_instance_profile;
mod tag_open_id_connect_provider;
mod tag_policy;
mod tag_role;
mod tags;
mod trust;
mod untag_instance_profile;
mod untag_open_id_connect_provider;
mod untag_policy;
mod untag_role;
mod update_assume_role_policy;
mod update_open_id_connect_provider_thumbprint;
mod update_role;
mod update_role_description;
mod wire;
mod wire_policy;
mod wire_profile;
mod wire_role;
mod wire_simulation;

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
        Entry::of::<create_user::CreateUser>(),
        Entry::of::<get_user::GetUser>(),
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
