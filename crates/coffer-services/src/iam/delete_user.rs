//! DeleteUser: ends a user.

use coffer_pipeline::identity::UserRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_within_user_boundary, must_first};
use super::permissions;

/// Ends a user that has nothing any more.
pub(super) struct DeleteUser;

/// Which user.
#[derive(Input, Debug)]
#[shape(name = "DeleteUserRequest")]
pub(super) struct DeleteUserInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
}

impl Operation for DeleteUser {
    const NAME: &'static str = "DeleteUser";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::LimitExceededException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::DeleteConflictException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteUserInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_within_user_boundary(call, "iam:DeleteUser", &input.user_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let user = find::user(call, &input.user_name).await?;
        call.acted_on(&user.arn());
        must_be_bare(&user)?;
        let mut held = user.permissions.clone();
        permissions::release_boundary(call, &mut held).await?;
        call.delete::<UserRecord>(&UserRecord::key_of(user.account, &user.user_name)).await
    }
}

/// AWS: what stands in the way is told one after the other (IAM API reference, DeleteUser).
fn must_be_bare(user: &UserRecord) -> Result<(), Fault> {
    if !user.permissions.attached.is_empty() {
        Err(must_first("detach all policies"))
    } else if !user.permissions.inline.is_empty() {
        Err(must_first("delete policies"))
    } else if !user.groups.is_empty() {
        Err(must_first("remove users from group"))
    } else if !user.access_keys.is_empty() {
        Err(must_first("delete access keys"))
    } else if !user.mfa_devices.is_empty() {
        Err(must_first("delete MFA device"))
    } else {
        Ok(())
    }
}
