//! The structures that several operations take or give, as AWS's model has them.

use coffer_model::{AccountId, Arn, Timestamp};
use coffer_pipeline::identity::{
    EntityPermissions, GroupRecord, ManagedPolicyRecord, RoleLastUsedRecord, RoleRecord, UserRecord,
};
use coffer_protocol::{AwsEnum, Input, Output};

use super::path::name_of_arn;
use super::{policy_text, tags};

/// A tag.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct Tag {
    #[shape(required, min = 1, max = 128, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")]
    pub(super) key: String,
    #[shape(required, min = 0, max = 256, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")]
    pub(super) value: String,
}

/// A user.
#[derive(Output, Debug)]
pub(super) struct User {
    #[shape(required)]
    path: Option<String>,
    #[shape(required)]
    user_name: Option<String>,
    #[shape(required)]
    user_id: String,
    #[shape(required)]
    arn: String,
    #[shape(required)]
    create_date: Option<Timestamp>,
    password_last_used: Option<Timestamp>,
    permissions_boundary: Option<AttachedPermissionsBoundary>,
    tags: Option<Vec<Tag>>,
}

impl User {
    /// A user with all that is told of it.
    pub(super) fn whole(record: &UserRecord) -> Self {
        Self {
            permissions_boundary: AttachedPermissionsBoundary::of(&record.permissions),
            tags: tags::to_wire(&record.tags),
            ..Self::listed(record)
        }
    }

    /// A user as lists have it. AWS: without boundary and tags (IAM API reference, ListUsers).
    pub(super) fn listed(record: &UserRecord) -> Self {
        Self {
            path: Some(record.path.clone()),
            user_name: Some(record.user_name.clone()),
            user_id: record.user_id.clone(),
            arn: record.arn(),
            create_date: Some(record.created),
            password_last_used: None,
            permissions_boundary: None,
            tags: None,
        }
    }

    /// The root of an account. AWS: it has neither name nor path, whatever the model says.
    pub(super) fn root(account: AccountId) -> Self {
        Self {
            path: None,
            user_name: None,
            user_id: account.to_string(),
            arn: Arn::root(account).to_string(),
            create_date: None,
            password_last_used: None,
            permissions_boundary: None,
            tags: None,
        }
    }
}

/// A group.
#[derive(Output, Debug)]
pub(super) struct Group {
    #[shape(required)]
    path: String,
    #[shape(required)]
    group_name: String,
    #[shape(required)]
    group_id: String,
    #[shape(required)]
    arn: String,
    #[shape(required)]
    create_date: Timestamp,
}

impl Group {
    /// A group.
    pub(super) fn of(record: &GroupRecord) -> Self {
        Self {
            path: record.path.clone(),
            group_name: record.group_name.clone(),
            group_id: record.group_id.clone(),
            arn: record.arn(),
            create_date: record.created,
        }
    }
}

/// The policy that bounds what a user or role may do.
#[derive(Output, Debug)]
pub(super) struct AttachedPermissionsBoundary {
    permissions_boundary_type: Option<PermissionsBoundaryAttachmentType>,
    permissions_boundary_arn: Option<String>,
}

impl AttachedPermissionsBoundary {
    /// The boundary among these permissions.
    pub(super) fn of(permissions: &EntityPermissions) -> Option<Self> {
        permissions.boundary.as_ref().map(|arn| Self {
            permissions_boundary_type: Some(PermissionsBoundaryAttachmentType::Policy),
            permissions_boundary_arn: Some(arn.clone()),
        })
    }
}

/// What a boundary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum PermissionsBoundaryAttachmentType {
    #[shape(wire = "PermissionsBoundaryPolicy")]
    Policy,
}

/// A managed policy that is attached.
#[derive(Output, Debug)]
pub(super) struct AttachedPolicy {
    policy_name: Option<String>,
    policy_arn: Option<String>,
}

impl AttachedPolicy {
    /// The attached policy of this ARN.
    pub(super) fn of(arn: &str) -> Self {
        Self { policy_name: Some(name_of_arn(arn).to_owned()), policy_arn: Some(arn.to_owned()) }
    }
}

