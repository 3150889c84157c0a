//! ListPoliciesForTarget: lists the policies that are attached to something.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Key;

use super::errors::OrganizationsError;
use super::pages::{Page, Place};
use super::wire::{PolicySummary, PolicyType};
use super::{demand, find};

/// Lists the policies that are attached to a root, a unit or an account itself.
pub(super) struct ListPoliciesForTarget;

/// To what, of which type, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListPoliciesForTargetRequest")]
pub(super) struct ListPoliciesForTargetInput {
    #[shape(
        required,
        max = 100,
        pattern = r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"
    )]
    target_id: String,
    #[shape(required)]
    filter: PolicyType,
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
}

/// A page of policies.
#[derive(Output, Debug)]
#[shape(name = "ListPoliciesForTargetResponse")]
pub(super) struct ListPoliciesForTargetOutput {
    policies: Option<Vec<PolicySummary>>,
    next_token: Option<String>,
}

impl Operation for ListPoliciesForTarget {
    const NAME: &'static str = "ListPoliciesForTarget";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TargetNotFoundException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = ListPoliciesForTargetInput;
    type Output = ListPoliciesForTargetOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(
            call,
            "organizations:ListPoliciesForTarget",
            &[&input.target_id],
            Some(input.filter),
        )
        .await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let at = Place { max_results: input.max_results, next_token: input.next_token.as_ref() };
        let target = find::target(call, &organization, &input.target_id).await?;
        let Some(kind) = input.filter.kind() else {
            return Ok(ListPoliciesForTargetOutput {
                policies: Some(Vec::new()),
                next_token: None,
            });
        };
        let attached = target.attached(&organization).ok_or_else(find::no_target)?;
        let mut told = Vec::new();
        for id in organization.policies_of(attached, kind) {
            let policy = find::policy(call, &organization, &id).await?;
            told.push((id, PolicySummary::of(&organization, &policy)));
        }
        let listing = Key::of(Self::NAME, &[&input.target_id, kind.managed_id()]);
        let Page { items, next_token } = Page::of(&listing, told, at)?;
        Ok(ListPoliciesForTargetOutput { policies: Some(items), next_token })
    }
}
