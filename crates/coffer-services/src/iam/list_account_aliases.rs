//! ListAccountAliases: lists the alias of the account.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::account;
use super::errors::IamError;
use super::find::demand_on_all;
use super::pages::Page;

/// Lists the alias of the account: there is one or none.
pub(super) struct ListAccountAliases;

/// Which page.
#[derive(Input, Debug)]
#[shape(name = "ListAccountAliasesRequest")]
pub(super) struct ListAccountAliasesInput {
    #[shape(min = 1, max = 320, pattern = r"[\u0020-\u00FF]+")]
    marker: Option<String>,
    #[shape(min = 1, max = 1000)]
    max_items: Option<i32>,
}

/// A page of aliases.
#[derive(Output, Debug)]
#[shape(name = "ListAccountAliasesResponse")]
pub(super) struct ListAccountAliasesOutput {
    #[shape(required)]
    account_aliases: Vec<String>,
    is_truncated: Option<bool>,
    marker: Option<String>,
}

impl Operation for ListAccountAliases {
    const NAME: &'static str = "ListAccountAliases";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[IamError::ServiceFailureException.row()];
    type Input = ListAccountAliasesInput;
    type Output = ListAccountAliasesOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:ListAccountAliases"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let account = account::of_caller(call).await?;
        let entries = account.alias.into_iter().map(|alias| (alias.clone(), alias)).collect();
        let page = Page::of(entries, input.marker.as_ref(), input.max_items)?;
        Ok(ListAccountAliasesOutput {
            is_truncated: Some(page.is_truncated()),
            account_aliases: page.items,
            marker: page.marker,
        })
    }
}
