//! AttachGroupPolicy: attaches a managed policy to a group.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, POLICY_KEY, demand_on_group};
use super::permissions::{self, Holder};

/// Attaches a managed policy to a group; one that is attached stays so.
pub(super) struct AttachGroupPolicy;

/// Which group, and which policy.
#[derive(Input, Debug)]
#[shape(name = "AttachGroupPolicyRequest")]
pub(super) struct AttachGroupPolicyInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
}

impl Operation for AttachGroupPolicy {
    const NAME: &'static str = "AttachGroupPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::PolicyNotAttachableException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = AttachGroupPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand = demand_on_group(call, "iam:AttachGroupPolicy", &input.group_name).await?;
        Ok(vec![demand.with(POLICY_KEY, &input.policy_arn)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut group = find::group(call, &input.group_name).await?.as_ref().clone();
        call.acted_on(&group.arn());
        let holder = Holder::group(&group.group_name);
        permissions::attach(call, &mut group.permissions, holder, &input.policy_arn).await?;
        call.put(group).await
    }
}
