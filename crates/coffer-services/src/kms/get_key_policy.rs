//! GetKeyPolicy: gives a key's policy.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::find::find_own;
use super::key_policy::POLICY_NAME;
use super::permission::demand_on;

/// Gives a key's policy, as it was put.
pub(super) struct GetKeyPolicy;

/// Which key.
#[derive(Input, Debug)]
#[shape(name = "GetKeyPolicyRequest")]
pub(super) struct GetKeyPolicyInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 1, max = 128, pattern = r"[\w]+")]
    policy_name: Option<String>,
}

/// The policy.
#[derive(Output, Debug)]
#[shape(name = "GetKeyPolicyResponse")]
pub(super) struct GetKeyPolicyOutput {
    policy: Option<String>,
    policy_name: Option<String>,
}

impl Operation for GetKeyPolicy {
    const NAME: &'static str = "GetKeyPolicy";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = GetKeyPolicyInput;
    type Output = GetKeyPolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:GetKeyPolicy", &input.key_id).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == "kms:policyname")
            .then(|| input.policy_name.as_deref().unwrap_or(POLICY_NAME).into())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_own(call, &input.key_id, "kms:GetKeyPolicy").await?;
        if input.policy_name.as_deref().is_some_and(|name| name != POLICY_NAME) {
            return Err(KmsError::NotFoundException.with("No such policy exists"));
        }
        Ok(GetKeyPolicyOutput {
            policy: Some(key.policy.shown(call).await?),
            policy_name: Some(POLICY_NAME.to_owned()),
        })
    }
}
