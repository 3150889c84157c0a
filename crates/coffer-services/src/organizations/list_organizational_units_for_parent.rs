//! ListOrganizationalUnitsForParent: lists the units below a root or unit.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Key;

use super::errors::OrganizationsError;
use super::pages::{Page, Place};
use super::wire::OrganizationalUnit;
use super::{demand, find};

/// Lists the units directly below a root or unit.
pub(super) struct ListOrganizationalUnitsForParent;

/// Below what, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListOrganizationalUnitsForParentRequest")]
pub(super) struct ListOrganizationalUnitsForParentInput {
    #[shape(
        required,
        max = 100,
        pattern = r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"
    )]
    parent_id: String,
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
}

/// A page of units.
#[derive(Output, Debug)]
#[shape(name = "ListOrganizationalUnitsForParentResponse")]
pub(super) struct ListOrganizationalUnitsForParentOutput {
    organizational_units: Option<Vec<OrganizationalUnit>>,
    next_token: Option<String>,
}

impl Operation for ListOrganizationalUnitsForParent {
    const NAME: &'static str = "ListOrganizationalUnitsForParent";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ParentNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = ListOrganizationalUnitsForParentInput;
    type Output = ListOrganizationalUnitsForParentOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(
            call,
            "organizations:ListOrganizationalUnitsForParent",
            &[&input.parent_id],
            None,
        )
        .await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        find::must_be_parent(&organization, &input.parent_id)?;
        let at = Place { max_results: input.max_results, next_token: input.next_token.as_ref() };
        let below = organization.units.iter().filter(|(_, unit)| unit.parent == input.parent_id);
        let told =
            below.map(|(id, unit)| (id.clone(), OrganizationalUnit::of(&organization, id, unit)));
        let listing = Key::of(Self::NAME, &[&input.parent_id]);
        let Page { items, next_token } = Page::of(&listing, told.collect(), at)?;
        Ok(ListOrganizationalUnitsForParentOutput { organizational_units: Some(items), next_token })
    }
}
