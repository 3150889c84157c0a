//! DeletePolicy: deletes a managed policy.

use coffer_pipeline::identity::ManagedPolicyRecord;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};
use coffer_store::Record;

use super::errors::IamError;
use super::managed_policy;

/// Deletes a managed policy that nobody has and that has one version.
pub(super) struct DeletePolicy;

/// Which policy.
#[derive(Input, Debug)]
#[shape(name = "DeletePolicyRequest")]
pub(super) struct DeletePolicyInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
}

impl Operation for DeletePolicy {
    const NAME: &'static str = "DeletePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::DeleteConflictException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeletePolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![managed_policy::demand_on(call, "iam:DeletePolicy", &input.policy_arn).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let policy = managed_policy::own(call, &input.policy_arn).await?;
        call.acted_on(&input.policy_arn);
        if policy.attachment_count > 0 || policy.boundary_count > 0 {
            return Err(IamError::DeleteConflictException
                .with("Cannot delete a policy attached to entities."));
        }
        if policy.versions.len() > 1 {
            return Err(IamError::DeleteConflictException.with(
                "This policy has more than one version. Before you delete a policy, you must \
                 delete the policy's versions. The default version is deleted with the policy.",
            ));
        }
        call.delete::<ManagedPolicyRecord>(&policy.key()).await
    }
}
