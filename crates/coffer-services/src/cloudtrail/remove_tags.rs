//! RemoveTags: takes tags off a trail.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CloudTrailError;
use super::trail::TrailName;
use super::wire::Tag;

/// Takes tags off a trail.
pub(super) struct RemoveTags;

/// Which trail, and which tags.
#[derive(Input, Debug)]
#[shape(name = "RemoveTagsRequest")]
pub(super) struct RemoveTagsInput {
    #[shape(required)]
    resource_id: String,
    #[shape(required, max = 200)]
    tags_list: Vec<Tag>,
}

/// Nothing.
#[derive(Output, Debug)]
#[shape(name = "RemoveTagsResponse")]
pub(super) struct RemoveTagsOutput {}

impl Operation for RemoveTags {
    const NAME: &'static str = "RemoveTags";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::ResourceNotFoundException.row(),
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::EventDataStoreARNInvalidException.row(),
        CloudTrailError::ChannelARNInvalidException.row(),
        CloudTrailError::ResourceTypeNotSupportedException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::InvalidTagParameterException.row(),
        CloudTrailError::InactiveEventDataStoreException.row(),
        CloudTrailError::EventDataStoreNotFoundException.row(),
        CloudTrailError::ChannelNotFoundException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::NotOrganizationMasterAccountException.row(),
        CloudTrailError::NoManagementAccountSLRExistsException.row(),
        CloudTrailError::ConflictException.row(),
    ];
    type Input = RemoveTagsInput;
    type Output = RemoveTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.resource_id, call.context())?;
        Ok(name.demand("cloudtrail:RemoveTags"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = TrailName::read(&input.resource_id, call.context())?;
        let mut trail = name.find_at_home(call).await?;
        for tag in &input.tags_list {
            trail.tags.remove(&tag.key);
        }
        call.acted_on(&trail.arn());
        call.put(trail).await?;
        Ok(RemoveTagsOutput {})
    }
}
