//! SetDefaultPolicyVersion: puts a version of a managed policy in force.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::managed_policy;

/// Puts a version of a managed policy in force.
pub(super) struct SetDefaultPolicyVersion;

/// Which policy, and which version.
#[derive(Input, Debug)]
#[shape(name = "SetDefaultPolicyVersionRequest")]
pub(super) struct SetDefaultPolicyVersionInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
    #[shape(required, pattern = r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?")]
    version_id: String,
}

impl Operation for SetDefaultPolicyVersion {
    const NAME: &'static str = "SetDefaultPolicyVersion";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = SetDefaultPolicyVersionInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            managed_policy::demand_on(call, "iam:SetDefaultPolicyVersion", &input.policy_arn)
                .await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let found = managed_policy::own(call, &input.policy_arn).await;
        let mut policy = found.map_err(|fault| match fault.code {
            "NoSuchEntity" => managed_policy::no_such_version(&input.policy_arn, &input.version_id),
            _ => fault,
        })?;
        call.acted_on(&input.policy_arn);
        policy.default_version = managed_policy::must_have_version(&policy, &input.version_id)?;
        call.put(policy).await
    }
}
