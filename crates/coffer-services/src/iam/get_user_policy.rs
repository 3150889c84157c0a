//! GetUserPolicy: gives an inline policy of a user.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, demand_on_user};
use super::permissions::{self, Holder};
use super::policy_text;

/// Gives an inline policy of a user, percent-encoded.
pub(super) struct GetUserPolicy;

/// Which user, and which policy.
#[derive(Input, Debug)]
#[shape(name = "GetUserPolicyRequest")]
pub(super) struct GetUserPolicyInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
}

/// The policy.
#[derive(Output, Debug)]
#[shape(name = "GetUserPolicyResponse")]
pub(super) struct GetUserPolicyOutput {
    #[shape(required)]
    user_name: String,
    #[shape(required)]
    policy_name: String,
    #[shape(required)]
    policy_document: String,
}

impl Operation for GetUserPolicy {
    const NAME: &'static str = "GetUserPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = GetUserPolicyInput;
    type Output = GetUserPolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_user(call, "iam:GetUserPolicy", &input.user_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let user = find::user(call, &input.user_name).await?;
        let holder = Holder::user(&user.user_name);
        let document = permissions::inline(&user.permissions, holder, &input.policy_name)?;
        Ok(GetUserPolicyOutput {
            user_name: user.user_name.clone(),
            policy_name: input.policy_name.clone(),
            policy_document: policy_text::encoded(document),
        })
    }
}
