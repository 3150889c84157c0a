//! UpdatePolicy: changes a policy's name, description or text.

use coffer_pipeline::identity::PolicyDocument;
use coffer_pipeline::identity::organization::OrganizationPolicyRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::content::{must_be_new_name, must_be_policy};
use super::errors::OrganizationsError;
use super::records::PolicyNameRecord;
use super::wire::Policy;
use super::{demand, find};

/// Changes a policy; what it is attached to is bound by it from then on.
pub(super) struct UpdatePolicy;

/// Which policy, and what is to change.
#[derive(Input, Debug)]
#[shape(name = "UpdatePolicyRequest")]
pub(super) struct UpdatePolicyInput {
    #[shape(required, max = 130, pattern = r"^p-[0-9a-zA-Z_]{8,128}$")]
    policy_id: String,
    #[shape(min = 1, max = 128, pattern = r"[\s\S]*")]
    name: Option<String>,
    #[shape(max = 512, pattern = r"[\s\S]*")]
    description: Option<String>,
    #[shape(min = 1, pattern = r"[\s\S]*")]
    content: Option<String>,
}

/// The policy.
#[derive(Output, Debug)]
#[shape(name = "UpdatePolicyResponse")]
pub(super) struct UpdatePolicyOutput {
    policy: Option<Policy>,
}

impl Operation for UpdatePolicy {
    const NAME: &'static str = "UpdatePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::DuplicatePolicyException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::MalformedPolicyDocumentException.row(),
        OrganizationsError::PolicyNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
        OrganizationsError::PolicyChangesInProgressException.row(),
    ];
    type Input = UpdatePolicyInput;
    type Output = UpdatePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:UpdatePolicy", &[&input.policy_id], None).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let old = find::policy(call, &organization, &input.policy_id).await?;
        find::must_be_own(&old)?;
        let mut policy = OrganizationPolicyRecord::clone(&old);
        if let Some(content) = &input.content {
            must_be_policy(policy.kind, content)?;
            policy.content = PolicyDocument::new(content.clone());
        }
        if let Some(description) = &input.description {
            policy.description.clone_from(description);
        }
        if let Some(name) = input.name.as_ref().filter(|name| **name != old.name) {
            must_be_new_name(call, &organization.id, policy.kind, name).await?;
            policy.name.clone_from(name);
            let row = PolicyNameRecord::key_of(&organization.id, old.kind, &old.name);
            call.delete::<PolicyNameRecord>(&row).await?;
            call.put(PolicyNameRecord::new(&policy)).await?;
        }
        call.acted_on(&policy.arn(&organization));
        let told = Policy::of(&organization, &policy);
        call.put(policy).await?;
        Ok(UpdatePolicyOutput { policy: Some(told) })
    }
}
