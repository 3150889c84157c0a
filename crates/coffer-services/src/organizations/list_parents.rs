//! ListParents: what a unit or account is in.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::{OrganizationsError, invalid};
use super::wire::{Parent, ParentType};
use super::{demand, find};

/// Tells which root or unit a unit or account is directly in.
pub(super) struct ListParents;

/// Of what.
#[derive(Input, Debug)]
#[shape(name = "ListParentsRequest")]
pub(super) struct ListParentsInput {
    #[shape(required, max = 100, pattern = r"^(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$")]
    child_id: String,
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
}

/// The parent.
#[derive(Output, Debug)]
#[shape(name = "ListParentsResponse")]
pub(super) struct ListParentsOutput {
    parents: Option<Vec<Parent>>,
    next_token: Option<String>,
}

impl Operation for ListParents {
    const NAME: &'static str = "ListParents";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ChildNotFoundException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = ListParentsInput;
    type Output = ListParentsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:ListParents", &[&input.child_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        if input.next_token.is_some() {
            let message = "You provided a pagination token that is not valid.";
            return Err(invalid("INVALID_NEXT_TOKEN", message));
        }
        let parent = match organization.units.get(&input.child_id) {
            Some(unit) => Some(unit.parent.clone()),
            None => find::account_if(call, &organization, &input.child_id)
                .await?
                .map(|account| account.parent.clone()),
        };
        let parent = parent.ok_or_else(|| {
            OrganizationsError::ChildNotFoundException
                .with("You specified a child that doesn't exist.")
        })?;
        let kind = match parent == organization.root_id {
            true => ParentType::Root,
            false => ParentType::OrganizationalUnit,
        };
        let parents = vec![Parent { id: Some(parent), kind: Some(kind) }];
        Ok(ListParentsOutput { parents: Some(parents), next_token: None })
    }
}
