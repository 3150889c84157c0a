//! ListGroups: lists groups under a path.

use coffer_pipeline::identity::{GroupRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::{Key, Record};

use super::errors::IamError;
use super::pages;
use super::path::is_under;
use super::wire::Group;

/// Lists the groups whose paths begin like this, in the order of their names.
pub(super) struct ListGroups;

/// Which groups, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListGroupsRequest")]
pub(super) struct ListGroupsInput {
    #[shape(min = 1, max = 512, pattern = r"\u002F[\u0021-\u007F]*")]
    path_prefix: Option<String>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of groups.
#[derive(Output, Debug)]
#[shape(name = "ListGroupsResponse")]
pub(super) struct ListGroupsOutput {
    #[shape(required)]
    groups: Vec<Group>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListGroups {
    const NAME: &'static str = "ListGroups";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::ServiceFailureException.row()];
    type Input = ListGroupsInput;
    type Output = ListGroupsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        // AWS: the action is on `group/` and the prefix.
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        Ok(vec![Demand::of("iam:ListGroups", identity_arn(call.account(), "group", prefix, ""))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let table = Key::of(GroupRecord::TABLE, &[call.account().as_str()]);
        let keep = |group: &GroupRecord| is_under(&group.path, input.path_prefix.as_ref());
        let page = pages::scan(call, &table, input.marker.as_ref(), input.max_items, keep).await?;
        Ok(ListGroupsOutput {
            is_truncated: Some(page.is_truncated()),
            groups: page.items.iter().map(|group| Group::of(group)).collect(),
            marker: page.marker,
        })
    }
}
