//! ListGroupsForUser: lists the groups that a user is in.

use coffer_pipeline::identity::GroupRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, demand_on_user};
use super::pages::Page;
use super::wire::Group;

/// Lists the groups that a user is in, in the order of their names.
pub(super) struct ListGroupsForUser;

/// Which user, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListGroupsForUserRequest")]
pub(super) struct ListGroupsForUserInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of groups.
#[derive(Output, Debug)]
#[shape(name = "ListGroupsForUserResponse")]
pub(super) struct ListGroupsForUserOutput {
    #[shape(required)]
    groups: Vec<Group>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListGroupsForUser {
    const NAME: &'static str = "ListGroupsForUser";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListGroupsForUserInput;
    type Output = ListGroupsForUserOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_user(call, "iam:ListGroupsForUser", &input.user_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let user = find::user(call, &input.user_name).await?;
        let names = user.groups.iter().map(|name| (name.clone(), name.as_str())).collect();
        let page = Page::of(names, input.marker.as_ref(), input.max_items)?;
        let key = |name: &&str| GroupRecord::key_of(user.account, name);
        let keys: Vec<_> = page.items.iter().map(key).collect();
        let groups = call.get_many::<GroupRecord>(&keys).await?;
        Ok(ListGroupsForUserOutput {
            groups: groups.iter().flatten().map(|group| Group::of(group)).collect(),
            is_truncated: Some(page.is_truncated()),
            marker: page.marker,
        })
    }
}
