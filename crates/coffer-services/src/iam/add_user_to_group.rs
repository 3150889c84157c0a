//! AddUserToGroup: puts a user into a group.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_on_group};
use super::permissions::exceeds;

/// Puts a user into a group, whose policies it has from then on; one that is in it stays so.
pub(super) struct AddUserToGroup;

/// Which user, and which group.
#[derive(Input, Debug)]
#[shape(name = "AddUserToGroupRequest")]
pub(super) struct AddUserToGroupInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
}

impl Operation for AddUserToGroup {
    const NAME: &'static str = "AddUserToGroup";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = AddUserToGroupInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_group(call, "iam:AddUserToGroup", &input.group_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut group = find::group(call, &input.group_name).await?.as_ref().clone();
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        call.acted_on(&group.arn());
        call.acted_on(&user.arn());
        user.groups.insert(group.group_name.to_ascii_lowercase());
        if user.groups.len() > GROUPS_MAX {
            return Err(exceeds("GroupsPerUser", GROUPS_MAX));
        }
        group.users.insert(user.user_name.to_ascii_lowercase());
        call.put(group).await?;
        call.put(user).await
    }
}

/// AWS: a user is in at most so many groups (IAM user guide, quotas).
const GROUPS_MAX: usize = 10;
