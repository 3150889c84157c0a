//! EnablePolicyType: lets policies of a type be attached.

use coffer_pipeline::identity::organization::OrganizationRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::wire::{PolicyType, Root};
use super::{demand, find};

/// Enables a type of policies; AWS's own policy of it is attached to everything.
pub(super) struct EnablePolicyType;

/// In which root, and which type.
#[derive(Input, Debug)]
#[shape(name = "EnablePolicyTypeRequest")]
pub(super) struct EnablePolicyTypeInput {
    #[shape(required, max = 34, pattern = r"^r-[0-9a-z]{4,32}$")]
    root_id: String,
    #[shape(required)]
    policy_type: PolicyType,
}

/// The root.
#[derive(Output, Debug)]
#[shape(name = "EnablePolicyTypeResponse")]
pub(super) struct EnablePolicyTypeOutput {
    root: Option<Root>,
}

impl Operation for EnablePolicyType {
    const NAME: &'static str = "EnablePolicyType";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::PolicyTypeAlreadyEnabledException.row(),
        OrganizationsError::RootNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::PolicyTypeNotAvailableForOrganizationException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
        OrganizationsError::PolicyChangesInProgressException.row(),
    ];
    type Input = EnablePolicyTypeInput;
    type Output = EnablePolicyTypeOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(
            call,
            "organizations:EnablePolicyType",
            &[&input.root_id],
            Some(input.policy_type),
        )
        .await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        if input.root_id != organization.root_id {
            return Err(find::no_root());
        }
        let kind = find::kind_to_use(&organization, input.policy_type)?;
        if organization.enabled.contains_key(&kind) {
            return Err(OrganizationsError::PolicyTypeAlreadyEnabledException
                .with("The specified policy type is already enabled."));
        }
        let mut organization = OrganizationRecord::clone(&organization);
        organization.epochs = organization.epochs.saturating_add(1);
        organization.enabled.insert(kind, organization.epochs);
        call.acted_on(&organization.root_arn());
        let told = Root::of(&organization);
        call.put(organization).await?;
        Ok(EnablePolicyTypeOutput { root: Some(told) })
    }
}
