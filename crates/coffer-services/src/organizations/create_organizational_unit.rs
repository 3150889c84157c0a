//! CreateOrganizationalUnit: makes a unit below a root or another unit.

use coffer_pipeline::identity::organization::{
    Attached, DEPTH_MAX, OrganizationRecord, UNITS_MAX, Unit, draw_lower_case,
};
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::errors::limited;
use super::wire::{OrganizationalUnit, Tag};
use super::{demand, find, tags};

/// Makes a unit.
pub(super) struct CreateOrganizationalUnit;

/// Where, and its name.
#[derive(Input, Debug)]
#[shape(name = "CreateOrganizationalUnitRequest")]
pub(super) struct CreateOrganizationalUnitInput {
    #[shape(
        required,
        max = 100,
        pattern = r"^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"
    )]
    parent_id: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\s\S]*")]
    name: String,
    tags: Option<Vec<Tag>>,
}

/// The unit.
#[derive(Output, Debug)]
#[shape(name = "CreateOrganizationalUnitResponse")]
pub(super) struct CreateOrganizationalUnitOutput {
    organizational_unit: Option<OrganizationalUnit>,
}

impl Operation for CreateOrganizationalUnit {
    const NAME: &'static str = "CreateOrganizationalUnit";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::DuplicateOrganizationalUnitException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ParentNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
    ];
    type Input = CreateOrganizationalUnitInput;
    type Output = CreateOrganizationalUnitOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let action = "organizations:CreateOrganizationalUnit";
        let mut demands = demand::on(call, action, &[&input.parent_id], None).await?;
        demands.extend(demand::to_tag(input.tags.as_ref()));
        Ok(demands)
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        tags::condition(input.tags.as_deref(), key)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        find::must_be_parent(&organization, &input.parent_id)?;
        must_have_room(&organization, &input.parent_id)?;
        must_be_new_name(&organization, &input.parent_id, &input.name)?;
        let place = organization.root_id.trim_start_matches("r-");
        let id = format!("ou-{place}-{}", draw_lower_case(call.entropy(), UNIT_CHARACTERS));
        let unit = Unit {
            name: input.name.clone(),
            parent: input.parent_id.clone(),
            accounts: 0,
            attached: Attached::new(),
        };
        let mut organization = OrganizationRecord::clone(&organization);
        organization.units.insert(id.clone(), unit.clone());
        call.acted_on(&organization.unit_arn(&id));
        let told = OrganizationalUnit::of(&organization, &id, &unit);
        call.put(organization.clone()).await?;
        let tags = input.tags.as_deref().unwrap_or_default();
        tags::add(call, &organization, &id, tags).await?;
        Ok(CreateOrganizationalUnitOutput { organizational_unit: Some(told) })
    }
}

/// Refuses a unit more than there may be, or one too deep in the tree.
fn must_have_room(organization: &OrganizationRecord, parent: &str) -> Result<(), Fault> {
    if organization.units.len() >= UNITS_MAX {
        return Err(limited(
            "OU_NUMBER_LIMIT_EXCEEDED",
            "You have exceeded the number of organizational units that you can have in an \
             organization.",
        ));
    }
    if organization.way_to(parent).len() > DEPTH_MAX {
        return Err(limited(
            "OU_DEPTH_LIMIT_EXCEEDED",
            "You have exceeded the number of levels of organizational units that you can have.",
        ));
    }
    Ok(())
}

/// Refuses a name that another unit below the same parent has.
///
/// # Errors
/// `DuplicateOrganizationalUnitException`.
pub(super) fn must_be_new_name(
    organization: &OrganizationRecord,
    parent: &str,
    name: &str,
) -> Result<(), Fault> {
    if organization.units.values().any(|unit| unit.parent == parent && unit.name == name) {
        return Err(OrganizationsError::DuplicateOrganizationalUnitException
            .with("An OU with the same name already exists."));
    }
    Ok(())
}

const UNIT_CHARACTERS: usize = 8;
