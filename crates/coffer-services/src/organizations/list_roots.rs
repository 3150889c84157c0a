//! ListRoots: lists the roots of the organization, of which there is one.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::{OrganizationsError, invalid};
use super::find;
use super::wire::Root;

/// Lists the root.
pub(super) struct ListRoots;

/// Which page.
#[derive(Input, Debug)]
#[shape(name = "ListRootsRequest")]
pub(super) struct ListRootsInput {
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
}

/// The root.
#[derive(Output, Debug)]
#[shape(name = "ListRootsResponse")]
pub(super) struct ListRootsOutput {
    roots: Option<Vec<Root>>,
    next_token: Option<String>,
}

impl Operation for ListRoots {
    const NAME: &'static str = "ListRoots";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = ListRootsInput;
    type Output = ListRootsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("organizations:ListRoots"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        if input.next_token.is_some() {
            let message = "You provided a pagination token that is not valid.";
            return Err(invalid("INVALID_NEXT_TOKEN", message));
        }
        Ok(ListRootsOutput { roots: Some(vec![Root::of(&organization)]), next_token: None })
    }
}
