//! PutRolePermissionsBoundary: bounds what the policies of a role can give.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::BOUNDARY_KEY;
use super::{find, permissions};

/// Bounds what the policies of a role can give by a managed policy.
pub(super) struct PutRolePermissionsBoundary;

/// Which role, and which policy.
#[derive(Input, Debug)]
#[shape(name = "PutRolePermissionsBoundaryRequest")]
pub(super) struct PutRolePermissionsBoundaryInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(required, min = 20, max = 2048)]
    permissions_boundary: String,
}

impl Operation for PutRolePermissionsBoundary {
    const NAME: &'static str = "PutRolePermissionsBoundary";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::PolicyNotAttachableException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = PutRolePermissionsBoundaryInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand =
            find::demand_on_role(call, "iam:PutRolePermissionsBoundary", &input.role_name).await?;
        Ok(vec![demand.with(BOUNDARY_KEY, &input.permissions_boundary)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();

        let boundary = &input.permissions_boundary;
        permissions::put_boundary(call, &mut role.permissions, boundary).await?;
        call.put(role).await
    }
}
