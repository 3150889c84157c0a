//! DeleteRolePermissionsBoundary: takes the boundary from a role.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::permissions::Holder;
use super::{find, permissions};

/// Takes the boundary from a role: its policies give what they say.
pub(super) struct DeleteRolePermissionsBoundary;

/// Which role.
#[derive(Input, Debug)]
#[shape(name = "DeleteRolePermissionsBoundaryRequest")]
pub(super) struct DeleteRolePermissionsBoundaryInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
}

impl Operation for DeleteRolePermissionsBoundary {
    const NAME: &'static str = "DeleteRolePermissionsBoundary";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteRolePermissionsBoundaryInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            find::demand_within_role_boundary(
                call,
                "iam:DeleteRolePermissionsBoundary",
                &input.role_name,
            )
            .await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();

        let holder = Holder::role(&input.role_name);
        permissions::delete_boundary(call, &mut role.permissions, holder).await?;
        call.put(role).await
    }
}
