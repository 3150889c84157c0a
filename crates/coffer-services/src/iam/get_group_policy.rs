//! GetGroupPolicy: gives an inline policy of a group.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, demand_on_group};
use super::permissions::{self, Holder};
use super::policy_text;

/// Gives an inline policy of a group, percent-encoded.
pub(super) struct GetGroupPolicy;

/// Which group, and which policy.
#[derive(Input, Debug)]
#[shape(name = "GetGroupPolicyRequest")]
pub(super) struct GetGroupPolicyInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
}

/// The policy.
#[derive(Output, Debug)]
#[shape(name = "GetGroupPolicyResponse")]
pub(super) struct GetGroupPolicyOutput {
    #[shape(required)]
    group_name: String,
    #[shape(required)]
    policy_name: String,
    #[shape(required)]
    policy_document: String,
}

impl Operation for GetGroupPolicy {
    const NAME: &'static str = "GetGroupPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = GetGroupPolicyInput;
    type Output = GetGroupPolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_group(call, "iam:GetGroupPolicy", &input.group_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let group = find::group(call, &input.group_name).await?;
        let holder = Holder::group(&group.group_name);
        let document = permissions::inline(&group.permissions, holder, &input.policy_name)?;
        Ok(GetGroupPolicyOutput {
            group_name: group.group_name.clone(),
            policy_name: input.policy_name.clone(),
            policy_document: policy_text::encoded(document),
        })
    }
}
