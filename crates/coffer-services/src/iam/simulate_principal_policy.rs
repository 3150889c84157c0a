//! SimulatePrincipalPolicy: decides actions by the policies that somebody has.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find;
use super::simulation::{Question, SimulatedCaller, Subject, simulate, subject_of};
use super::wire_simulation::{ContextEntry, EvaluationResult, PolicyIdentifier};

/// Decides actions on resources by the policies of a user, a group or a role, and those that the request adds.
pub(super) struct SimulatePrincipalPolicy;

/// Whose policies, and what is asked.
#[derive(Input, Debug)]
#[shape(name = "SimulatePrincipalPolicyRequest")]
pub(super) struct SimulatePrincipalPolicyInput {
    #[shape(required, min = 20, max = 2048)]
    policy_source_arn: String,
    #[shape(member(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    policy_input_list: Option<Vec<String>>,
    #[shape(member(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    permissions_boundary_policy_input_list: Option<Vec<String>>,
    #[shape(max = 256)]
    policy_exclusion_list: Option<Vec<PolicyIdentifier>>,
    #[shape(required, member(min = 3, max = 128))]
    action_names: Vec<String>,
    #[shape(member(min = 1, max = 2048))]
    resource_arns: Option<Vec<String>>,
    #[shape(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    resource_policy: Option<String>,
    #[shape(min = 1, max = 2048)]
    resource_owner: Option<String>,
    #[shape(min = 1, max = 2048)]
    caller_arn: Option<String>,
    context_entries: Option<Vec<ContextEntry>>,
    #[shape(min = 1, max = 64)]
    resource_handling_option: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
}

/// A page of decisions.
#[derive(Output, Debug)]
#[shape(name = "SimulatePolicyResponse")]
pub(super) struct SimulatePrincipalPolicyOutput {
    evaluation_results: Option<Vec<EvaluationResult>>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for SimulatePrincipalPolicy {
    const NAME: &'static str = "SimulatePrincipalPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::PolicyEvaluationException.row(),
    ];
    type Input = SimulatePrincipalPolicyInput;
    type Output = SimulatePrincipalPolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let arn = &input.policy_source_arn;
        Ok(vec![find::demand_on_arn(call, "iam:SimulatePrincipalPolicy", arn).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let excluded = input.policy_exclusion_list.as_ref();
        let Subject { mut sources, caller } =
            subject_of(call, &input.policy_source_arn, excluded).await?;
        sources.add_given(
            input.policy_input_list.as_ref(),
            input.permissions_boundary_policy_input_list.as_ref(),
            input.resource_policy.as_ref(),
        )?;
        let caller = match &input.caller_arn {
            Some(arn) if *arn != input.policy_source_arn => SimulatedCaller::of_arn(arn)?,
            _ => caller,
        };
        let question = Question {
            action_names: &input.action_names,
            resource_arns: input.resource_arns.as_ref(),
            resource_owner: input.resource_owner.as_ref(),
            context_entries: input.context_entries.as_ref(),
            scenario: input.resource_handling_option.as_deref(),
            marker: input.marker.as_ref(),
            items_max: input.max_items,
        };
        let page = simulate(&question, &sources, &caller)?;
        Ok(SimulatePrincipalPolicyOutput {
            is_truncated: Some(page.is_truncated()),
            evaluation_results: Some(page.items),
            marker: page.marker,
        })
    }
}
