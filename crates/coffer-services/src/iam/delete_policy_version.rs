//! DeletePolicyVersion: deletes a version of a managed policy.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::managed_policy;

/// Deletes a version of a managed policy that is not the one in force.
pub(super) struct DeletePolicyVersion;

/// Which policy, and which version.
#[derive(Input, Debug)]
#[shape(name = "DeletePolicyVersionRequest")]
pub(super) struct DeletePolicyVersionInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
    #[shape(required, pattern = r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?")]
    version_id: String,
}

impl Operation for DeletePolicyVersion {
    const NAME: &'static str = "DeletePolicyVersion";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::DeleteConflictException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeletePolicyVersionInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            managed_policy::demand_on(call, "iam:DeletePolicyVersion", &input.policy_arn).await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut policy = managed_policy::own(call, &input.policy_arn).await?;
        call.acted_on(&input.policy_arn);

        let number = managed_policy::must_have_version(&policy, &input.version_id)?;
        if policy.default_version == number {
            return Err(IamError::DeleteConflictException
                .with("Cannot delete the default version of a policy."));
        }
        policy.versions.retain(|version| version.number != number);
        call.put(policy).await
    }
}
