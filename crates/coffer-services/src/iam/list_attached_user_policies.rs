//! ListAttachedUserPolicies: lists the managed policies attached to a user.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::find::{self, demand_on_user};
use super::permissions;
use super::wire::AttachedPolicy;

/// Lists the managed policies attached to a user, in the order of their names.
pub(super) struct ListAttachedUserPolicies;

/// Which user, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListAttachedUserPoliciesRequest")]
pub(super) struct ListAttachedUserPoliciesInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(min = 1, max = 512, pattern = r"((/[A-Za-z0-9\.,\+@=_-]+)*)/")]
    path_prefix: Option<String>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of policies.
#[derive(Output, Debug)]
#[shape(name = "ListAttachedUserPoliciesResponse")]
pub(super) struct ListAttachedUserPoliciesOutput {
    attached_policies: Option<Vec<AttachedPolicy>>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListAttachedUserPolicies {
    const NAME: &'static str = "ListAttachedUserPolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = ListAttachedUserPoliciesInput;
    type Output = ListAttachedUserPoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_user(call, "iam:ListAttachedUserPolicies", &input.user_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let user = find::user(call, &input.user_name).await?;
        let page = permissions::attached_page(
            &user.permissions,
            input.path_prefix.as_ref(),
            input.marker.as_ref(),
            input.max_items,
        )?;
        Ok(ListAttachedUserPoliciesOutput {
            is_truncated: Some(page.is_truncated()),
            attached_policies: Some(page.items),
            marker: page.marker,
        })
    }
}
