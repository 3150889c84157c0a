//! SimulateCustomPolicy: decides actions by policies that are given.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::demand_on_all;
use super::simulation::{Question, SimulatedCaller, Sources, invalid, simulate};
use super::wire_simulation::{ContextEntry, EvaluationResult, OrderedOrganizationPolicyType};

/// Decides actions on resources by the policies that the request brings, and by no other.
pub(super) struct SimulateCustomPolicy;

/// The policies, and what is asked.
#[derive(Input, Debug)]
#[shape(name = "SimulateCustomPolicyRequest")]
pub(super) struct SimulateCustomPolicyInput {
    #[shape(
        required,
        member(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")
    )]
    policy_input_list: Vec<String>,
    #[shape(member(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+"))]
    permissions_boundary_policy_input_list: Option<Vec<String>>,
    #[shape(max = 7)]
    ordered_organization_policy_input_list: Option<Vec<OrderedOrganizationPolicyType>>,
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
pub(super) struct SimulateCustomPolicyOutput {
    evaluation_results: Option<Vec<EvaluationResult>>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for SimulateCustomPolicy {
    const NAME: &'static str = "SimulateCustomPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::InvalidInputException.row(), IamError::PolicyEvaluationException.row()];
    type Input = SimulateCustomPolicyInput;
    type Output = SimulateCustomPolicyOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:SimulateCustomPolicy"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut sources = Sources::default();
        sources.add_given(
            Some(&input.policy_input_list),
            input.permissions_boundary_policy_input_list.as_ref(),
            input.resource_policy.as_ref(),
        )?;
        sources.add_levels(input.ordered_organization_policy_input_list.as_ref())?;
        let caller = match &input.caller_arn {
            Some(arn) => SimulatedCaller::of_arn(arn)?,
            None if input.resource_policy.is_some() => {
                return Err(invalid("CallerArn is required with a ResourcePolicy."));
            }
            None => SimulatedCaller::anybody(call.account()),
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
        Ok(SimulateCustomPolicyOutput {
            is_truncated: Some(page.is_truncated()),
            evaluation_results: Some(page.items),
            marker: page.marker,
        })
    }
}
