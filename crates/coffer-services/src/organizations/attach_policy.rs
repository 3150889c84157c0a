//! AttachPolicy: attaches a policy to a root, a unit or an account.

use coffer_pipeline::identity::organization::ATTACHMENTS_MAX;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::OrganizationsError;
use super::errors::limited;
use super::{attach, demand, find};

/// Attaches a policy.
pub(super) struct AttachPolicy;

/// Which policy, and to what.
#[derive(Input, Debug)]
#[shape(name = "AttachPolicyRequest")]
pub(super) struct AttachPolicyInput {
    #[shape(required, max = 130, pattern = r"^p-[0-9a-zA-Z_]{8,128}$")]
    policy_id: String,
    #[shape(
        required,
        max = 100,
        pattern = r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"
    )]
    target_id: String,
}

impl Operation for AttachPolicy {
    const NAME: &'static str = "AttachPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::DuplicatePolicyAttachmentException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::PolicyNotFoundException.row(),
        OrganizationsError::PolicyTypeNotEnabledException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TargetNotFoundException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
        OrganizationsError::PolicyChangesInProgressException.row(),
    ];
    type Input = AttachPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:AttachPolicy", &[&input.policy_id, &input.target_id], None)
            .await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let policy = find::policy(call, &organization, &input.policy_id).await?;
        let target = find::target(call, &organization, &input.target_id).await?;
        attach::must_be_enabled(&organization, policy.kind)?;
        let attached = target.attached(&organization).ok_or_else(find::no_target)?;
        let mut policies = organization.policies_of(attached, policy.kind);
        if policies.contains(&policy.id) {
            return Err(OrganizationsError::DuplicatePolicyAttachmentException.with(
                "A policy with the same name and type already exists on the specified target.",
            ));
        }
        if policies.len() >= ATTACHMENTS_MAX {
            return Err(limited(
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You have exceeded the number of policies of a certain type that can be attached \
                 to an entity at one time.",
            ));
        }
        policies.insert(policy.id.clone());
        call.acted_on(&policy.arn(&organization));
        attach::set(call, &organization, &target, policy.kind, policies).await?;
        attach::recount(call, &organization, &policy, 1).await
    }
}
