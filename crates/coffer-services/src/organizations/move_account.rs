//! MoveAccount: moves an account to another root or unit.

use coffer_pipeline::identity::organization::OrganizationRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::OrganizationsError;
use super::{demand, find};

/// Moves an account.
pub(super) struct MoveAccount;

/// Which account, from where, to where.
#[derive(Input, Debug)]
#[shape(name = "MoveAccountRequest")]
pub(super) struct MoveAccountInput {
    #[shape(required, max = 12, pattern = r"^\d{12}$")]
    account_id: String,
    #[shape(
        required,
        max = 100,
        pattern = r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"
    )]
    source_parent_id: String,
    #[shape(
        required,
        max = 100,
        pattern = r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"
    )]
    destination_parent_id: String,
}

impl Operation for MoveAccount {
    const NAME: &'static str = "MoveAccount";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::SourceParentNotFoundException.row(),
        OrganizationsError::DestinationParentNotFoundException.row(),
        OrganizationsError::DuplicateAccountException.row(),
        OrganizationsError::AccountNotFoundException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ServiceException.row(),
    ];
    type Input = MoveAccountInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(
            call,
            "organizations:MoveAccount",
            &[&input.account_id, &input.source_parent_id, &input.destination_parent_id],
            None,
        )
        .await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let account = find::account(call, &organization, &input.account_id).await?;
        let (from, to) = (&input.source_parent_id, &input.destination_parent_id);
        if account.parent != *from {
            return Err(OrganizationsError::SourceParentNotFoundException
                .with("You specified a source parent that doesn't exist."));
        }
        let mut organization = OrganizationRecord::clone(&organization);
        if organization.unit(to).is_none() {
            return Err(OrganizationsError::DestinationParentNotFoundException
                .with("You specified a destination parent that doesn't exist."));
        }
        if from == to {
            return Err(OrganizationsError::DuplicateAccountException
                .with("The account is already in the destination root or OU."));
        }
        if let Some(unit) = organization.unit_mut(from) {
            unit.accounts = unit.accounts.saturating_sub(1);
        }
        if let Some(unit) = organization.unit_mut(to) {
            unit.accounts += 1;
        }
        call.acted_on(&organization.account_arn(account.account));
        call.put(organization).await?;
        let mut account = account.copy();
        account.parent.clone_from(to);
        call.put(account).await
    }
}
