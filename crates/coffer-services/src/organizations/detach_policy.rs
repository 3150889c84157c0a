//! DetachPolicy: detaches a policy from a root, a unit or an account.

use coffer_pipeline::identity::organization::PolicyKind;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::OrganizationsError;
use super::errors::{invalid, limited};
use super::{attach, demand, find};

/// Detaches a policy.
pub(super) struct DetachPolicy;

/// Which policy, and from what.
#[derive(Input, Debug)]
#[shape(name = "DetachPolicyRequest")]
pub(super) struct DetachPolicyInput {
    #[shape(required, max = 130, pattern = r"^p-[0-9a-zA-Z_]{8,128}$")]
    policy_id: String,
    #[shape(
        required,
        max = 100,
        pattern = r"^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"
    )]
    target_id: String,
}

impl Operation for DetachPolicy {
    const NAME: &'static str = "DetachPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        OrganizationsError::AccessDeniedException.row(),
        OrganizationsError::AWSOrganizationsNotInUseException.row(),
        OrganizationsError::ConcurrentModificationException.row(),
        OrganizationsError::ConstraintViolationException.row(),
        OrganizationsError::InvalidInputException.row(),
        OrganizationsError::PolicyNotAttachedException.row(),
        OrganizationsError::PolicyNotFoundException.row(),
        OrganizationsError::ServiceException.row(),
        OrganizationsError::TargetNotFoundException.row(),
        OrganizationsError::TooManyRequestsException.row(),
        OrganizationsError::UnsupportedAPIEndpointException.row(),
        OrganizationsError::PolicyChangesInProgressException.row(),
    ];
    type Input = DetachPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        demand::on(call, "organizations:DetachPolicy", &[&input.policy_id, &input.target_id], None)
            .await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let organization = find::managed(call).await?;
        let policy = find::policy(call, &organization, &input.policy_id).await?;
        let target = find::target(call, &organization, &input.target_id).await?;
        attach::must_be_enabled(&organization, policy.kind)?;
        let attached = target.attached(&organization).ok_or_else(find::no_target)?;
        let mut policies = organization.policies_of(attached, policy.kind);
        if !policies.remove(&policy.id) {
            return Err(OrganizationsError::PolicyNotAttachedException
                .with("The policy isn't attached to the specified target in the specified root."));
        }
        if policy.is_managed() && policy.kind == PolicyKind::ResourceControl {
            return Err(invalid("NON_DETACHABLE_POLICY", "You can't detach this policy."));
        }
        if policies.is_empty() {
            // AWS: as its tools show it (terraform-provider-aws, "Minimum SCP Requirement").
            return Err(limited(
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You cannot remove the last policy attached to the specified target. You must \
                 have at least one attached at all times.",
            ));
        }
        call.acted_on(&policy.arn(&organization));
        attach::set(call, &organization, &target, policy.kind, policies).await?;
        attach::recount(call, &organization, &policy, -1).await
    }
}
