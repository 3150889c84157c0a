//! ListAccounts: the accounts of the server's organization.

use coffer_pipeline::identity::organization::AccountRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Direction;

use super::account::Account;
use super::errors::CofferError;
use super::operator::must_operate;
use crate::organizations::find;
use crate::page;

/// Lists the accounts that were made, the management account among them, in the order of their ids.
pub(super) struct ListAccounts;

/// Which page.
#[derive(Input, Debug)]
pub(super) struct ListAccountsInput {
    #[shape(min = 1, max = 100)]
    max_results: Option<i32>,
    #[shape(max = 4096)]
    next_token: Option<String>,
}

/// A page of accounts.
#[derive(Output, Debug)]
pub(super) struct ListAccountsOutput {
    accounts: Option<Vec<Account>>,
    next_token: Option<String>,
}

impl Operation for ListAccounts {
    const NAME: &'static str = "ListAccounts";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[CofferError::InvalidNextTokenException.row()];
    type Input = ListAccountsInput;
    type Output = ListAccountsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:ListAccounts"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_operate(call, "coffer:ListAccounts").await?;
        let row = AccountRecord::key_of(call.account());
        if call.get::<AccountRecord>(&row).await?.is_none() {
            return Ok(ListAccountsOutput { accounts: Some(Vec::new()), next_token: None });
        }
        let organization = find::managed(call).await?;
        let prefix = AccountRecord::all_of(&organization.id);
        let after = match &input.next_token {
            Some(token) => Some(page::place(token, &prefix).ok_or_else(|| {
                CofferError::InvalidNextTokenException.with("The token is not valid.")
            })?),
            None => None,
        };
        let rows_max = usize::try_from(input.max_results.unwrap_or(PAGE_USUAL)).unwrap_or(1);
        let order = Direction::Ascending;
        let rows = call.scan_index(&prefix, after.as_ref(), rows_max, order).await?;
        let last = rows.last().filter(|_| rows.len() == rows_max);
        let next_token = last.map(|(place, _)| page::token(place));
        let keys: Vec<_> = rows.into_iter().map(|(_, key)| key).collect();
        let records = call.get_many::<AccountRecord>(&keys).await?;
        let accounts = records.iter().flatten().map(|account| Account::of(account)).collect();
        Ok(ListAccountsOutput { accounts: Some(accounts), next_token })
    }
}

const PAGE_USUAL: i32 = 50;
