//! CreateOrganization: makes an organization that the caller's account manages.

use coffer_pipeline::identity::organization::{AccountRecord, FeatureSet};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::found;
use super::wire::{Organization, OrganizationFeatureSet};
use crate::coffer::operator::must_operate;

/// Makes the server's organization, managed by its first account; under `coffer dev` every account can
/// make one.
pub(super) struct CreateOrganization;

/// What it may use.
#[derive(Input, Debug)]
#[shape(name = "CreateOrganizationRequest")]
pub(super) struct CreateOrganizationInput {
    feature_set: Option<OrganizationFeatureSet>,
}

/// The organization.
#[derive(Output, Debug)]
#[shape(name = "CreateOrganizationResponse")]
pub(super) struct CreateOrganizationOutput {
    organization: Option<Organization>,
}

impl Operation for CreateOrganization {
    const NAME: &'static str = "CreateOrganization";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AlreadyInOrganizationException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::AccessDeniedForDependencyException.row(),
    ];
    type Input = CreateOrganizationInput;
    type Output = CreateOrganizationOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("organizations:CreateOrganization"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let row = AccountRecord::key_of(call.account());
        if call.get::<AccountRecord>(&row).await?.is_some() {
            return Err(OrganizationsError::AlreadyInOrganizationException
                .with("The AWS account is already a member of an organization."));
        }
        must_operate(call, "organizations:CreateOrganization").await?;
        let feature_set = match input.feature_set {
            Some(OrganizationFeatureSet::All) | None => FeatureSet::All,
            Some(OrganizationFeatureSet::ConsolidatedBilling) => FeatureSet::ConsolidatedBilling,
        };
        let organization = found::make_organization(call, feature_set).await?;
        let management = call.get::<AccountRecord>(&row).await?;
        let email = management.map(|account| account.email.clone());
        Ok(CreateOrganizationOutput { organization: Some(Organization::of(&organization, email)) })
    }
}
