//! ListInstanceProfileTags: lists the tags of an instance profile.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::wire::Tag;
use super::{instance_profile, tags};

/// Lists the tags of an instance profile, in the order of their names.
pub(super) struct ListInstanceProfileTags;

/// Which instance profile, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListInstanceProfileTagsRequest")]
pub(super) struct ListInstanceProfileTagsInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    instance_profile_name: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of tags.
#[derive(Output, Debug)]
#[shape(name = "ListInstanceProfileTagsResponse")]
pub(super) struct ListInstanceProfileTagsOutput {
    #[shape(required)]
    tags: Vec<Tag>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListInstanceProfileTags {
    const NAME: &'static str = "ListInstanceProfileTags";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListInstanceProfileTagsInput;
    type Output = ListInstanceProfileTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            instance_profile::demand_on(
                call,
                "iam:ListInstanceProfileTags",
                &input.instance_profile_name,
            )
            .await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let profile = instance_profile::find(call, &input.instance_profile_name).await?;
        let page = tags::page(&profile.tags, input.marker.as_ref(), input.max_items)?;
        Ok(ListInstanceProfileTagsOutput {
            is_truncated: Some(page.is_truncated()),
            tags: page.items,
            marker: page.marker,
        })
    }
}
