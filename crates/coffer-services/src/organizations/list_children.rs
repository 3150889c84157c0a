//! ListChildren: lists the ids of what is in a root or unit.

use coffer_pipeline::identity::organization::AccountRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Key;

use super::errors::OrganizationsError;
use super::pages::{self, Page, Place};
use super::wire::{Child, ChildType};
use super::{demand, find};

/// Lists the ids of the units or the accounts directly in a root or unit.
pub(super) struct ListChildren;

/// In what, which of both, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListChildrenRequest")]
pub(super) struct ListChildrenInput {
    #[shape(
        required,
        max = 100,
        pattern = r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"
    )]
    parent_id: String,
    #[shape(required)]
    child_type: ChildType,
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
}

/// A page of ids.
#[derive(Output, Debug)]
#[shape(name = "ListChildrenResponse")]
pub(super) struct ListChildrenOutput {
    children: Option<Vec<Child>>,
    next_token: Option<String>,
}

impl Operation for ListChildren {
    const NAME: &'static str = "ListChildren";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ParentNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = ListChildrenInput;
    type Output = ListChildrenOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:ListChildren", &[&input.parent_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        find::must_be_parent(&organization, &input.parent_id)?;
        let at = Place { max_results: input.max_results, next_token: input.next_token.as_ref() };
        let child = |id: String| Child { id: Some(id), kind: Some(input.child_type) };
        if input.child_type == ChildType::Account {
            let prefix = AccountRecord::all_in(&input.parent_id);
            let Page { items, next_token } = pages::accounts(call, &prefix, at).await?;
            let told = items.iter().map(|account| child(account.account.to_string()));
            return Ok(ListChildrenOutput { children: Some(told.collect()), next_token });
        }
        let below = organization.units.iter().filter(|(_, unit)| unit.parent == input.parent_id);
        let told = below.map(|(id, _)| (id.clone(), child(id.clone()))).collect();
        let listing = Key::of(Self::NAME, &[&input.parent_id]);
        let Page { items, next_token } = Page::of(&listing, told, at)?;
        Ok(ListChildrenOutput { children: Some(items), next_token })
    }
}
