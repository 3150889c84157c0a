//! DeleteUserPermissionsBoundary: takes the boundary of a user away.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_within_user_boundary};
use super::permissions::{self, Holder};

/// Takes the boundary of a user away.
pub(super) struct DeleteUserPermissionsBoundary;

/// Which user.
#[derive(Input, Debug)]
#[shape(name = "DeleteUserPermissionsBoundaryRequest")]
pub(super) struct DeleteUserPermissionsBoundaryInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    user_name: String,
}

impl Operation for DeleteUserPermissionsBoundary {
    const NAME: &'static str = "DeleteUserPermissionsBoundary";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = DeleteUserPermissionsBoundaryInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let action = "iam:DeleteUserPermissionsBoundary";
        Ok(vec![demand_within_user_boundary(call, action, &input.user_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        call.acted_on(&user.arn());
        let holder = Holder::user(&user.user_name);
        permissions::delete_boundary(call, &mut user.permissions, holder).await?;
        call.put(user).await
    }
}
