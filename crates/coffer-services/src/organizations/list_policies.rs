//! ListPolicies: lists the policies of a type.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Key;

use super::errors::OrganizationsError;
use super::pages::{self, Page, Place};
use super::wire::{PolicySummary, PolicyType};
use super::{demand, find};

/// Lists the policies of a type, AWS's own among them.
pub(super) struct ListPolicies;

/// Of which type, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListPoliciesRequest")]
pub(super) struct ListPoliciesInput {
    #[shape(required)]
    filter: PolicyType,
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
}

/// A page of policies.
#[derive(Output, Debug)]
#[shape(name = "ListPoliciesResponse")]
pub(super) struct ListPoliciesOutput {
    policies: Option<Vec<PolicySummary>>,
    next_token: Option<String>,
}

impl Operation for ListPolicies {
    const NAME: &'static str = "ListPolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = ListPoliciesInput;
    type Output = ListPoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:ListPolicies", &[], Some(input.filter)).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let at = Place { max_results: input.max_results, next_token: input.next_token.as_ref() };
        let Some(kind) = input.filter.kind() else {
            return Ok(ListPoliciesOutput { policies: Some(Vec::new()), next_token: None });
        };
        let all = pages::all_policies(call, &organization, kind).await?;
        let listing = Key::of(Self::NAME, &[kind.managed_id()]);
        let Page { items, next_token } = Page::of(&listing, all, at)?;
        let told = items.iter().map(|policy| PolicySummary::of(&organization, policy));
        Ok(ListPoliciesOutput { policies: Some(told.collect()), next_token })
    }
}
