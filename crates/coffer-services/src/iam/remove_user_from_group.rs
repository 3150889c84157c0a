//! RemoveUserFromGroup: takes a user out of a group.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_on_group};

/// Takes a user out of a group; for one that is not in it, nothing happens.
pub(super) struct RemoveUserFromGroup;

/// Which user, and which group.
#[derive(Input, Debug)]
#[shape(name = "RemoveUserFromGroupRequest")]
pub(super) struct RemoveUserFromGroupInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
}

impl Operation for RemoveUserFromGroup {
    const NAME: &'static str = "RemoveUserFromGroup";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = RemoveUserFromGroupInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_group(call, "iam:RemoveUserFromGroup", &input.group_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut group = find::group(call, &input.group_name).await?.as_ref().clone();
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        call.acted_on(&group.arn());
        call.acted_on(&user.arn());
        user.groups.remove(&group.group_name.to_ascii_lowercase());
        group.users.remove(&user.user_name.to_ascii_lowercase());
        call.put(group).await?;
        call.put(user).await
    }
}
