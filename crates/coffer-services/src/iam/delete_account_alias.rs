//! DeleteAccountAlias: takes the alias of the account away.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::account::{self, AccountAliasRecord, is_alias};
use super::errors::IamError;
use super::find::demand_on_all;

/// Takes the alias of the account away.
pub(super) struct DeleteAccountAlias;

/// The alias.
#[derive(Input, Debug)]
#[shape(name = "DeleteAccountAliasRequest")]
pub(super) struct DeleteAccountAliasInput {
    #[shape(required, min = 3, max = 63, pattern = r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", check = is_alias)]
    account_alias: String,
}

impl Operation for DeleteAccountAlias {
    const NAME: &'static str = "DeleteAccountAlias";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::ConcurrentModificationException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteAccountAliasInput;
    type Output = ();

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:DeleteAccountAlias"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut account = account::of_caller(call).await?;
        let alias = &input.account_alias;
        if account.alias.as_ref() != Some(alias) {
            return Err(IamError::NoSuchEntityException
                .with(format!("The account alias {alias} cannot be found.")));
        }
        account.alias = None;
        call.delete::<AccountAliasRecord>(&AccountAliasRecord::key_of(alias)).await?;
        call.put(account).await
    }
}
