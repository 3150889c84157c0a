//! GetResourcePolicy: the text of a secret's resource policy.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::policy_name::DEFAULT;
use super::secret::SecretPolicyRecord;

/// Reads the policy of a secret.
pub(super) struct GetResourcePolicy;

/// Whose policy.
#[derive(Input, Debug)]
#[shape(name = "GetResourcePolicyRequest")]
pub(super) struct GetResourcePolicyInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(min = 1, max = 64, pattern = r"[0-9A-Za-z\-\_]+")]
    policy_name: Option<String>,
}

/// The policy; nothing of it where there is none.
#[derive(Output, Debug)]
#[shape(name = "GetResourcePolicyResponse")]
pub(super) struct GetResourcePolicyOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    name: Option<String>,
    resource_policy: Option<String>,
    policy_name: Option<String>,
}

impl Operation for GetResourcePolicy {
    const NAME: &'static str = "GetResourcePolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
    ];
    type Input = GetResourcePolicyInput;
    type Output = GetResourcePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:GetResourcePolicy", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find_living(call, &input.secret_id).await?;
        if input.policy_name.as_ref().is_some_and(|name| name != DEFAULT) {
            return Err(SecretsManagerError::ResourceNotFoundException
                .with("Secrets Manager can't find the specified resource policy."));
        }
        let policy = match secret.has_policy {
            true => {
                let row = SecretPolicyRecord::key_of(&secret);
                call.get::<SecretPolicyRecord>(&row).await?
            }
            false => None,
        };
        let policy = match policy {
            Some(policy) => Some(policy.text.shown(call).await?),
            None => None,
        };
        Ok(GetResourcePolicyOutput {
            arn: Some(secret.arn()),
            name: Some(secret.name.clone()),
            resource_policy: policy,
            policy_name: Some(DEFAULT.to_owned()),
        })
    }
}
