//! ListPolicies: lists managed policies.

use coffer_pipeline::identity::{ManagedPolicyRecord, aws_managed_policies};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::managed_policy::Uses;
use super::pages::Page;
use super::wire_policy::{Policy, PolicyScope, PolicyUsageType};
use super::{managed_policy, pages, path};

/// Lists the managed policies of the account and those of AWS.
pub(super) struct ListPolicies;

/// Which policies, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListPoliciesRequest")]
pub(super) struct ListPoliciesInput {
    scope: Option<PolicyScope>,
    only_attached: Option<bool>,
    #[shape(min = 1, max = 512, pattern = r"((/[A-Za-z0-9\.,\+@=_-]+)*)/")]
    path_prefix: Option<String>,
    policy_usage_filter: Option<PolicyUsageType>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of policies.
#[derive(Output, Debug)]
#[shape(name = "ListPoliciesResponse")]
pub(super) struct ListPoliciesOutput {
    policies: Option<Vec<Policy>>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListPolicies {
    const NAME: &'static str = "ListPolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::ServiceFailureException.row()];
    type Input = ListPoliciesInput;
    type Output = ListPoliciesOutput;

    async fn demands(_: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        // AWS: a refusal names no ARN here.
        let shown = format!("policy path {}", path::path_of(input.path_prefix.as_ref()));
        Ok(vec![Demand::of("iam:ListPolicies", "*").shown_as(shown)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let scope = input.scope.unwrap_or(PolicyScope::All);
        let mut entries = Vec::new();
        if scope != PolicyScope::Local {
            let uses = managed_policy::uses_of_aws(call).await?;
            for policy in aws_managed_policies() {
                let used = uses.of(&policy.arn());
                if is_meant(input, policy.path, used) {
                    let place = format!("aws/{}", policy.name.to_ascii_lowercase());
                    entries.push((place, Policy::of_aws(policy, used)));
                }
            }
        }
        if scope != PolicyScope::Aws {
            let prefix = ManagedPolicyRecord::all_of(call.account());
            for policy in pages::all::<ManagedPolicyRecord>(call, &prefix).await? {
                let used =
                    Uses { attached: policy.attachment_count, bounding: policy.boundary_count };
                if is_meant(input, &policy.path, used) {
                    let place = format!("own/{}", policy.policy_name.to_ascii_lowercase());
                    entries.push((place, Policy::listed(&policy)));
                }
            }
        }
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        let page = Page::of(entries, input.marker.as_ref(), input.max_items)?;
        Ok(ListPoliciesOutput {
            is_truncated: Some(page.is_truncated()),
            policies: Some(page.items),
            marker: page.marker,
        })
    }
}

fn is_meant(input: &ListPoliciesInput, path: &str, used: Uses) -> bool {
    let is_used = match input.policy_usage_filter {
        Some(PolicyUsageType::PermissionsPolicy) => used.attached > 0,
        Some(PolicyUsageType::PermissionsBoundary) => used.bounding > 0,
        None => used.attached > 0 || used.bounding > 0,
    };
    let is_wanted =
        is_used || (input.only_attached != Some(true) && input.policy_usage_filter.is_none());
    is_wanted && path.starts_with(&path::path_of(input.path_prefix.as_ref()))
}
