//! UntagPolicy: takes tags from a managed policy.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::{managed_policy, tags};

/// Takes tags from a managed policy; those it does not have do not matter.
pub(super) struct UntagPolicy;

/// Which policy, and the names of tags.
#[derive(Input, Debug)]
#[shape(name = "UntagPolicyRequest")]
pub(super) struct UntagPolicyInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
    #[shape(
        required,
        max = 50,
        member(min = 1, max = 128, pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")
    )]
    tag_keys: Vec<String>,
}

impl Operation for UntagPolicy {
    const NAME: &'static str = "UntagPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::InvalidInputException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UntagPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = managed_policy::demand_on(call, "iam:UntagPolicy", &input.policy_arn).await?;
        Ok(vec![tags::untagged(demand, &input.tag_keys)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut policy = managed_policy::own(call, &input.policy_arn).await?;
        call.acted_on(&input.policy_arn);

        // AWS: observed, the names of a policy's tags differ by case.
        policy.tags.retain(|name, _| !input.tag_keys.contains(name));
        call.put(policy).await
    }
}
