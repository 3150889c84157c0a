//! All that decides what the users, groups and roles of an account may do.

use std::sync::Arc;

use coffer_model::Timestamp;
use coffer_pipeline::Call;
use coffer_pipeline::identity::{
    AwsManagedPolicy, GroupRecord, ManagedPolicyRecord, RoleLastUsedRecord, RoleRecord, UserRecord,
    aws_managed_policies,
};
use coffer_protocol::{Fault, Output};

use super::managed_policy::{self, Uses};
use super::wire::{AttachedPermissionsBoundary, AttachedPolicy, PolicyDetail, Tag};
use super::wire_policy::{EntityType, PolicyVersion, count, version_id};
use super::wire_profile::InstanceProfile;
use super::wire_role::RoleLastUsed;
use super::{instance_profile, pages, permissions, policy_text, tags, trust};

/// One of the things that are told.
pub(super) enum Entry {
    /// A user.
    User(Arc<UserRecord>),
    /// A group.
    Group(Arc<GroupRecord>),
    /// A role.
    Role(Arc<RoleRecord>),
    /// A managed policy of the account.
    Policy(Arc<ManagedPolicyRecord>),
    /// A managed policy of AWS that somebody has.
    Aws(&'static AwsManagedPolicy, Uses),
}

/// All that is told of an account, by its place in the listing.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn entries(
    call: &Call<'_>,
    filter: Option<&[EntityType]>,
) -> Result<Vec<(String, Entry)>, Fault> {
    let account = call.account();
    let filter = filter.unwrap_or_default();
    let is_wanted = |kind| filter.is_empty() || filter.contains(&kind);
    let mut found = Vec::new();
    let mut add = |order: u8, name: &str, entry| {
        found.push((format!("{order}/{}", name.to_ascii_lowercase()), entry));
    };
    if is_wanted(EntityType::User) {
        for user in pages::all::<UserRecord>(call, &UserRecord::all_of(account)).await? {
            add(1, &user.user_name.clone(), Entry::User(user));
        }
    }
    if is_wanted(EntityType::Group) {
        for group in pages::all::<GroupRecord>(call, &GroupRecord::all_of(account)).await? {
            add(2, &group.group_name.clone(), Entry::Group(group));
        }
    }
    if is_wanted(EntityType::Role) {
        for role in pages::all::<RoleRecord>(call, &RoleRecord::all_of(account)).await? {
            add(3, &role.role_name.clone(), Entry::Role(role));
        }
    }
    if is_wanted(EntityType::LocalManagedPolicy) {
        let prefix = ManagedPolicyRecord::all_of(account);
        for policy in pages::all::<ManagedPolicyRecord>(call, &prefix).await? {
            add(4, &policy.policy_name.clone(), Entry::Policy(policy));
        }
    }
    if is_wanted(EntityType::AwsManagedPolicy) {
        // AWS: of its own policies those are told that are attached or bound.
        let uses = managed_policy::uses_of_aws(call).await?;
        for policy in aws_managed_policies() {
            let used = uses.of(&policy.arn());
            if used != Uses::default() {
                add(5, policy.name, Entry::Aws(policy, used));
            }
        }
    }
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(found)
}

/// A user with its policies.
#[derive(Output, Debug)]
pub(super) struct UserDetail {
    path: Option<String>,
    user_name: Option<String>,
    user_id: Option<String>,
    arn: Option<String>,
    create_date: Option<Timestamp>,
    user_policy_list: Option<Vec<PolicyDetail>>,
    group_list: Option<Vec<String>>,
    attached_managed_policies: Option<Vec<AttachedPolicy>>,
    permissions_boundary: Option<AttachedPermissionsBoundary>,
    tags: Option<Vec<Tag>>,
}

impl UserDetail {
    /// A user.
    pub(super) async fn of(call: &mut Call<'_>, user: &UserRecord) -> Result<Self, Fault> {
        let key_of = |name: &String| GroupRecord::key_of(user.account, name);
        let keys: Vec<_> = user.groups.iter().map(key_of).collect();
        let groups = call.get_many::<GroupRecord>(&keys).await?;
        let names = groups.into_iter().flatten().map(|group| group.group_name.clone());
        Ok(Self {
            path: Some(user.path.clone()),
            user_name: Some(user.user_name.clone()),
            user_id: Some(user.user_id.clone()),
            arn: Some(user.arn()),
            create_date: Some(user.created),
            user_policy_list: inline(PolicyDetail::all_of(&user.permissions)),
            group_list: Some(names.collect()),
            attached_managed_policies: Some(permissions::attached(&user.permissions)),
            permissions_boundary: AttachedPermissionsBoundary::of(&user.permissions),
            tags: Some(tags::to_wire(&user.tags).unwrap_or_default()),
        })
    }
}

/// A group with its policies.
#[derive(Output, Debug)]
pub(super) struct GroupDetail {
    path: Option<String>,
    group_name: Option<String>,
    group_id: Option<String>,
    arn: Option<String>,
    create_date: Option<Timestamp>,
    group_policy_list: Option<Vec<PolicyDetail>>,
    attached_managed_policies: Option<Vec<AttachedPolicy>>,
}

