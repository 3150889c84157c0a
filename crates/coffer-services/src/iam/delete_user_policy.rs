//! DeleteUserPolicy: takes an inline policy away from a user.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_within_user_boundary};
use super::permissions::{self, Holder};

/// Takes an inline policy away from a user.
pub(super) struct DeleteUserPolicy;

/// Which user, and which policy.
#[derive(Input, Debug)]
#[shape(name = "DeleteUserPolicyRequest")]
pub(super) struct DeleteUserPolicyInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
}

impl Operation for DeleteUserPolicy {
    const NAME: &'static str = "DeleteUserPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::LimitExceededException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = DeleteUserPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_within_user_boundary(call, "iam:DeleteUserPolicy", &input.user_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        call.acted_on(&user.arn());
        let holder = Holder::user(&user.user_name);
        permissions::delete_inline(&mut user.permissions, holder, &input.policy_name)?;
        call.put(user).await
    }
}
