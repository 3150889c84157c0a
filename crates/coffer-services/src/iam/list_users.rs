//! ListUsers: lists users under a path.

use coffer_pipeline::identity::{UserRecord, identity_arn};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::{Key, Record};

use super::errors::IamError;
use super::pages;
use super::path::is_under;
use super::wire::User;

/// Lists the users whose paths begin like this, in the order of their names.
pub(super) struct ListUsers;

/// Which users, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListUsersRequest")]
pub(super) struct ListUsersInput {
    #[shape(min = 1, max = 512, pattern = r"\u002F[\u0021-\u007F]*")]
    path_prefix: Option<String>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of users.
#[derive(Output, Debug)]
#[shape(name = "ListUsersResponse")]
pub(super) struct ListUsersOutput {
    #[shape(required)]
    users: Vec<User>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListUsers {
    const NAME: &'static str = "ListUsers";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::ServiceFailureException.row()];
    type Input = ListUsersInput;
    type Output = ListUsersOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        // AWS: the action is on `user/` and the prefix.
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        Ok(vec![Demand::of("iam:ListUsers", identity_arn(call.account(), "user", prefix, ""))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let table = Key::of(UserRecord::TABLE, &[call.account().as_str()]);
        let keep = |user: &UserRecord| is_under(&user.path, input.path_prefix.as_ref());
        let page = pages::scan(call, &table, input.marker.as_ref(), input.max_items, keep).await?;
        Ok(ListUsersOutput {
            is_truncated: Some(page.is_truncated()),
            users: page.items.iter().map(|user| User::listed(user)).collect(),
            marker: page.marker,
        })
    }
}
