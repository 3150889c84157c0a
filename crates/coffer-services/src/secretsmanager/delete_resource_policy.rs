//! DeleteResourcePolicy: takes a secret's resource policy away.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::policy_name::{DEFAULT, must_be_default};
use super::write::{Change, PolicyChange};

/// Removes the policy of a secret, if it has one.
pub(super) struct DeleteResourcePolicy;

/// Whose policy.
#[derive(Input, Debug)]
#[shape(name = "DeleteResourcePolicyRequest")]
pub(super) struct DeleteResourcePolicyInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(min = 1, max = 64, pattern = r"[0-9A-Za-z\-\_]+")]
    policy_name: Option<String>,
}

/// The secret.
#[derive(Output, Debug)]
#[shape(name = "DeleteResourcePolicyResponse")]
pub(super) struct DeleteResourcePolicyOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    name: Option<String>,
    policy_name: Option<String>,
}

impl Operation for DeleteResourcePolicy {
    const NAME: &'static str = "DeleteResourcePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
    ];
    type Input = DeleteResourcePolicyInput;
    type Output = DeleteResourcePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:DeleteResourcePolicy", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_be_default(input.policy_name.as_ref())?;
        let secret = id::find_changeable(call, &input.secret_id).await?;
        let (arn, name) = (secret.arn(), secret.name.clone());
        if secret.has_policy {
            let mut change = Change::of(&secret);
            change.policy = PolicyChange::Remove;
            change.stage(call).await?;
        }
        Ok(DeleteResourcePolicyOutput {
            arn: Some(arn),
            name: Some(name),
            policy_name: Some(DEFAULT.to_owned()),
        })
    }
}
