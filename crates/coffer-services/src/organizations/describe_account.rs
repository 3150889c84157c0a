//! DescribeAccount: one account of the organization.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::wire::Account;
use super::{demand, find};

/// Tells of an account.
pub(super) struct DescribeAccount;

/// Which account.
#[derive(Input, Debug)]
#[shape(name = "DescribeAccountRequest")]
pub(super) struct DescribeAccountInput {
    #[shape(required, max = 12, pattern = r"^\d{12}$")]
    account_id: String,
}

/// The account.
#[derive(Output, Debug)]
#[shape(name = "DescribeAccountResponse")]
pub(super) struct DescribeAccountOutput {
    account: Option<Account>,
}

impl Operation for DescribeAccount {
    const NAME: &'static str = "DescribeAccount";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AccountNotFoundException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = DescribeAccountInput;
    type Output = DescribeAccountOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:DescribeAccount", &[&input.account_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let account = find::account(call, &organization, &input.account_id).await?;
        Ok(DescribeAccountOutput { account: Some(Account::of(&organization, &account)) })
    }
}
