//! DeletePolicy: ends a policy that is attached to nothing.

use coffer_pipeline::identity::organization::{OrganizationPolicyRecord, OrganizationRecord};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::OrganizationsError;
use super::records::PolicyNameRecord;
use super::{attach, demand, find, tags};

/// Ends a policy that is attached to nothing.
pub(super) struct DeletePolicy;

/// Which policy.
#[derive(Input, Debug)]
#[shape(name = "DeletePolicyRequest")]
pub(super) struct DeletePolicyInput {
    #[shape(required, max = 130, pattern = r"^p-[0-9a-zA-Z_]{8,128}$")]
    policy_id: String,
}

impl Operation for DeletePolicy {
    const NAME: &'static str = "DeletePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::PolicyInUseException.row(),
        OrganizationsError::PolicyNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = DeletePolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:DeletePolicy", &[&input.policy_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let policy = find::policy(call, &organization, &input.policy_id).await?;
        find::must_be_own(&policy)?;
        if attach::count(&organization, &policy) > 0 {
            return Err(OrganizationsError::PolicyInUseException.with(
                "The policy is attached to one or more entities. You must detach it from all \
                 roots, OUs, and accounts before performing this operation.",
            ));
        }
        tags::forget(call, &organization, &policy.id).await?;
        call.acted_on(&policy.arn(&organization));
        let row = PolicyNameRecord::key_of(&organization.id, policy.kind, &policy.name);
        call.delete::<PolicyNameRecord>(&row).await?;
        let row = OrganizationPolicyRecord::key_of(&organization.id, &policy.id);
        call.delete::<OrganizationPolicyRecord>(&row).await?;
        let mut organization = OrganizationRecord::clone(&organization);
        organization.policies = organization.policies.saturating_sub(1);
        call.put(organization).await
    }
}
