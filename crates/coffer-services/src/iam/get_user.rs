//! GetUser: tells what a user is.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, Meant, demand_on_meant, meant};
use super::wire::User;

/// Tells what a user is: the caller itself, where none is named.
pub(super) struct GetUser;

/// Which user.
#[derive(Input, Debug)]
#[shape(name = "GetUserRequest")]
pub(super) struct GetUserInput {
    #[shape(min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: Option<String>,
}

/// The user.
#[derive(Output, Debug)]
#[shape(name = "GetUserResponse")]
pub(super) struct GetUserOutput {
    #[shape(required)]
    user: User,
}

impl Operation for GetUser {
    const NAME: &'static str = "GetUser";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = GetUserInput;
    type Output = GetUserOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_meant(call, "iam:GetUser", input.user_name.as_ref()).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let user = match meant(call, input.user_name.as_ref())? {
            Meant::User(name) => User::whole(find::user(call, &name).await?.as_ref()),
            Meant::Root => User::root(call.account()),
        };
        Ok(GetUserOutput { user })
    }
}
