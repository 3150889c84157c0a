//! DeleteRolePolicy: takes an inline policy from a role.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::permissions::Holder;
use super::{find, permissions};

/// Takes an inline policy from a role.
pub(super) struct DeleteRolePolicy;

/// Which role, and the name of the policy.
#[derive(Input, Debug)]
#[shape(name = "DeleteRolePolicyRequest")]
pub(super) struct DeleteRolePolicyInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
}

impl Operation for DeleteRolePolicy {
    const NAME: &'static str = "DeleteRolePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteRolePolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            find::demand_within_role_boundary(call, "iam:DeleteRolePolicy", &input.role_name)
                .await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();

        let holder = Holder::role(&input.role_name);
        permissions::delete_inline(&mut role.permissions, holder, &input.policy_name)?;
        call.put(role).await
    }
}
