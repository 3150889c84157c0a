//! UntagUser: takes tags away from a user.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_on_user};
use super::tags;

/// Takes tags away from a user; those it does not have are no fault.
pub(super) struct UntagUser;

/// Which user, and the names of the tags.
#[derive(Input, Debug)]
#[shape(name = "UntagUserRequest")]
pub(super) struct UntagUserInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(
        required,
        max = 50,
        member(min = 1, max = 128, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")
    )]
    tag_keys: Vec<String>,
}

impl Operation for UntagUser {
    const NAME: &'static str = "UntagUser";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UntagUserInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = demand_on_user(call, "iam:UntagUser", &input.user_name).await?;
        Ok(vec![tags::untagged(demand, &input.tag_keys)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        call.acted_on(&user.arn());
        user.tags = tags::without(&user.tags, &input.tag_keys);
        call.put(user).await
    }
}
