//! ListAccountsForParent: lists the accounts in a root or unit.

use coffer_pipeline::identity::organization::AccountRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::pages::{self, Page, Place};
use super::wire::Account;
use super::{demand, find};

/// Lists the accounts directly in a root or unit.
pub(super) struct ListAccountsForParent;

/// In what, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListAccountsForParentRequest")]
pub(super) struct ListAccountsForParentInput {
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

/// A page of accounts.
#[derive(Output, Debug)]
#[shape(name = "ListAccountsForParentResponse")]
pub(super) struct ListAccountsForParentOutput {
    accounts: Option<Vec<Account>>,
    next_token: Option<String>,
}

impl Operation for ListAccountsForParent {
    const NAME: &'static str = "ListAccountsForParent";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ParentNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = ListAccountsForParentInput;
    type Output = ListAccountsForParentOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:ListAccountsForParent", &[&input.parent_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        find::must_be_parent(&organization, &input.parent_id)?;
        let at = Place { max_results: input.max_results, next_token: input.next_token.as_ref() };
        let prefix = AccountRecord::all_in(&input.parent_id);
        let Page { items, next_token } = pages::accounts(call, &prefix, at).await?;
        let told = items.iter().map(|account| Account::of(&organization, account));
        Ok(ListAccountsForParentOutput { accounts: Some(told.collect()), next_token })
    }
}
