//! GetContextKeysForPrincipalPolicy: lists the condition keys that the policies of somebody name.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find;
use super::simulation::subject_of;

/// Lists the condition keys that the policies of a user, a group or a role name.
pub(super) struct GetContextKeysForPrincipalPolicy;

/// Whose policies, and which others.
#[derive(Input, Debug)]
#[shape(name = "GetContextKeysForPrincipalPolicyRequest")]
pub(super) struct GetContextKeysForPrincipalPolicyInput {
    #[shape(required, min = 20, max = 2048)]
    policy_source_arn: String,
    #[shape(member(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    policy_input_list: Option<Vec<String>>,
}

/// The condition keys.
#[derive(Output, Debug)]
#[shape(name = "GetContextKeysForPolicyResponse")]
pub(super) struct GetContextKeysForPrincipalPolicyOutput {
    context_key_names: Option<Vec<String>>,
}

impl Operation for GetContextKeysForPrincipalPolicy {
    const NAME: &'static str = "GetContextKeysForPrincipalPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::InvalidInputException.row()];
    type Input = GetContextKeysForPrincipalPolicyInput;
    type Output = GetContextKeysForPrincipalPolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = &input.policy_source_arn;
        Ok(vec![find::demand_on_arn(call, "iam:GetContextKeysForPrincipalPolicy", arn).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut sources = subject_of(call, &input.policy_source_arn, None).await?.sources;
        sources.add_given(input.policy_input_list.as_ref(), None, None)?;
        Ok(GetContextKeysForPrincipalPolicyOutput {
            context_key_names: Some(sources.context_keys()),
        })
    }
}
