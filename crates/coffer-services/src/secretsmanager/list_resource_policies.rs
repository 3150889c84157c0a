//! ListResourcePolicies: the names of a secret's resource policies.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::listing::invalid_next_token;
use super::policy_name::DEFAULT;

/// Names the policies of a secret: `default`, where there is one.
pub(super) struct ListResourcePolicies;

/// Whose policies.
#[derive(Input, Debug)]
#[shape(name = "ListResourcePoliciesRequest")]
pub(super) struct ListResourcePoliciesInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(min = 1, max = 100)]
    max_results: Option<i32>,
    #[shape(min = 1, max = 4096)]
    next_token: Option<String>,
}

/// The policies' names.
#[derive(Output, Debug)]
#[shape(name = "ListResourcePoliciesResponse")]
pub(super) struct ListResourcePoliciesOutput {
    resource_policies: Vec<ResourcePolicySummary>,
    next_token: Option<String>,
}

#[derive(Output, Debug)]
#[shape(name = "ResourcePolicySummary")]
struct ResourcePolicySummary {
    policy_name: Option<String>,
}

impl Operation for ListResourcePolicies {
    const NAME: &'static str = "ListResourcePolicies";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidNextTokenException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
    ];
    type Input = ListResourcePoliciesInput;
    type Output = ListResourcePoliciesOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:ListResourcePolicies", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find_living(call, &input.secret_id).await?;
        // A secret has one policy at most, so no page ends in a token and none is known.
        if input.next_token.is_some() {
            return Err(invalid_next_token());
        }
        let default = || ResourcePolicySummary { policy_name: Some(DEFAULT.to_owned()) };
        let policies_max = usize::try_from(input.max_results.unwrap_or(1)).unwrap_or(1);
        let resource_policies =
            secret.has_policy.then(default).into_iter().take(policies_max).collect();
        Ok(ListResourcePoliciesOutput { resource_policies, next_token: None })
    }
}
