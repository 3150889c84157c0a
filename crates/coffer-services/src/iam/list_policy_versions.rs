//! ListPolicyVersions: lists the versions of a managed policy.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::managed_policy;
use super::managed_policy::Managed;
use super::pages::Page;
use super::wire_policy::PolicyVersion;

/// Lists the versions of a managed policy, the newest first.
pub(super) struct ListPolicyVersions;

/// Which policy, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListPolicyVersionsRequest")]
pub(super) struct ListPolicyVersionsInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of versions, without their documents.
#[derive(Output, Debug)]
#[shape(name = "ListPolicyVersionsResponse")]
pub(super) struct ListPolicyVersionsOutput {
    versions: Option<Vec<PolicyVersion>>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListPolicyVersions {
    const NAME: &'static str = "ListPolicyVersions";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = ListPolicyVersionsInput;
    type Output = ListPolicyVersionsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            managed_policy::demand_on(call, "iam:ListPolicyVersions", &input.policy_arn).await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let versions = match managed_policy::find(call, &input.policy_arn).await? {
            Managed::Aws(policy) => vec![PolicyVersion::of_aws(policy)],
            Managed::Own(policy) => {
                let listed = |version| PolicyVersion::listed(version, policy.default_version);
                policy.versions.iter().rev().map(listed).collect()
            }
        };
        let page = Page::by_place(versions, input.marker.as_ref(), input.max_items)?;
        Ok(ListPolicyVersionsOutput {
            is_truncated: Some(page.is_truncated()),
            versions: Some(page.items),
            marker: page.marker,
        })
    }
}
