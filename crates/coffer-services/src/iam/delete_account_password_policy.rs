//! DeleteAccountPasswordPolicy: takes the rules of passwords away.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::account;
use super::errors::IamError;
use super::find::demand_on_all;

/// Takes the rules of passwords away.
pub(super) struct DeleteAccountPasswordPolicy;

/// Nothing is taken.
#[derive(Input, Debug)]
#[shape(name = "DeleteAccountPasswordPolicyRequest")]
pub(super) struct DeleteAccountPasswordPolicyInput {}

impl Operation for DeleteAccountPasswordPolicy {
    const NAME: &'static str = "DeleteAccountPasswordPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteAccountPasswordPolicyInput;
    type Output = ();

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:DeleteAccountPasswordPolicy"))
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        let mut account = account::of_caller(call).await?;
        if account.password_policy.take().is_none() {
            let message = "The account policy with name PasswordPolicy cannot be found.";
            return Err(IamError::NoSuchEntityException.with(message));
        }
        call.put(account).await
    }
}
