//! ListAttachedRolePolicies: lists the managed policies of a role.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::wire::AttachedPolicy;
use super::{find, permissions};

/// Lists the managed policies that are attached to a role.
pub(super) struct ListAttachedRolePolicies;

/// Which role, under which path, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListAttachedRolePoliciesRequest")]
pub(super) struct ListAttachedRolePoliciesInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(min = 1, max = 512, pattern = r"((/[A-Za-z0-9\.,\+@=_-]+)*)/")]
    path_prefix: Option<String>,
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of policies.
#[derive(Output, Debug)]
#[shape(name = "ListAttachedRolePoliciesResponse")]
pub(super) struct ListAttachedRolePoliciesOutput {
    attached_policies: Option<Vec<AttachedPolicy>>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListAttachedRolePolicies {
    const NAME: &'static str = "ListAttachedRolePolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = ListAttachedRolePoliciesInput;
    type Output = ListAttachedRolePoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            find::demand_on_role(call, "iam:ListAttachedRolePolicies", &input.role_name).await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        let page = permissions::attached_page(
            &role.permissions,
            input.path_prefix.as_ref(),
            input.marker.as_ref(),
            input.max_items,
        )?;
        Ok(ListAttachedRolePoliciesOutput {
            is_truncated: Some(page.is_truncated()),
            attached_policies: Some(page.items),
            marker: page.marker,
        })
    }
}
