//! ListAccounts: lists the accounts of the organization.

use coffer_pipeline::identity::organization::AccountRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::find;
use super::pages::{self, Page, Place};
use super::wire::Account;

/// Lists the accounts, in the order of their ids.
pub(super) struct ListAccounts;

/// Which page.
#[derive(Input, Debug)]
#[shape(name = "ListAccountsRequest")]
pub(super) struct ListAccountsInput {
    #[shape(max = 100000, pattern = r"[\s\S]*")]
    next_token: Option<String>,
    #[shape(min = 1, max = 20)]
    max_results: Option<i32>,
}

/// A page of accounts.
#[derive(Output, Debug)]
#[shape(name = "ListAccountsResponse")]
pub(super) struct ListAccountsOutput {
    accounts: Option<Vec<Account>>,
    next_token: Option<String>,
}

impl Operation for ListAccounts {
    const NAME: &'static str = "ListAccounts";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = ListAccountsInput;
    type Output = ListAccountsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("organizations:ListAccounts"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let at = Place { max_results: input.max_results, next_token: input.next_token.as_ref() };
        let prefix = AccountRecord::all_of(&organization.id);
        let Page { items, next_token } = pages::accounts(call, &prefix, at).await?;
        let told = items.iter().map(|account| Account::of(&organization, account));
        Ok(ListAccountsOutput { accounts: Some(told.collect()), next_token })
    }
}
