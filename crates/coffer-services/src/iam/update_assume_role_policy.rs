//! UpdateAssumeRolePolicy: changes whom a role trusts.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::IamError;
use super::{find, trust};

/// Changes whom a role trusts.
pub(super) struct UpdateAssumeRolePolicy;

/// Which role, and its new trust policy.
#[derive(Input, Debug)]
#[shape(name = "UpdateAssumeRolePolicyRequest")]
pub(super) struct UpdateAssumeRolePolicyInput {
    #[shape(required, min = 1, max = 64, pattern = r"[\w+=,.@-]+")]
    role_name: String,
    #[shape(required, min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy_document: String,
}

impl Operation for UpdateAssumeRolePolicy {
    const NAME: &'static str = "UpdateAssumeRolePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        IamError::NoSuchEntityException.row(),
        IamError::MalformedPolicyDocumentException.row(),
        IamError::LimitExceededException.row(),
        IamError::UnmodifiableEntityException.row(),
        IamError::ServiceFailureException.row(),
    ];
    type Input = UpdateAssumeRolePolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![find::demand_on_role(call, "iam:UpdateAssumeRolePolicy", &input.role_name).await?])
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let role = find::role(call, &input.role_name).await?;
        call.acted_on(&role.arn());
        let mut role = role.as_ref().clone();

        let trust = trust::checked(call, &input.policy_document).await?;
        role.trust = trust.document;
        role.trusted = trust.ids;
        call.put(role).await
    }
}
