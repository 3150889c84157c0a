//! DescribeOrganization: the organization of the caller's account.

use coffer_pipeline::identity::organization::AccountRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::find;
use super::wire::Organization;

/// Tells of the organization, to members as to the management account.
pub(super) struct DescribeOrganization;

/// Nothing is taken.
#[derive(Input, Debug)]
pub(super) struct DescribeOrganizationInput {}

/// The organization.
#[derive(Output, Debug)]
#[shape(name = "DescribeOrganizationResponse")]
pub(super) struct DescribeOrganizationOutput {
    organization: Option<Organization>,
}

impl Operation for DescribeOrganization {
    const NAME: &'static str = "DescribeOrganization";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = DescribeOrganizationInput;
    type Output = DescribeOrganizationOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("organizations:DescribeOrganization"))
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::own(call).await?;
        let row = AccountRecord::key_of(organization.management_account);
        let management = call.get::<AccountRecord>(&row).await?;
        let email = management.map(|account| account.email.clone());
        Ok(DescribeOrganizationOutput {
            organization: Some(Organization::of(&organization, email)),
        })
    }
}
