//! DisablePolicyType: ends all attachments of a type of policies.

use coffer_pipeline::identity::organization::OrganizationRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::OrganizationsError;
use super::wire::{PolicyType, Root};
use super::{attach, demand, find};

/// Disables a type of policies; all policies of it are detached from everything.
pub(super) struct DisablePolicyType;

/// In which root, and which type.
#[derive(Input, Debug)]
#[shape(name = "DisablePolicyTypeRequest")]
pub(super) struct DisablePolicyTypeInput {
    #[shape(required, max = 34, pattern = r"^r-[0-9a-z]{4,32}$")]
    root_id: String,
    #[shape(required)]
    policy_type: PolicyType,
}

/// The root.
#[derive(Output, Debug)]
#[shape(name = "DisablePolicyTypeResponse")]
pub(super) struct DisablePolicyTypeOutput {
    root: Option<Root>,
}

impl Operation for DisablePolicyType {
    const NAME: &'static str = "DisablePolicyType";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::PolicyTypeNotEnabledException.row(),
        OrganizationsError::RootNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
        OrganizationsError::PolicyChangesInProgressException.row(),
    ];
    type Input = DisablePolicyTypeInput;
    type Output = DisablePolicyTypeOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(
            call,
            "organizations:DisablePolicyType",
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
        attach::must_be_enabled(&organization, kind)?;
        let mut organization = OrganizationRecord::clone(&organization);
        organization.enabled.remove(&kind);
        call.acted_on(&organization.root_arn());
        let told = Root::of(&organization);
        call.put(organization).await?;
        Ok(DisablePolicyTypeOutput { root: Some(told) })
    }
}
