//! GetResourcePolicies: the policies of a parameter.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::resource_policy::{ResourcePolicyRecord, demands_on, invalid, is_not_blank, shared};
use crate::page;

/// Lists policies in the order in which they were made.
pub(super) struct GetResourcePolicies;

/// Of what, and which page.
#[derive(Input, Debug)]
#[shape(name = "GetResourcePoliciesRequest")]
pub(super) struct GetResourcePoliciesInput {
    #[shape(required, min = 20, max = 2048)]
    resource_arn: String,
    next_token: Option<String>,
    #[shape(min = 1, max = 50)]
    max_results: Option<i32>,
}

/// A page of policies.
#[derive(Output, Debug)]
#[shape(name = "GetResourcePoliciesResponse")]
pub(super) struct GetResourcePoliciesOutput {
    next_token: Option<String>,
    policies: Option<Vec<GetResourcePoliciesResponseEntry>>,
}

/// A policy.
#[derive(Output, Debug)]
pub(super) struct GetResourcePoliciesResponseEntry {
    policy_id: Option<String>,
    policy_hash: Option<String>,
    #[shape(pattern = r"^(?!\s*$).+", check = is_not_blank)]
    policy: Option<String>,
}

impl Operation for GetResourcePolicies {
    const NAME: &'static str = "GetResourcePolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::ResourcePolicyInvalidParameterException.row(),
        SsmError::ResourceNotFoundException.row(),
    ];
    type Input = GetResourcePoliciesInput;
    type Output = GetResourcePoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demands_on(call, "ssm:GetResourcePolicies", &input.resource_arn).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let parameter = shared(call, &input.resource_arn).await?;
        let key = ResourcePolicyRecord::key_of(&parameter);
        let record = ResourcePolicyRecord::of(call, &parameter).await?;
        let mut rest = record.policies.as_slice();
        if let Some(token) = &input.next_token {
            let last = page::place(token, &key.prefix()).map(|place| place.last_part());
            let last = last.ok_or_else(|| invalid(&["NextToken"], "The token isn't valid."))?;
            let place = rest.iter().position(|policy| policy.id.as_bytes() == last);
            rest = place.and_then(|place| rest.get(place + 1..)).unwrap_or_default();
        }
        let page_max = usize::try_from(input.max_results.unwrap_or(PAGE_USUAL)).unwrap_or(1);
        let page = rest.get(..page_max).unwrap_or(rest);
        let last = page.last().filter(|_| page.len() < rest.len());
        let next_token = last.map(|policy| page::token(&key.child(&policy.id)));
        let mut policies = Vec::with_capacity(page.len());
        for policy in page {
            policies.push(GetResourcePoliciesResponseEntry {
                policy_id: Some(policy.id.clone()),
                policy_hash: Some(policy.hash.clone()),
                policy: Some(policy.text.shown(call).await?),
            });
        }
        Ok(GetResourcePoliciesOutput { next_token, policies: Some(policies) })
    }
}

const PAGE_USUAL: i32 = 50;
