//! GetContextKeysForCustomPolicy: lists the condition keys that policies name.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::demand_on_all;
use super::simulation::Sources;

/// Lists the condition keys that policies name, in conditions and in variables.
pub(super) struct GetContextKeysForCustomPolicy;

/// The policies.
#[derive(Input, Debug)]
#[shape(name = "GetContextKeysForCustomPolicyRequest")]
pub(super) struct GetContextKeysForCustomPolicyInput {
    #[shape(
        required,
        member(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")
    )]
    policy_input_list: Vec<String>,
}

/// The condition keys.
#[derive(Output, Debug)]
#[shape(name = "GetContextKeysForPolicyResponse")]
pub(super) struct GetContextKeysForCustomPolicyOutput {
    context_key_names: Option<Vec<String>>,
}

impl Operation for GetContextKeysForCustomPolicy {
    const NAME: &'static str = "GetContextKeysForCustomPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::InvalidInputException.row()];
    type Input = GetContextKeysForCustomPolicyInput;
    type Output = GetContextKeysForCustomPolicyOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:GetContextKeysForCustomPolicy"))
    }

    async fn run(_: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut sources = Sources::default();
        sources.add_given(Some(&input.policy_input_list), None, None)?;
        Ok(GetContextKeysForCustomPolicyOutput { context_key_names: Some(sources.context_keys()) })
    }
}
