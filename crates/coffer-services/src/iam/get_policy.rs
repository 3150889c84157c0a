//! GetPolicy: tells what a managed policy is.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::IamError;
use super::managed_policy;
use super::managed_policy::Managed;
use super::wire_policy::Policy;

/// Tells what a managed policy is, one of AWS too.
pub(super) struct GetPolicy;

/// Which policy.
#[derive(Input, Debug)]
#[shape(name = "GetPolicyRequest")]
pub(super) struct GetPolicyInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
}

/// The policy.
#[derive(Output, Debug)]
#[shape(name = "GetPolicyResponse")]
pub(super) struct GetPolicyOutput {
    policy: Option<Policy>,
}

impl Operation for GetPolicy {
    const NAME: &'static str = "GetPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = GetPolicyInput;
    type Output = GetPolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![managed_policy::demand_on(call, "iam:GetPolicy", &input.policy_arn).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let policy = match managed_policy::find(call, &input.policy_arn).await? {
            Managed::Aws(policy) => {
                let uses = managed_policy::uses_of_aws(call).await?;
                Policy::of_aws_whole(policy, uses.of(&input.policy_arn))
            }
            Managed::Own(policy) => Policy::whole(&policy),
        };
        Ok(GetPolicyOutput { policy: Some(policy) })
    }
}
