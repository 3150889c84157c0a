//! CreatePolicy: makes a policy.

use coffer_pipeline::identity::PolicyDocument;
use coffer_pipeline::identity::organization::{
    OrganizationPolicyRecord, OrganizationRecord, POLICIES_MAX, draw_lower_case,
};
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::content::{must_be_new_name, must_be_policy};
use super::errors::OrganizationsError;
use super::errors::limited;
use super::records::PolicyNameRecord;
use super::wire::{Policy, PolicyType, Tag};
use super::{demand, find, tags};

/// Makes a policy that is attached to nothing yet.
pub(super) struct CreatePolicy;

/// What the policy is to be.
#[derive(Input, Debug)]
#[shape(name = "CreatePolicyRequest")]
pub(super) struct CreatePolicyInput {
    #[shape(required, min = 1, pattern = r"[\s\S]*")]
    content: String,
    #[shape(required, max = 512, pattern = r"[\s\S]*")]
    description: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\s\S]*")]
    name: String,
    #[shape(wire = "Type", required)]
    kind: PolicyType,
    tags: Option<Vec<Tag>>,
}

/// The policy.
#[derive(Output, Debug)]
#[shape(name = "CreatePolicyResponse")]
pub(super) struct CreatePolicyOutput {
    policy: Option<Policy>,
}

impl Operation for CreatePolicy {
    const NAME: &'static str = "CreatePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::DuplicatePolicyException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::MalformedPolicyDocumentException.row(),
        OrganizationsError::PolicyTypeNotAvailableForOrganizationException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
    ];
    type Input = CreatePolicyInput;
    type Output = CreatePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let action = "organizations:CreatePolicy";
        let mut demands = demand::on(call, action, &[], Some(input.kind)).await?;
        demands.extend(demand::to_tag(input.tags.as_ref()));
        Ok(demands)
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        tags::condition(input.tags.as_deref(), key)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let kind = find::kind_to_use(&organization, input.kind)?;
        must_be_policy(kind, &input.content)?;
        must_be_new_name(call, &organization.id, kind, &input.name).await?;
        if organization.policies >= POLICIES_MAX {
            return Err(limited(
                "POLICY_NUMBER_LIMIT_EXCEEDED",
                "You have exceeded the number of policies that you can have in an organization.",
            ));
        }
        let policy = OrganizationPolicyRecord {
            id: format!("p-{}", draw_lower_case(call.entropy(), POLICY_CHARACTERS)),
            organization: organization.id.clone(),
            kind,
            name: input.name.clone(),
            description: input.description.clone(),
            content: PolicyDocument::new(input.content.clone()),
            attachments: 0,
            epoch: 0,
        };
        let tags = input.tags.as_deref().unwrap_or_default();
        tags::add(call, &organization, &policy.id, tags).await?;
        let mut organization = OrganizationRecord::clone(&organization);
        organization.policies += 1;
        call.acted_on(&policy.arn(&organization));
        let told = Policy::of(&organization, &policy);
        call.put(organization).await?;
        call.put(PolicyNameRecord::new(&policy)).await?;
        call.put(policy).await?;
        Ok(CreatePolicyOutput { policy: Some(told) })
    }
}

const POLICY_CHARACTERS: usize = 8;
