//! Roles as answers have them.

use coffer_model::Timestamp;
use coffer_pipeline::identity::{PolicyDocument, RoleLastUsedRecord, RoleRecord};
use coffer_protocol::Output;

use super::wire::{AttachedPermissionsBoundary, Tag};
use super::{policy_text, tags};

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
    /// A role as instance profiles have it. Its trust policy is given as it is shown now.
    pub(super) fn plain(record: &RoleRecord, trust: &PolicyDocument) -> Self {
        Self {
            path: record.path.clone(),
            role_name: record.role_name.clone(),
            role_id: record.role_id.clone(),
            arn: record.arn(),
            create_date: record.created,
            assume_role_policy_document: Some(policy_text::encoded(trust)),
            description: None,
            max_session_duration: None,
            permissions_boundary: None,
            tags: None,
            role_last_used: None,
            source_role_template: None,
        }
    }

    /// A role as whoever makes or describes it is told. AWS: without its sessions' duration.
    pub(super) fn new(record: &RoleRecord, trust: &PolicyDocument) -> Self {
        Self {
            description: record.description.clone(),
            permissions_boundary: AttachedPermissionsBoundary::of(&record.permissions),
            tags: tags::to_wire(&record.tags),
            ..Self::plain(record, trust)
        }
    }

    /// A role with all that is told of it.
    pub(super) fn whole(
        record: &RoleRecord,
        trust: &PolicyDocument,
        used: Option<&RoleLastUsedRecord>,
    ) -> Self {
        Self {
            max_session_duration: Some(record.session_seconds_max),
            role_last_used: Some(RoleLastUsed::of(used)),
            ..Self::new(record, trust)
        }
    }

    /// A role as lists have it. AWS: without boundary, tags and last use (IAM API reference,
    /// ListRoles).
    pub(super) fn listed(record: &RoleRecord, trust: &PolicyDocument) -> Self {
        Self {
            description: record.description.clone(),
            max_session_duration: Some(record.session_seconds_max),
            ..Self::plain(record, trust)
        }
    }
}

/// When and where a session of a role was last used; empty for one that never was.
#[derive(Output, Debug)]
pub(super) struct RoleLastUsed {
    last_used_date: Option<Timestamp>,
    region: Option<String>,
}

impl RoleLastUsed {
    /// The last use of a role.
    pub(super) fn of(used: Option<&RoleLastUsedRecord>) -> Self {
        Self {
            last_used_date: used.map(|used| used.used),
            region: used.map(|used| used.region.to_string()),
        }
    }
}

/// The template that a role was made from; coffer has none.
#[derive(Output, Debug)]
pub(super) struct SourceRoleTemplate {
    #[shape(required)]
    template_arn: String,
    #[shape(required)]
    template_minor_version: i32,
}
