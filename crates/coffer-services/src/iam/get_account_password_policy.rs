//! GetAccountPasswordPolicy: tells what passwords have to be like.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::account::{self, PasswordPolicy};
use super::errors::IamError;
use super::find::demand_on_all;

/// Tells what passwords have to be like.
pub(super) struct GetAccountPasswordPolicy;

/// Nothing is taken.
#[derive(Input, Debug)]
#[shape(name = "GetAccountPasswordPolicyRequest")]
pub(super) struct GetAccountPasswordPolicyInput {}

/// The rules.
#[derive(Output, Debug)]
#[shape(name = "GetAccountPasswordPolicyResponse")]
pub(super) struct GetAccountPasswordPolicyOutput {
    #[shape(required)]
    password_policy: PasswordPolicy,
}

impl Operation for GetAccountPasswordPolicy {
    const NAME: &'static str = "GetAccountPasswordPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] =
        &[IamError::NoSuchEntityException.row(), IamError::ServiceFailureException.row()];
    type Input = GetAccountPasswordPolicyInput;
    type Output = GetAccountPasswordPolicyOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(demand_on_all("iam:GetAccountPasswordPolicy"))
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        let account = account::of_caller(call).await?;
        match &account.password_policy {
            Some(rules) => {
                Ok(GetAccountPasswordPolicyOutput { password_policy: PasswordPolicy::of(rules) })
            }
            None => Err(IamError::NoSuchEntityException.with(format!(
                "The Password Policy with domain name {} cannot be found.",
                account.account
            ))),
        }
    }
}
