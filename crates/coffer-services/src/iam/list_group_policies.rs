//! ListGroupPolicies: lists the inline policies of a group.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, demand_on_group};
use super::permissions;

/// Lists the names of the inline policies of a group.
pub(super) struct ListGroupPolicies;

/// Which group, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListGroupPoliciesRequest")]
pub(super) struct ListGroupPoliciesInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of names.
#[derive(Output, Debug)]
#[shape(name = "ListGroupPoliciesResponse")]
pub(super) struct ListGroupPoliciesOutput {
    #[shape(required)]
    policy_names: Vec<String>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListGroupPolicies {
    const NAME: &'static str = "ListGroupPolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListGroupPoliciesInput;
    type Output = ListGroupPoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_group(call, "iam:ListGroupPolicies", &input.group_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let group = find::group(call, &input.group_name).await?;
        let (marker, items_max) = (input.marker.as_ref(), input.max_items);
        let page = permissions::inline_page(&group.permissions, marker, items_max)?;
        Ok(ListGroupPoliciesOutput {
            is_truncated: Some(page.is_truncated()),
            policy_names: page.items,
            marker: page.marker,
        })
    }
}
