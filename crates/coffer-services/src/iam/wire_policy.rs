//! Managed policies as requests and answers have them.

use coffer_model::Timestamp;
use coffer_pipeline::identity::{
    self, AwsManagedPolicy, GroupRecord, ManagedPolicyRecord, PolicyDocument, RoleRecord,
    UserRecord,
};
use coffer_protocol::{AwsEnum, Output};

use super::managed_policy::Uses;
use super::wire::Tag;
use super::{policy_text, tags};

/// Whose policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
#[shape(name = "policyScopeType")]
pub(super) enum PolicyScope {
    /// All of them.
    All,
    /// Those of AWS.
    #[shape(wire = "AWS")]
    Aws,
    /// Those of the account.
    Local,
}

/// How a policy is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum PolicyUsageType {
    /// It is attached.
    PermissionsPolicy,
    /// It bounds.
    PermissionsBoundary,
}

/// The kinds of what an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum EntityType {
    /// Users.
    User,
    /// Roles.
    Role,
    /// Groups.
    Group,
    /// The account's managed policies.
    LocalManagedPolicy,
    /// Those of AWS.
    #[shape(wire = "AWSManagedPolicy")]
    AwsManagedPolicy,
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
    /// A policy of the account with all that is told of it. AWS: an empty list where it has no tag.
    pub(super) fn whole(record: &ManagedPolicyRecord) -> Self {
        Self {
            description: record.description.clone(),
            tags: Some(tags::to_wire(&record.tags).unwrap_or_default()),
            ..Self::listed(record)
        }
    }

    /// A policy of the account as whoever makes it is told. AWS: without its description.
    pub(super) fn created(record: &ManagedPolicyRecord) -> Self {
        Self { tags: tags::to_wire(&record.tags), ..Self::listed(record) }
    }

    /// A policy of the account as lists have it. AWS: without description and tags (IAM API
    /// reference, ListPolicies).
    pub(super) fn listed(record: &ManagedPolicyRecord) -> Self {
        Self {
            policy_name: Some(record.policy_name.clone()),
            policy_id: Some(record.policy_id.clone()),
            arn: Some(record.arn()),
            path: Some(record.path.clone()),
            default_version_id: Some(version_id(record.default_version)),
            attachment_count: Some(count(record.attachment_count)),
            permissions_boundary_usage_count: Some(count(record.boundary_count)),
            is_attachable: Some(true),
            description: None,
            create_date: Some(record.created),
            update_date: Some(record.updated),
            tags: None,
        }
    }

    /// A policy of AWS with all that is told of it.
    pub(super) fn of_aws_whole(policy: &AwsManagedPolicy, used: Uses) -> Self {
        Self {
            description: Some(policy.description.to_owned()),
            tags: Some(Vec::new()),
            ..Self::of_aws(policy, used)
        }
    }

    /// A policy of AWS as lists have it.
    pub(super) fn of_aws(policy: &AwsManagedPolicy, used: Uses) -> Self {
        Self {
            policy_name: Some(policy.name.to_owned()),
            policy_id: Some(policy.policy_id.to_owned()),
            arn: Some(policy.arn()),
            path: Some(policy.path.to_owned()),
            default_version_id: Some(version_id(policy.version)),
            attachment_count: Some(count(used.attached)),
            permissions_boundary_usage_count: Some(count(used.bounding)),
            is_attachable: Some(true),
            description: None,
            create_date: Some(policy.created()),
            update_date: Some(policy.updated()),
            tags: None,
        }
    }
}

/// A version of a managed policy.
#[derive(Output, Debug)]
pub(super) struct PolicyVersion {
    document: Option<String>,
    version_id: Option<String>,
    is_default_version: Option<bool>,
    create_date: Option<Timestamp>,
}

impl PolicyVersion {
    /// A version without its document, as lists have it.
    pub(super) fn listed(version: &identity::PolicyVersion, default_version: u32) -> Self {
        Self {
            document: None,
            version_id: Some(version_id(version.number)),
            is_default_version: Some(version.number == default_version),
            create_date: Some(version.created),
        }
    }

    /// The version of a policy of AWS, without its document.
    pub(super) fn of_aws(policy: &AwsManagedPolicy) -> Self {
        Self {
            document: None,
            version_id: Some(version_id(policy.version)),
            is_default_version: Some(true),
            create_date: Some(policy.updated()),
        }
    }

    /// The same with its document.
    pub(super) fn with(self, document: &PolicyDocument) -> Self {
        Self { document: Some(policy_text::encoded(document)), ..self }
    }
}

/// A group that has a policy.
#[derive(Output, Debug)]
pub(super) struct PolicyGroup {
    group_name: Option<String>,
    group_id: Option<String>,
}

impl PolicyGroup {
    /// A group.
    pub(super) fn of(group: &GroupRecord) -> Self {
        Self { group_name: Some(group.group_name.clone()), group_id: Some(group.group_id.clone()) }
    }
}

/// A user who has a policy.
#[derive(Output, Debug)]
pub(super) struct PolicyUser {
    user_name: Option<String>,
    user_id: Option<String>,
}

impl PolicyUser {
    /// A user.
    pub(super) fn of(user: &UserRecord) -> Self {
        Self { user_name: Some(user.user_name.clone()), user_id: Some(user.user_id.clone()) }
    }
}

/// A role that has a policy.
#[derive(Output, Debug)]
pub(super) struct PolicyRole {
    role_name: Option<String>,
    role_id: Option<String>,
}

impl PolicyRole {
    /// A role.
    pub(super) fn of(role: &RoleRecord) -> Self {
        Self { role_name: Some(role.role_name.clone()), role_id: Some(role.role_id.clone()) }
    }
}

/// The id of a version on the wire.
pub(super) fn version_id(number: u32) -> String {
    format!("v{number}")
}

/// A count on the wire.
pub(super) fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