/// An inline policy.
#[derive(Output, Debug)]
pub(super) struct PolicyDetail {
    policy_name: Option<String>,
    policy_document: Option<String>,
}

impl PolicyDetail {
    /// All inline policies among these permissions.
    pub(super) fn all_of(permissions: &EntityPermissions) -> Vec<Self> {
        let of = |(name, document): (&String, _)| Self {
            policy_name: Some(name.clone()),
            policy_document: Some(policy_text::encoded(document)),
        };
        permissions.inline.iter().map(of).collect()
    }
}

/// A managed policy.
#[derive(Output, Debug)]
pub(super) struct Policy {
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
    tags: Option<Vec<Tag>>,
}

impl Policy {
    /// A customer's policy with all that is told of it.
    pub(super) fn whole(record: &ManagedPolicyRecord) -> Self {
        Self {
            description: record.description.clone(),
            tags: tags::to_wire(&record.tags),
            ..Self::listed(record)
        }
    }

    /// A customer's policy as lists have it. AWS: without description and tags (IAM API reference,
    /// ListPolicies).
    pub(super) fn listed(record: &ManagedPolicyRecord) -> Self {
        Self {
            policy_name: Some(record.policy_name.clone()),
            policy_id: Some(record.policy_id.clone()),
            arn: Some(record.arn()),
            path: Some(record.path.clone()),
            default_version_id: Some(format!("v{}", record.default_version)),
            attachment_count: Some(i32::try_from(record.attachment_count).unwrap_or(i32::MAX)),
            permissions_boundary_usage_count: Some(
                i32::try_from(record.boundary_count).unwrap_or(i32::MAX),
            ),
            is_attachable: Some(true),
            description: None,
            create_date: Some(record.created),
            update_date: Some(record.updated),
            tags: None,
        }
    }
}

/// A role.
#[derive(Output, Debug)]
pub(super) struct Role {
    #[shape(required)]
    path: String,
    #[shape(required)]
    role_name: String,
    #[shape(required)]
    role_id: String,
    #[shape(required)]
    arn: String,
    #[shape(required)]
    create_date: Timestamp,
    assume_role_policy_document: Option<String>,
    description: Option<String>,
    max_session_duration: Option<i32>,
    permissions_boundary: Option<AttachedPermissionsBoundary>,
    tags: Option<Vec<Tag>>,
    role_last_used: Option<RoleLastUsed>,
    source_role_template: Option<SourceRoleTemplate>,
}

impl Role {
    /// A role with all that is told of it.
    pub(super) fn whole(record: &RoleRecord, used: Option<&RoleLastUsedRecord>) -> Self {
        Self {
            permissions_boundary: AttachedPermissionsBoundary::of(&record.permissions),
            tags: tags::to_wire(&record.tags),
            role_last_used: Some(RoleLastUsed::of(used)),
            ..Self::listed(record)
        }
    }

    /// A role as lists have it. AWS: without boundary, tags and last use (IAM API reference,
    /// ListRoles).
    pub(super) fn listed(record: &RoleRecord) -> Self {
        Self {
            path: record.path.clone(),
            role_name: record.role_name.clone(),
            role_id: record.role_id.clone(),
            arn: record.arn(),
            create_date: record.created,
            assume_role_policy_document: Some(policy_text::encoded(&record.trust)),
            description: record.description.clone(),
            max_session_duration: Some(record.session_seconds_max),
            permissions_boundary: None,
            tags: None,
            role_last_used: None,
            source_role_template: None,
        }
    }
}

/// When and where a role was last used; empty for one that never was.
#[derive(Output, Debug)]
pub(super) struct RoleLastUsed {
    last_used_date: Option<Timestamp>,
    region: Option<String>,
}

impl RoleLastUsed {
    /// What is noted of a role.
    pub(super) fn of(used: Option<&RoleLastUsedRecord>) -> Self {
        Self {
            last_used_date: used.map(|used| used.used),
            region: used.map(|used| used.region.to_string()),
        }
    }
}

/// What a role was made from; coffer has no templates.
#[derive(Output, Debug)]
pub(super) struct SourceRoleTemplate {
    #[shape(required)]
    template_arn: String,
    #[shape(required)]
    template_minor_version: i32,
}
