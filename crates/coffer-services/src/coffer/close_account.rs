//! CloseAccount: ends the use of an account.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::CofferError;
use super::operator::must_operate;
use crate::organizations::find;
use crate::organizations::found::closed;

/// Closes an account of the server's organization: nobody calls in its name any more.
pub(super) struct CloseAccount;

/// Which account.
#[derive(Input, Debug)]
pub(super) struct CloseAccountInput {
    #[shape(required, min = 12, max = 12, pattern = r"\d{12}")]
    account_id: String,
}

impl Operation for CloseAccount {
    const NAME: &'static str = "CloseAccount";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[CofferError::AccountNotFoundException.row()];
    type Input = CloseAccountInput;
    type Output = ();

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:CloseAccount"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_operate(call, "coffer:CloseAccount").await?;
        let organization = find::managed(call).await?;
        let account = find::account_if(call, &organization, &input.account_id).await?;
        let account = account.ok_or_else(|| {
            CofferError::AccountNotFoundException.with("There is no account of this id.")
        })?;
        call.acted_on(&organization.account_arn(account.account));
        let account = closed(&organization, &account, call.now())?;
        call.put(account).await
    }
}
