//! PutUserPermissionsBoundary: bounds what a user may do.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, BOUNDARY_KEY, demand_on_user};
use super::permissions;

/// Bounds what a user may do by a managed policy, in place of the boundary it has.
pub(super) struct PutUserPermissionsBoundary;

/// Which user, and the policy.
#[derive(Input, Debug)]
#[shape(name = "PutUserPermissionsBoundaryRequest")]
pub(super) struct PutUserPermissionsBoundaryInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(required, min = 20, max = 2048)]
    permissions_boundary: String,
}

impl Operation for PutUserPermissionsBoundary {
    const NAME: &'static str = "PutUserPermissionsBoundary";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::PolicyNotAttachableException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = PutUserPermissionsBoundaryInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand =
            demand_on_user(call, "iam:PutUserPermissionsBoundary", &input.user_name).await?;
        Ok(vec![demand.with(BOUNDARY_KEY, &input.permissions_boundary)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        call.acted_on(&user.arn());
        let boundary = &input.permissions_boundary;
        permissions::put_boundary(call, &mut user.permissions, boundary).await?;
        call.put(user).await
    }
}
