//! ListCreateAccountStatus: lists how the making of accounts came out.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::{Direction, Key, Record as _};

use super::errors::OrganizationsError;
use super::find;
use super::pages::{Page, Place};
use super::records::CreateAccountRecord;
use super::wire::{CreateAccountState, CreateAccountStatus};

/// Lists how accounts' makings came out.
pub(super) struct ListCreateAccountStatus;

/// Which of them, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListCreateAccountStatusRequest")]
pub(super) struct ListCreateAccountStatusInput {
    states: Option<Vec<CreateAccountState>>,
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
}

/// A page of outcomes.
#[derive(Output, Debug)]
#[shape(name = "ListCreateAccountStatusResponse")]
pub(super) struct ListCreateAccountStatusOutput {
    create_account_statuses: Option<Vec<CreateAccountStatus>>,
    next_token: Option<String>,
}

impl Operation for ListCreateAccountStatus {
    const NAME: &'static str = "ListCreateAccountStatus";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = ListCreateAccountStatusInput;
    type Output = ListCreateAccountStatusOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("organizations:ListCreateAccountStatus"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let at = Place { max_results: input.max_results, next_token: input.next_token.as_ref() };
        let prefix = CreateAccountRecord::all_of(&organization.id);
        let order = Direction::Ascending;
        let rows = call.scan::<CreateAccountRecord>(&prefix, None, ROWS_MAX, order).await?;
        let is_wanted = |status: &CreateAccountStatus| {
            let states = input.states.as_ref().filter(|states| !states.is_empty());
            states.is_none_or(|states| status.state.is_some_and(|state| states.contains(&state)))
        };
        let told =
            rows.iter().map(|(_, record)| (record.id.clone(), CreateAccountStatus::of(record)));
        let told = told.filter(|(_, status)| is_wanted(status)).collect();
        let listing = Key::of(CreateAccountRecord::TABLE, &[&organization.id]);
        let Page { items, next_token } = Page::of(&listing, told, at)?;
        Ok(ListCreateAccountStatusOutput { create_account_statuses: Some(items), next_token })
    }
}

/// More than the accounts that an organization may have would take.
const ROWS_MAX: usize = 10_000;
