//! AttachUserPolicy: attaches a managed policy to a user.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, POLICY_KEY, demand_within_user_boundary};
use super::permissions::{self, Holder};

/// Attaches a managed policy to a user; one that is attached stays so.
pub(super) struct AttachUserPolicy;

/// Which user, and which policy.
#[derive(Input, Debug)]
#[shape(name = "AttachUserPolicyRequest")]
pub(super) struct AttachUserPolicyInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(required, min = 20, max = 2048)]
    policy_arn: String,
}

impl Operation for AttachUserPolicy {
    const NAME: &'static str = "AttachUserPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::InvalidInputException.row(),
        IamError::PolicyNotAttachableException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = AttachUserPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let demand =
            demand_within_user_boundary(call, "iam:AttachUserPolicy", &input.user_name).await?;
        Ok(vec![demand.with(POLICY_KEY, &input.policy_arn)])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        call.acted_on(&user.arn());
        let holder = Holder::user(&user.user_name);
        permissions::attach(call, &mut user.permissions, holder, &input.policy_arn).await?;
        call.put(user).await
    }
}
