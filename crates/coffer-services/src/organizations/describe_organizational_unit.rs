//! DescribeOrganizationalUnit: one unit.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::wire::OrganizationalUnit;
use super::{demand, find};

/// Tells of a unit.
pub(super) struct DescribeOrganizationalUnit;

/// Which unit.
#[derive(Input, Debug)]
#[shape(name = "DescribeOrganizationalUnitRequest")]
pub(super) struct DescribeOrganizationalUnitInput {
    #[shape(required, max = 68, pattern = r"^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$")]
    organizational_unit_id: String,
}

/// The unit.
#[derive(Output, Debug)]
#[shape(name = "DescribeOrganizationalUnitResponse")]
pub(super) struct DescribeOrganizationalUnitOutput {
    organizational_unit: Option<OrganizationalUnit>,
}

impl Operation for DescribeOrganizationalUnit {
    const NAME: &'static str = "DescribeOrganizationalUnit";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::OrganizationalUnitNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = DescribeOrganizationalUnitInput;
    type Output = DescribeOrganizationalUnitOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(
            call,
            "organizations:DescribeOrganizationalUnit",
            &[&input.organizational_unit_id],
            None,
        )
        .await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let id = &input.organizational_unit_id;
        let unit = organization.units.get(id).ok_or_else(find::no_unit)?;
        let told = OrganizationalUnit::of(&organization, id, unit);
        Ok(DescribeOrganizationalUnitOutput { organizational_unit: Some(told) })
    }
}
