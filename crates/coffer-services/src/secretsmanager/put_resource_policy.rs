//! PutResourcePolicy: says who else may do what with a secret.

use coffer_pipeline::identity::{Missing, PolicyDocument, ids_of};
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::policy::Policy;
use super::policy_name::{DEFAULT, must_be_default};
use super::write::{Change, PolicyChange};

/// Puts a policy in the place of the one that is there.
pub(super) struct PutResourcePolicy;

/// The policy's text.
#[derive(Input, Debug)]
#[shape(name = "PutResourcePolicyRequest")]
pub(super) struct PutResourcePolicyInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(required, min = 1, max = 20480)]
    resource_policy: String,
    #[shape(min = 1, max = 64, pattern = r"[0-9A-Za-z\-\_]+")]
    policy_name: Option<String>,
    block_public_policy: Option<bool>,
}

/// The secret.
#[derive(Output, Debug)]
#[shape(name = "PutResourcePolicyResponse")]
pub(super) struct PutResourcePolicyOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    name: Option<String>,
    policy_name: Option<String>,
}

impl Operation for PutResourcePolicy {
    const NAME: &'static str = "PutResourcePolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::MalformedPolicyDocumentException.row(),
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::PublicPolicyException.row(),
    ];
    type Input = PutResourcePolicyInput;
    type Output = PutResourcePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:PutResourcePolicy", &input.secret_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "secretsmanager:blockpublicpolicy" => {
                input.block_public_policy.map(ContextValues::from)
            }
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_be_default(input.policy_name.as_ref())?;
        let secret = id::find_changeable(call, &input.secret_id).await?;
        let policy = Policy::read(&input.resource_policy)?;
        if input.block_public_policy.unwrap_or(false) {
            policy.must_not_be_public()?;
        }
        let ids = ids_of(call, &input.resource_policy).await?.map_err(invalid_principal)?;
        let mut change = Change::of(&secret);
        let document = PolicyDocument::naming(input.resource_policy.as_str(), ids);
        change.policy = PolicyChange::Set(document);
        let secret = change.stage(call).await?;
        Ok(PutResourcePolicyOutput {
            arn: Some(secret.arn()),
            name: Some(secret.name),
            policy_name: Some(DEFAULT.to_owned()),
        })
    }
}

/// AWS: who is not there cannot be named (hashicorp/terraform-provider-aws, which
/// waits for it to go away).
fn invalid_principal(_: Missing) -> Fault {
    SecretsManagerError::MalformedPolicyDocumentException
        .with("This resource policy contains an unsupported principal.")
}
