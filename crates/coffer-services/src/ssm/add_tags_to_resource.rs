//! AddTagsToResource: adds tags to a parameter, or gives those it has other values.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation, requested_tags};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::parameter::{ParameterRecord, TAGS_MAX};
use super::tag::{self, ResourceTypeForTagging, Tag, demands_on, tagged};

/// Adds tags; all of them or, where they would be too many, none.
pub(super) struct AddTagsToResource;

/// Which tags, to what.
#[derive(Input, Debug)]
#[shape(name = "AddTagsToResourceRequest")]
pub(super) struct AddTagsToResourceInput {
    #[shape(required)]
    resource_type: ResourceTypeForTagging,
    #[shape(required)]
    resource_id: String,
    #[shape(required, max = 1000)]
    tags: Vec<Tag>,
}

/// Nothing is given.
#[derive(Output, Debug)]
#[shape(name = "AddTagsToResourceResult")]
pub(super) struct AddTagsToResourceOutput {}

impl Operation for AddTagsToResource {
    const NAME: &'static str = "AddTagsToResource";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InvalidResourceType.row(),
        SsmError::InvalidResourceId.row(),
        SsmError::InternalServerError.row(),
        SsmError::TooManyTagsError.row(),
        SsmError::TooManyUpdates.row(),
    ];
    type Input = AddTagsToResourceInput;
    type Output = AddTagsToResourceOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demands_on(call, "ssm:AddTagsToResource", input.resource_type, &input.resource_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        requested_tags(key, tag::pairs(Some(&input.tags)))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let parameter = tagged(call, input.resource_type, &input.resource_id).await?;
        let mut changed = ParameterRecord::clone(&parameter);
        for tag in &input.tags {
            tag.must_be_a_callers()?;
            changed.tags.insert(tag.key.clone(), tag.value.clone());
        }
        if changed.tags.len() > TAGS_MAX {
            return Err(SsmError::TooManyTagsError.bare());
        }
        call.acted_on(&changed.arn());
        call.put(changed).await?;
        Ok(AddTagsToResourceOutput {})
    }
}
