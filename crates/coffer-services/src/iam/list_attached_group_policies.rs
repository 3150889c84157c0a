//! ListAttachedGroupPolicies: lists the managed policies attached to a group.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, demand_on_group};
use super::permissions;
use super::wire::AttachedPolicy;

/// Lists the managed policies attached to a group, in the order of their names.
pub(super) struct ListAttachedGroupPolicies;

/// Which group, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListAttachedGroupPoliciesRequest")]
pub(super) struct ListAttachedGroupPoliciesInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(min = 1, max = 512, pattern = r"((/[A-Za-z0-9\.,\+@=_-]+)*)/")]
    path_prefix: Option<String>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of policies.
#[derive(Output, Debug)]
#[shape(name = "ListAttachedGroupPoliciesResponse")]
pub(super) struct ListAttachedGroupPoliciesOutput {
    attached_policies: Option<Vec<AttachedPolicy>>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListAttachedGroupPolicies {
    const NAME: &'static str = "ListAttachedGroupPolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = ListAttachedGroupPoliciesInput;
    type Output = ListAttachedGroupPoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_group(call, "iam:ListAttachedGroupPolicies", &input.group_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let group = find::group(call, &input.group_name).await?;
        let page = permissions::attached_page(
            &group.permissions,
            input.path_prefix.as_ref(),
            input.marker.as_ref(),
            input.max_items,
        )?;
        Ok(ListAttachedGroupPoliciesOutput {
            is_truncated: Some(page.is_truncated()),
            attached_policies: Some(page.items),
            marker: page.marker,
        })
    }
}
