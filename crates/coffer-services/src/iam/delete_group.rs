//! DeleteGroup: ends a group.

use coffer_pipeline::identity::GroupRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_on_group, must_first};

/// Ends a group that has nothing and nobody any more.
pub(super) struct DeleteGroup;

/// Which group.
#[derive(Input, Debug)]
#[shape(name = "DeleteGroupRequest")]
pub(super) struct DeleteGroupInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
}

impl Operation for DeleteGroup {
    const NAME: &'static str = "DeleteGroup";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::DeleteConflictException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteGroupInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_group(call, "iam:DeleteGroup", &input.group_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let group = find::group(call, &input.group_name).await?;
        call.acted_on(&group.arn());
        if !group.users.is_empty() {
            return Err(must_first("remove users from group"));
        }
        if !group.permissions.attached.is_empty() {
            return Err(must_first("detach all policies"));
        }
        if !group.permissions.inline.is_empty() {
            return Err(must_first("delete policies"));
        }
        call.delete::<GroupRecord>(&GroupRecord::key_of(group.account, &group.group_name)).await
    }
}
