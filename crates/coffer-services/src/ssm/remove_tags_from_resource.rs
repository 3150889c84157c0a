//! RemoveTagsFromResource: takes tags from a parameter.

use coffer_pipeline::demand::TAG_KEYS;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::parameter::ParameterRecord;
use super::tag::{ResourceTypeForTagging, demands_on, tagged};

/// Removes tags by their keys; keys that are not there are passed over.
pub(super) struct RemoveTagsFromResource;

/// Which tags, from what.
#[derive(Input, Debug)]
#[shape(name = "RemoveTagsFromResourceRequest")]
pub(super) struct RemoveTagsFromResourceInput {
    #[shape(required)]
    resource_type: ResourceTypeForTagging,
    #[shape(required)]
    resource_id: String,
    #[shape(required, member(min = 1, max = 128, pattern = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"))]
    tag_keys: Vec<String>,
}

/// Nothing is given.
#[derive(Output, Debug)]
#[shape(name = "RemoveTagsFromResourceResult")]
pub(super) struct RemoveTagsFromResourceOutput {}

impl Operation for RemoveTagsFromResource {
    const NAME: &'static str = "RemoveTagsFromResource";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InvalidResourceType.row(),
        SsmError::InvalidResourceId.row(),
        SsmError::InternalServerError.row(),
        SsmError::TooManyUpdates.row(),
    ];
    type Input = RemoveTagsFromResourceInput;
    type Output = RemoveTagsFromResourceOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demands_on(call, "ssm:RemoveTagsFromResource", input.resource_type, &input.resource_id)
            .await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == TAG_KEYS).then(|| input.tag_keys.iter().map(String::as_str).collect())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let parameter = tagged(call, input.resource_type, &input.resource_id).await?;
        let mut changed = ParameterRecord::clone(&parameter);
        for key in &input.tag_keys {
            changed.tags.remove(key);
        }
        call.acted_on(&changed.arn());
        call.put(changed).await?;
        Ok(RemoveTagsFromResourceOutput {})
    }
}
