//! ListRolePolicies: lists the inline policies of a role.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::{find, permissions};

/// Lists the names of the inline policies of a role.
pub(super) struct ListRolePolicies;

/// Which role, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListRolePoliciesRequest")]
pub(super) struct ListRolePoliciesInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of names.
#[derive(Output, Debug)]
#[shape(name = "ListRolePoliciesResponse")]
pub(super) struct ListRolePoliciesOutput {
    #[shape(required)]
    policy_names: Vec<String>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListRolePolicies {
    const NAME: &'static str = "ListRolePolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListRolePoliciesInput;
    type Output = ListRolePoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![find::demand_on_role(call, "iam:ListRolePolicies", &input.role_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        let (marker, items_max) = (input.marker.as_ref(), input.max_items);
        let page = permissions::inline_page(&role.permissions, marker, items_max)?;
        Ok(ListRolePoliciesOutput {
            is_truncated: Some(page.is_truncated()),
            policy_names: page.items,
            marker: page.marker,
        })
    }
}
