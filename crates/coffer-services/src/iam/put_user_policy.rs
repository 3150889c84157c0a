//! PutUserPolicy: gives a user an inline policy.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::find::{self, demand_within_user_boundary};
use super::permissions::{self, Holder};

/// Gives a user an inline policy, in place of the one of the same name.
pub(super) struct PutUserPolicy;

/// Which user, and the policy.
#[derive(Input, Debug)]
#[shape(name = "PutUserPolicyRequest")]
pub(super) struct PutUserPolicyInput {
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    user_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
    #[shape(required, min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy_document: String,
}

impl Operation for PutUserPolicy {
    const NAME: &'static str = "PutUserPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::LimitExceededException.row(),
        IamError::MalformedPolicyDocumentException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = PutUserPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_within_user_boundary(call, "iam:PutUserPolicy", &input.user_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let mut user = find::user(call, &input.user_name).await?.as_ref().clone();
        call.acted_on(&user.arn());
        let holder = Holder::user(&user.user_name);
        let document = &input.policy_document;
        permissions::put_inline(&mut user.permissions, holder, &input.policy_name, document)?;
        call.put(user).await
    }
}
