//! AttachRolePolicy: attaches a managed policy to a role.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::POLICY_KEY;
use super::permissions::Holder;
use super::{find, permissions};

/// Attaches a managed policy to a role.
pub(super) struct AttachRolePolicy;

/// Which role, and which policy.
#[derive(Input, Debug)]
#[shape(name = "AttachRolePolicyRequest")]
pub(super) struct AttachRolePolicyInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
}

impl Operation for AttachRolePolicy {
    const NAME: &'static str = "AttachRolePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::PolicyNotAttachableException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = AttachRolePolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand =
            find::demand_within_role_boundary(call, "iam:AttachRolePolicy", &input.role_name)
                .await?;
        Ok(vec![demand.with(POLICY_KEY, &input.policy_arn)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();

        let holder = Holder::role(&input.role_name);
        permissions::attach(call, &mut role.permissions, holder, &input.policy_arn).await?;
        call.put(role).await
    }
}
