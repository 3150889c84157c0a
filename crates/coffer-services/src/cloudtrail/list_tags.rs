//! ListTags: the tags of trails.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::CloudTrailError;
use super::tags;
use super::trail::TrailName;
use super::wire::Tag;

/// Lists the tags of trails by their ARNs.
pub(super) struct ListTags;

/// Which trails.
#[derive(Input, Debug)]
#[shape(name = "ListTagsRequest")]
pub(super) struct ListTagsInput {
    #[shape(required)]
    resource_id_list: Vec<String>,
    next_token: Option<String>,
}

/// Their tags.
#[derive(Output, Debug)]
#[shape(name = "ListTagsResponse")]
pub(super) struct ListTagsOutput {
    resource_tag_list: Option<Vec<ResourceTag>>,
    next_token: Option<String>,
}

/// A trail's tags.
#[derive(Output, Debug)]
pub(super) struct ResourceTag {
    resource_id: Option<String>,
    tags_list: Option<Vec<Tag>>,
}

impl Operation for ListTags {
    const NAME: &'static str = "ListTags";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        CloudTrailError::ResourceNotFoundException.row(),
        CloudTrailError::CloudTrailARNInvalidException.row(),
        CloudTrailError::EventDataStoreARNInvalidException.row(),
        CloudTrailError::ChannelARNInvalidException.row(),
        CloudTrailError::ResourceTypeNotSupportedException.row(),
        CloudTrailError::InvalidTrailNameException.row(),
        CloudTrailError::InactiveEventDataStoreException.row(),
        CloudTrailError::EventDataStoreNotFoundException.row(),
        CloudTrailError::UnsupportedOperationException.row(),
        CloudTrailError::OperationNotPermittedException.row(),
        CloudTrailError::InvalidTokenException.row(),
        CloudTrailError::NoManagementAccountSLRExistsException.row(),
    ];
    type Input = ListTagsInput;
    type Output = ListTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        if input.resource_id_list.is_empty() {
            return Ok(Demand::any("cloudtrail:ListTags"));
        }
        let mut demands = Vec::new();
        for id in input.resource_id_list.iter().take(RESOURCES_MAX) {
            let name = TrailName::read(id, call.context())?;
            demands.extend(name.demand("cloudtrail:ListTags"));
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        if input.next_token.is_some() {
            return Err(
                CloudTrailError::InvalidTokenException.with("The pagination token is not valid.")
            );
        }
        if input.resource_id_list.len() > RESOURCES_MAX {
            return Err(CloudTrailError::OperationNotPermittedException
                .with("The resource list has a limit of 20 items."));
        }
        let mut list = Vec::new();
        for id in &input.resource_id_list {
            let name = TrailName::read(id, call.context())?;
            // AWS: here, and only here, a trail that is not there is a resource that is not found.
            let trail = name.find(call).await.map_err(|fault| match fault.code {
                "TrailNotFoundException" => {
                    CloudTrailError::ResourceNotFoundException.with(fault.message)
                }
                _ => fault,
            })?;
            list.push(ResourceTag {
                resource_id: Some(trail.arn()),
                tags_list: Some(tags::told(&trail.tags)),
            });
        }
        Ok(ListTagsOutput { resource_tag_list: Some(list), next_token: None })
    }
}

/// AWS: twenty trails at a time.
const RESOURCES_MAX: usize = 20;
