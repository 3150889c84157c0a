//! ListUserPolicies: lists the inline policies of a user.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, demand_on_user};
use super::permissions;

/// Lists the names of the inline policies of a user.
pub(super) struct ListUserPolicies;

/// Which user, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListUserPoliciesRequest")]
pub(super) struct ListUserPoliciesInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of names.
#[derive(Output, Debug)]
#[shape(name = "ListUserPoliciesResponse")]
pub(super) struct ListUserPoliciesOutput {
    #[shape(required)]
    policy_names: Vec<String>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListUserPolicies {
    const NAME: &'static str = "ListUserPolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = ListUserPoliciesInput;
    type Output = ListUserPoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_user(call, "iam:ListUserPolicies", &input.user_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let user = find::user(call, &input.user_name).await?;
        let (marker, items_max) = (input.marker.as_ref(), input.max_items);
        let page = permissions::inline_page(&user.permissions, marker, items_max)?;
        Ok(ListUserPoliciesOutput {
            is_truncated: Some(page.is_truncated()),
            policy_names: page.items,
            marker: page.marker,
        })
    }
}
