//! DeleteOrganizationalUnit: ends a unit that has nothing in it.

use coffer_pipeline::identity::organization::OrganizationRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::OrganizationsError;
use super::{attach, demand, find, tags};

/// Ends a unit that has neither units nor accounts in it.
pub(super) struct DeleteOrganizationalUnit;

/// Which unit.
#[derive(Input, Debug)]
#[shape(name = "DeleteOrganizationalUnitRequest")]
pub(super) struct DeleteOrganizationalUnitInput {
    #[shape(required, max = 68, pattern = r"^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$")]
    organizational_unit_id: String,
}

impl Operation for DeleteOrganizationalUnit {
    const NAME: &'static str = "DeleteOrganizationalUnit";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::OrganizationalUnitNotEmptyException.row(),
        OrganizationsError::OrganizationalUnitNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = DeleteOrganizationalUnitInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(
            call,
            "organizations:DeleteOrganizationalUnit",
            &[&input.organizational_unit_id],
            None,
        )
        .await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let id = &input.organizational_unit_id;
        let unit = organization.units.get(id).ok_or_else(find::no_unit)?;
        let has_units = organization.units.values().any(|below| below.parent == *id);
        if has_units || unit.accounts > 0 {
            return Err(OrganizationsError::OrganizationalUnitNotEmptyException
                .with("The specified OU is not empty. Move all accounts to another root or OU."));
        }
        attach::release(call, &organization, &unit.attached).await?;
        tags::forget(call, &organization, id).await?;
        call.acted_on(&organization.unit_arn(id));
        let mut organization = OrganizationRecord::clone(&organization);
        organization.units.remove(id);
        call.put(organization).await
    }
}
