//! GetGroup: tells what a group is and who is in it.

use coffer_pipeline::identity::UserRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, demand_on_group};
use super::pages::Page;
use super::wire::{Group, User};

/// Tells what a group is, and lists its users in the order of their names.
pub(super) struct GetGroup;

/// Which group, and which page of its users.
#[derive(Input, Debug)]
#[shape(name = "GetGroupRequest")]
pub(super) struct GetGroupInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// The group and a page of its users.
#[derive(Output, Debug)]
#[shape(name = "GetGroupResponse")]
pub(super) struct GetGroupOutput {
    #[shape(required)]
    group: Group,
    #[shape(required)]
    users: Vec<User>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for GetGroup {
    const NAME: &'static str = "GetGroup";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = GetGroupInput;
    type Output = GetGroupOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_group(call, "iam:GetGroup", &input.group_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let group = find::group(call, &input.group_name).await?;
        let names = group.users.iter().map(|name| (name.clone(), name.as_str())).collect();
        let page = Page::of(names, input.marker.as_ref(), input.max_items)?;
        let key = |name: &&str| UserRecord::key_of(group.account, name);
        let keys: Vec<_> = page.items.iter().map(key).collect();
        let users = call.get_many::<UserRecord>(&keys).await?;
        Ok(GetGroupOutput {
            group: Group::of(&group),
            users: users.iter().flatten().map(|user| User::listed(user)).collect(),
            is_truncated: Some(page.is_truncated()),
            marker: page.marker,
        })
    }
}
