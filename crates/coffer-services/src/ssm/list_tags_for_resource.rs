//! ListTagsForResource: the tags of a parameter.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::tag::{ResourceTypeForTagging, Tag, demands_on, tagged};

/// Lists all tags, in the order of their keys.
pub(super) struct ListTagsForResource;

/// Of what.
#[derive(Input, Debug)]
#[shape(name = "ListTagsForResourceRequest")]
pub(super) struct ListTagsForResourceInput {
    #[shape(required)]
    resource_type: ResourceTypeForTagging,
    #[shape(required)]
    resource_id: String,
}

/// The tags.
#[derive(Output, Debug)]
#[shape(name = "ListTagsForResourceResult")]
pub(super) struct ListTagsForResourceOutput {
    tag_list: Option<Vec<Tag>>,
}

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InvalidResourceType.row(),
        SsmError::InvalidResourceId.row(),
        SsmError::InternalServerError.row(),
    ];
    type Input = ListTagsForResourceInput;
    type Output = ListTagsForResourceOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demands_on(call, "ssm:ListTagsForResource", input.resource_type, &input.resource_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let parameter = tagged(call, input.resource_type, &input.resource_id).await?;
        let tag = |(key, value): (&String, &String)| Tag { key: key.clone(), value: value.clone() };
        Ok(ListTagsForResourceOutput { tag_list: Some(parameter.tags.iter().map(tag).collect()) })
    }
}
