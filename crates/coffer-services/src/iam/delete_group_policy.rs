//! DeleteGroupPolicy: takes an inline policy away from a group.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_on_group};
use super::permissions::{self, Holder};

/// Takes an inline policy away from a group.
pub(super) struct DeleteGroupPolicy;

/// Which group, and which policy.
#[derive(Input, Debug)]
#[shape(name = "DeleteGroupPolicyRequest")]
pub(super) struct DeleteGroupPolicyInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    group_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
}

impl Operation for DeleteGroupPolicy {
    const NAME: &'static str = "DeleteGroupPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteGroupPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on_group(call, "iam:DeleteGroupPolicy", &input.group_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut group = find::group(call, &input.group_name).await?.as_ref().clone();
        call.acted_on(&group.arn());
        let holder = Holder::group(&group.group_name);
        permissions::delete_inline(&mut group.permissions, holder, &input.policy_name)?;
        call.put(group).await
    }
}
