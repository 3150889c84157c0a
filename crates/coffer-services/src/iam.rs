//! Identity and Access Management: users, groups, roles, their keys and policies.

mod add_user_to_group;
mod attach_group_policy;
mod attach_user_policy;
mod aws_managed;
mod change;
mod create_group;
mod create_user;
mod delete_group;
mod delete_group_policy;
mod delete_user;
mod delete_user_permissions_boundary;
mod delete_user_policy;
mod detach_group_policy;
mod detach_user_policy;
pub mod errors;
mod find;
mod get_group;
mod get_group_policy;
mod get_user;
mod get_user_policy;
mod id;
mod list_attached_group_policies;
mod list_attached_user_policies;
mod list_group_policies;
mod list_groups;
mod list_groups_for_user;
mod list_user_policies;
mod list_user_tags;
mod list_users;
mod pages;
mod path;
mod permissions;
mod policy_text;
mod put_group_policy;
mod put_user_permissions_boundary;
mod put_user_policy;
mod remove_user_from_group;
mod tag_user;
mod tags;
pub(crate) mod totp;
mod untag_user;
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
        Entry::of::<create_group::CreateGroup>(),
        Entry::of::<create_user::CreateUser>(),
        Entry::of::<delete_group::DeleteGroup>(),
        Entry::of::<delete_group_policy::DeleteGroupPolicy>(),
        Entry::of::<delete_user::DeleteUser>(),
        Entry::of::<delete_user_permissions_boundary::DeleteUserPermissionsBoundary>(),
        Entry::of::<delete_user_policy::DeleteUserPolicy>(),
        Entry::of::<detach_group_policy::DetachGroupPolicy>(),
        Entry::of::<detach_user_policy::DetachUserPolicy>(),
        Entry::of::<get_group::GetGroup>(),
        Entry::of::<get_group_policy::GetGroupPolicy>(),
        Entry::of::<get_user::GetUser>(),
        Entry::of::<get_user_policy::GetUserPolicy>(),
        Entry::of::<list_attached_group_policies::ListAttachedGroupPolicies>(),
        Entry::of::<list_attached_user_policies::ListAttachedUserPolicies>(),
        Entry::of::<list_group_policies::ListGroupPolicies>(),
        Entry::of::<list_groups::ListGroups>(),
        Entry::of::<list_groups_for_user::ListGroupsForUser>(),
        Entry::of::<list_user_policies::ListUserPolicies>(),
        Entry::of::<list_user_tags::ListUserTags>(),
        Entry::of::<list_users::ListUsers>(),
        Entry::of::<put_group_policy::PutGroupPolicy>(),
        Entry::of::<put_user_permissions_boundary::PutUserPermissionsBoundary>(),
        Entry::of::<put_user_policy::PutUserPolicy>(),
        Entry::of::<remove_user_from_group::RemoveUserFromGroup>(),
        Entry::of::<tag_user::TagUser>(),
        Entry::of::<untag_user::UntagUser>(),
        Entry::of::<update_group::UpdateGroup>(),
        Entry::of::<update_user::UpdateUser>(),
        // Roles, managed policies, instance profiles, providers, simulation.
    ],
};
