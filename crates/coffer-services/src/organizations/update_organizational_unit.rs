//! UpdateOrganizationalUnit: gives a unit another name.

use coffer_pipeline::identity::organization::OrganizationRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::create_organizational_unit::must_be_new_name;
use super::errors::OrganizationsError;
use super::wire::OrganizationalUnit;
use super::{demand, find};

/// Gives a unit another name.
pub(super) struct UpdateOrganizationalUnit;

/// Which unit, and its name.
#[derive(Input, Debug)]
#[shape(name = "UpdateOrganizationalUnitRequest")]
pub(super) struct UpdateOrganizationalUnitInput {
    #[shape(required, max = 68, pattern = r"^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$")]
    organizational_unit_id: String,
    #[shape(min = 1, max = 128, pattern = r"[\s\S]*")]
    name: Option<String>,
}

/// The unit.
#[derive(Output, Debug)]
#[shape(name = "UpdateOrganizationalUnitResponse")]
pub(super) struct UpdateOrganizationalUnitOutput {
    organizational_unit: Option<OrganizationalUnit>,
}

impl Operation for UpdateOrganizationalUnit {
    const NAME: &'static str = "UpdateOrganizationalUnit";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::DuplicateOrganizationalUnitException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::OrganizationalUnitNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = UpdateOrganizationalUnitInput;
    type Output = UpdateOrganizationalUnitOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(
            call,
            "organizations:UpdateOrganizationalUnit",
            &[&input.organizational_unit_id],
            None,
        )
        .await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let id = &input.organizational_unit_id;
        let mut organization = OrganizationRecord::clone(&organization);
        let unit = organization.units.get(id).ok_or_else(find::no_unit)?.clone();
        if let Some(name) = input.name.as_ref().filter(|name| **name != unit.name) {
            must_be_new_name(&organization, &unit.parent, name)?;
            if let Some(unit) = organization.units.get_mut(id) {
                unit.name.clone_from(name);
            }
            call.put(organization.clone()).await?;
        }
        call.acted_on(&organization.unit_arn(id));
        let told = organization.units.get(id);
        let told = told.map(|unit| OrganizationalUnit::of(&organization, id, unit));
        Ok(UpdateOrganizationalUnitOutput { organizational_unit: told })
    }
}
