//! ValidateResourcePolicy: what is wrong with a resource policy, before it is put.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::policy::{Finding, Policy};

/// Checks a policy's grammar, and whether it is open to everybody or locks its author out.
pub(super) struct ValidateResourcePolicy;

/// The policy's text.
#[derive(Input, Debug)]
#[shape(name = "ValidateResourcePolicyRequest")]
pub(super) struct ValidateResourcePolicyInput {
    #[shape(min = 1, max = 2048)]
    secret_id: Option<String>,
    #[shape(required, min = 1, max = 20480)]
    resource_policy: String,
}

/// Whether all checks passed, and those that did not.
#[derive(Output, Debug)]
#[shape(name = "ValidateResourcePolicyResponse")]
pub(super) struct ValidateResourcePolicyOutput {
    policy_validation_passed: Option<bool>,
    validation_errors: Option<Vec<ValidationErrorsEntry>>,
}

#[derive(Output, Debug)]
#[shape(name = "ValidationErrorsEntry")]
struct ValidationErrorsEntry {
    check_name: Option<String>,
    error_message: Option<String>,
}

impl Operation for ValidateResourcePolicy {
    const NAME: &'static str = "ValidateResourcePolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::MalformedPolicyDocumentException.row(),
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidRequestException.row(),
    ];
    type Input = ValidateResourcePolicyInput;
    type Output = ValidateResourcePolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let actions = ["secretsmanager:ValidateResourcePolicy", "secretsmanager:PutResourcePolicy"];
        let mut demands = Vec::new();
        for action in actions {
            demands.push(match &input.secret_id {
                Some(secret_id) => id::demand(call, action, secret_id).await?,
                None => Demand::of(action, "*"),
            });
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        if let Some(secret_id) = &input.secret_id {
            id::find_living(call, secret_id).await?;
        }
        let caller = &call.context().caller;
        let callers = [caller.arn.as_str(), caller.account.as_str(), "*"];
        let findings = Policy::read(&input.resource_policy)?.findings(&callers);
        let entry = |finding: Finding| ValidationErrorsEntry {
            check_name: Some(finding.check.to_owned()),
            error_message: Some(finding.message.to_owned()),
        };
        Ok(ValidateResourcePolicyOutput {
            policy_validation_passed: Some(findings.is_empty()),
            validation_errors: Some(findings.into_iter().map(entry).collect()),
        })
    }
}
