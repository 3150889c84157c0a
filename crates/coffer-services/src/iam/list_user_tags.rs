//! ListUserTags: lists the tags of a user.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, demand_on_user};
use super::tags;
use super::wire::Tag;

/// Lists the tags of a user, in the order of their names.
pub(super) struct ListUserTags;

/// Which user, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListUserTagsRequest")]
pub(super) struct ListUserTagsInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of tags.
#[derive(Output, Debug)]
#[shape(name = "ListUserTagsResponse")]
pub(super) struct ListUserTagsOutput {
    #[shape(required)]
    tags: Vec<Tag>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListUserTags {
    const NAME: &'static str = "ListUserTags";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListUserTagsInput;
    type Output = ListUserTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_user(call, "iam:ListUserTags", &input.user_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let user = find::user(call, &input.user_name).await?;
        let page = tags::page(&user.tags, input.marker.as_ref(), input.max_items)?;
        Ok(ListUserTagsOutput {
            is_truncated: Some(page.is_truncated()),
            tags: page.items,
            marker: page.marker,
        })
    }
}
