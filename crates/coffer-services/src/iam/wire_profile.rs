//! Instance profiles as answers have them.

use coffer_model::Timestamp;
use coffer_pipeline::identity::InstanceProfileRecord;
use coffer_protocol::Output;

use super::wire::Tag;
use super::wire_role::Role;

/// An instance profile.
#[derive(Output, Debug)]
pub(super) struct InstanceProfile {
    #[shape(required)]
    path: String,
    #[shape(required)]
    instance_profile_name: String,
    #[shape(required)]
    instance_profile_id: String,
    #[shape(required)]
    arn: String,
    #[shape(required)]
    create_date: Timestamp,
    #[shape(required)]
    roles: Vec<Role>,
    tags: Option<Vec<Tag>>,
}

impl InstanceProfile {
    /// An instance profile with its role, without its tags.
    pub(super) fn of(record: &InstanceProfileRecord, role: Option<Role>) -> Self {
        Self {
            path: record.path.clone(),
            instance_profile_name: record.profile_name.clone(),
            instance_profile_id: record.profile_id.clone(),
            arn: record.arn(),
            create_date: record.created,
            roles: role.into_iter().collect(),
            tags: None,
        }
    }

    /// The same with its tags, which lists do not have.
    pub(super) fn with(self, tags: Option<Vec<Tag>>) -> Self {
        Self { tags, ..self }
    }
}
