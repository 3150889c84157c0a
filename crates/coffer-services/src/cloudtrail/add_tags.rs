//! AddTags: puts tags on a trail.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CloudTrailError;
use super::tags;
use super::trail::TrailName;
use super::wire::Tag;

/// Puts tags on a trail.
pub(super) struct AddTags;

/// Which trail, and which tags.
#[derive(Input, Debug)]
#[shape(name = "AddTagsRequest")]
pub(super) struct AddTagsInput {
    #[shape(required)]
    resource_id: String,
    #[shape(required, max = 200)]
    tags_list: Vec<Tag>,
}

/// Nothing.
#[derive(Output, Debug)]
#[shape(name = "AddTagsResponse")]
pub(super) struct AddTagsOutput {}

impl Operation for AddTags {
    const NAME: &'static str = "AddTags";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::ResourceNotFoundException.row(),
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::EventDataStoreARNInvalidException.row(),
        CloudTrailError::ChannelARNInvalidException.row(),
        CloudTrailError::ResourceTypeNotSupportedException.row(),
        CloudTrailError::TagsLimitExceededException.row(),
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
    type Input = AddTagsInput;
    type Output = AddTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = TrailName::read(&input.resource_id, call.context())?;
        Ok(name.demand("cloudtrail:AddTags"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = TrailName::read(&input.resource_id, call.context())?;
        let mut trail = name.find_at_home(call).await?;
        trail.tags.extend(tags::read(&input.tags_list)?);
        tags::must_be_few(&trail.tags)?;
        call.acted_on(&trail.arn());
        call.put(trail).await?;
        Ok(AddTagsOutput {})
    }
}
