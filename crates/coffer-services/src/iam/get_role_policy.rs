//! GetRolePolicy: gives an inline policy of a role.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::permissions::Holder;
use super::{find, permissions, policy_text};

/// Gives an inline policy of a role.
pub(super) struct GetRolePolicy;

/// Which role, and the name of the policy.
#[derive(Input, Debug)]
#[shape(name = "GetRolePolicyRequest")]
pub(super) struct GetRolePolicyInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
}

/// The policy.
#[derive(Output, Debug)]
#[shape(name = "GetRolePolicyResponse")]
pub(super) struct GetRolePolicyOutput {
    #[shape(required)]
    role_name: String,
    #[shape(required)]
    policy_name: String,
    #[shape(required)]
    policy_document: String,
}

impl Operation for GetRolePolicy {
    const NAME: &'static str = "GetRolePolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = GetRolePolicyInput;
    type Output = GetRolePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![find::demand_on_role(call, "iam:GetRolePolicy", &input.role_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        let holder = Holder::role(&input.role_name);
        let document = permissions::inline(&role.permissions, holder, &input.policy_name)?;
        Ok(GetRolePolicyOutput {
            role_name: role.role_name.clone(),
            policy_name: input.policy_name.clone(),
            policy_document: policy_text::encoded(document),
        })
    }
}
