//! CreateAccountAlias: gives the account an alias.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::account::{self, AccountAliasRecord, is_alias};
use super::errors::IamError;
use super::find::demand_on_all;

/// Gives the account an alias that no other account has, in place of the one it has.
pub(super) struct CreateAccountAlias;

/// The alias.
#[derive(Input, Debug)]
#[shape(name = "CreateAccountAliasRequest")]
pub(super) struct CreateAccountAliasInput {
    #[shape(required, min = 3, max = 63, pattern = r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", check = is_alias)]
    account_alias: String,
}

impl Operation for CreateAccountAlias {
    const NAME: &'static str = "CreateAccountAlias";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::ConcurrentModificationException.row(),
        IamError::EntityAlreadyExistsException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = CreateAccountAliasInput;
    type Output = ();

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:CreateAccountAlias"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut account = account::of_caller(call).await?;
        let alias = &input.account_alias;
        let key = AccountAliasRecord::key_of(alias);
        let found = call.get::<AccountAliasRecord>(&key).await?;
        if found.is_some_and(|found| found.account != account.account) {
            let message = format!("The account alias {alias} already exists.");
            return Err(IamError::EntityAlreadyExistsException.with(message));
        }
        // AWS: an account has one alias; another takes its place (IAM API reference).
        if let Some(old) = account.alias.replace(alias.clone()) {
            call.delete::<AccountAliasRecord>(&AccountAliasRecord::key_of(&old)).await?;
        }
        let record = AccountAliasRecord { alias: alias.clone(), account: account.account };
        call.put(record).await?;
        call.put(account).await
    }
}
