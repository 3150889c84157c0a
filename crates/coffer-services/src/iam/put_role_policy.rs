//! PutRolePolicy: gives a role an inline policy.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::permissions::Holder;
use super::{find, permissions};

/// Gives a role an inline policy, in place of the one of the same name.
pub(super) struct PutRolePolicy;

/// Which role, and the policy.
#[derive(Input, Debug)]
#[shape(name = "PutRolePolicyRequest")]
pub(super) struct PutRolePolicyInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(required, min = 1, max = 128, pattern = r"[\w+=,.@-]+")]
    policy_name: String,
    #[shape(required, min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy_document: String,
}

impl Operation for PutRolePolicy {
    const NAME: &'static str = "PutRolePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::LimitExceededException.row(),
        IamError::MalformedPolicyDocumentException.row(),
        IamError::NoSuchEntityException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = PutRolePolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![
            find::demand_within_role_boundary(call, "iam:PutRolePolicy", &input.role_name).await?,
        ])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();

        let holder = Holder::role(&input.role_name);
        let (name, text) = (&input.policy_name, &input.policy_document);
        permissions::put_inline(&mut role.permissions, holder, name, text)?;
        call.put(role).await
    }
}
