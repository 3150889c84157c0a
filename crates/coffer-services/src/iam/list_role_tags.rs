//! ListRoleTags: lists the tags of a role.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::wire::Tag;
use super::{find, tags};

/// Lists the tags of a role, in the order of their names.
pub(super) struct ListRoleTags;

/// Which role, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListRoleTagsRequest")]
pub(super) struct ListRoleTagsInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of tags.
#[derive(Output, Debug)]
#[shape(name = "ListRoleTagsResponse")]
pub(super) struct ListRoleTagsOutput {
    #[shape(required)]
    tags: Vec<Tag>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListRoleTags {
    const NAME: &'static str = "ListRoleTags";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListRoleTagsInput;
    type Output = ListRoleTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![find::demand_on_role(call, "iam:ListRoleTags", &input.role_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        let page = tags::page(&role.tags, input.marker.as_ref(), input.max_items)?;
        Ok(ListRoleTagsOutput {
            is_truncated: Some(page.is_truncated()),
            tags: page.items,
            marker: page.marker,
        })
    }
}
