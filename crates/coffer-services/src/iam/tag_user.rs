//! TagUser: gives a user tags.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_on_user};
use super::tags;
use super::wire::Tag;

/// Gives a user tags, in place of those of the same names.
pub(super) struct TagUser;

/// Which user, and which tags.
#[derive(Input, Debug)]
#[shape(name = "TagUserRequest")]
pub(super) struct TagUserInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(required, max = 50)]
    tags: Vec<Tag>,
}

impl Operation for TagUser {
    const NAME: &'static str = "TagUser";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = TagUserInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = demand_on_user(call, "iam:TagUser", &input.user_name).await?;
        Ok(vec![tags::requested(demand, Some(&input.tags))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        call.acted_on(&user.arn());
        tags::must_be_given(&input.tags)?;
        user.tags = tags::joined(&user.tags, &input.tags)?;
        call.put(user).await
    }
}