impl GroupDetail {
    /// A group.
    pub(super) fn of(group: &GroupRecord) -> Self {
        Self {
            path: Some(group.path.clone()),
            group_name: Some(group.group_name.clone()),
            group_id: Some(group.group_id.clone()),
            arn: Some(group.arn()),
            create_date: Some(group.created),
            group_policy_list: Some(PolicyDetail::all_of(&group.permissions)),
            attached_managed_policies: Some(permissions::attached(&group.permissions)),
        }
    }
}

/// A role with its policies.
#[derive(Output, Debug)]
pub(super) struct RoleDetail {
    path: Option<String>,
    role_name: Option<String>,
    role_id: Option<String>,
    arn: Option<String>,
    create_date: Option<Timestamp>,
    assume_role_policy_document: Option<String>,
    instance_profile_list: Option<Vec<InstanceProfile>>,
    role_policy_list: Option<Vec<PolicyDetail>>,
    attached_managed_policies: Option<Vec<AttachedPolicy>>,
    permissions_boundary: Option<AttachedPermissionsBoundary>,
    tags: Option<Vec<Tag>>,
    role_last_used: Option<RoleLastUsed>,
}

impl RoleDetail {
    /// A role.
    pub(super) async fn of(call: &mut Call<'_>, role: &RoleRecord) -> Result<Self, Fault> {
        let key = RoleLastUsedRecord::key_of(role.account, &role.role_id);
        let used = call.get::<RoleLastUsedRecord>(&key).await?;
        let trust = trust::shown(call, role).await?;
        let profiles = instance_profile::all_of_role(call, role).await?;
        Ok(Self {
            path: Some(role.path.clone()),
            role_name: Some(role.role_name.clone()),
            role_id: Some(role.role_id.clone()),
            arn: Some(role.arn()),
            create_date: Some(role.created),
            assume_role_policy_document: Some(policy_text::encoded(&trust)),
            instance_profile_list: Some(instance_profile::listed(call, &profiles).await?),
            role_policy_list: Some(PolicyDetail::all_of(&role.permissions)),
            attached_managed_policies: Some(permissions::attached(&role.permissions)),
            permissions_boundary: AttachedPermissionsBoundary::of(&role.permissions),
            tags: Some(tags::to_wire(&role.tags).unwrap_or_default()),
            role_last_used: Some(RoleLastUsed::of(used.as_deref())),
        })
    }
}

/// A managed policy with its versions.
#[derive(Output, Debug)]
pub(super) struct ManagedPolicyDetail {
    policy_name: Option<String>,
    policy_id: Option<String>,
    arn: Option<String>,
    path: Option<String>,
    default_version_id: Option<String>,
    attachment_count: Option<i32>,
    permissions_boundary_usage_count: Option<i32>,
    is_attachable: Option<bool>,
    description: Option<String>,
    create_date: Option<Timestamp>,
    update_date: Option<Timestamp>,
    policy_version_list: Option<Vec<PolicyVersion>>,
}

impl ManagedPolicyDetail {
    /// A policy of the account.
    pub(super) fn of(policy: &ManagedPolicyRecord) -> Self {
        let versions = policy.versions.iter().rev().map(|version| {
            PolicyVersion::listed(version, policy.default_version).with(&version.document)
        });
        Self {
            policy_name: Some(policy.policy_name.clone()),
            policy_id: Some(policy.policy_id.clone()),
            arn: Some(policy.arn()),
            path: Some(policy.path.clone()),
            default_version_id: Some(version_id(policy.default_version)),
            attachment_count: Some(count(policy.attachment_count)),
            permissions_boundary_usage_count: Some(count(policy.boundary_count)),
            is_attachable: Some(true),
            description: policy.description.clone(),
            create_date: Some(policy.created),
            update_date: Some(policy.updated),
            policy_version_list: Some(versions.collect()),
        }
    }

    /// A policy of AWS.
    pub(super) fn of_aws(policy: &AwsManagedPolicy, uses: Uses) -> Self {
        Self {
            policy_name: Some(policy.name.to_owned()),
            policy_id: Some(policy.policy_id.to_owned()),
            arn: Some(policy.arn()),
            path: Some(policy.path.to_owned()),
            default_version_id: Some(version_id(policy.version)),
            attachment_count: Some(count(uses.attached)),
            permissions_boundary_usage_count: Some(count(uses.bounding)),
            is_attachable: Some(true),
            description: None,
            create_date: Some(policy.created()),
            update_date: Some(policy.updated()),
            policy_version_list: Some(vec![PolicyVersion::of_aws(policy).with(&policy.document())]),
        }
    }
}

/// AWS: a user without inline policies has no list of them.
fn inline(policies: Vec<PolicyDetail>) -> Option<Vec<PolicyDetail>> {
    Some(policies).filter(|policies| !policies.is_empty())
}
