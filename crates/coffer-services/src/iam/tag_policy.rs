//! TagPolicy: gives a managed policy tags.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::wire::Tag;
use super::{managed_policy, tags};

/// Gives a managed policy tags, in place of those of the same names.
pub(super) struct TagPolicy;

/// Which policy, and which tags.
#[derive(Input, Debug)]
#[shape(name = "TagPolicyRequest")]
pub(super) struct TagPolicyInput {
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
    #[shape(required, max = 50)]
    tags: Vec<Tag>,
}

impl Operation for TagPolicy {
    const NAME: &'static str = "TagPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::ConcurrentModificationException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = TagPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = managed_policy::demand_on(call, "iam:TagPolicy", &input.policy_arn).await?;
        Ok(vec![tags::requested(demand, Some(&input.tags))])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut policy = managed_policy::own(call, &input.policy_arn).await?;
        call.acted_on(&input.policy_arn);
        tags::must_be_given(&input.tags)?;
        policy.tags = managed_policy::joined(&policy.tags, &input.tags)?;
        call.put(policy).await
    }
}
