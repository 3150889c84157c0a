//! CloseAccount: closes an account.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::OrganizationsError;
use super::{demand, find, found};

/// Closes an account for good: nobody calls in its name any more. What it has is kept.
pub(super) struct CloseAccount;

/// Which account.
#[derive(Input, Debug)]
#[shape(name = "CloseAccountRequest")]
pub(super) struct CloseAccountInput {
    #[shape(required, max = 12, pattern = r"^\d{12}$")]
    account_id: String,
}

impl Operation for CloseAccount {
    const NAME: &'static str = "CloseAccount";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AccountAlreadyClosedException.row(),
        OrganizationsError::AccountNotFoundException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConflictException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = CloseAccountInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:CloseAccount", &[&input.account_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let account = find::account(call, &organization, &input.account_id).await?;
        call.acted_on(&organization.account_arn(account.account));
        let account = found::closed(&organization, &account, call.now())?;
        call.put(account).await
    }
}
