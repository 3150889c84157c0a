//! The structures that several operations take or give, as AWS's model has them.

use coffer_model::{AccountId, Arn, Timestamp};
use coffer_pipeline::identity::{EntityPermissions, GroupRecord, UserRecord};
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
