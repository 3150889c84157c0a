//! PutKeyPolicy: replaces a key's policy.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::KmsError;
use super::find::find_to_change;
use super::key_policy::{self, POLICY_NAME};
use super::permission::demand_on;

/// Replaces a key's policy, unless that would keep the caller from replacing it again.
pub(super) struct PutKeyPolicy;

/// Which key, and its new policy.
#[derive(Input, Debug)]
#[shape(name = "PutKeyPolicyRequest")]
pub(super) struct PutKeyPolicyInput {
    #[shape(required, min = 1, max = 2048)]
    key_id: String,
    #[shape(min = 1, max = 128, pattern = r"[\w]+")]
    policy_name: Option<String>,
    #[shape(required, min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy: String,
    bypass_policy_lockout_safety_check: Option<bool>,
}

impl Operation for PutKeyPolicy {
    const NAME: &'static str = "PutKeyPolicy";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::NotFoundException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::MalformedPolicyDocumentException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::UnsupportedOperationException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::LimitExceededException.row(),
        KmsError::KMSInvalidStateException.row(),
    ];
    type Input = PutKeyPolicyInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(vec![demand_on(call, "kms:PutKeyPolicy", &input.key_id).await?])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "kms:policyname" => Some(input.policy_name.as_deref().unwrap_or(POLICY_NAME).into()),
            "kms:bypasspolicylockoutsafetycheck" => {
                Some(input.bypass_policy_lockout_safety_check.unwrap_or(false).into())
            }
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let key = find_to_change(call, &input.key_id, "kms:PutKeyPolicy").await?;
        match input.policy_name.as_deref() {
            None | Some(POLICY_NAME) => {}
            // AWS: the sentence stands in the API reference.
            Some("AWS_RAM") => {
                return Err(Fault::validation(
                    "The AWS_RAM policy can only be managed by the RAM service.",
                ));
            }
            Some(_) => return Err(KmsError::NotFoundException.with("No such policy exists")),
        }
        let may_lock_out = input.bypass_policy_lockout_safety_check.unwrap_or(false);
        let policy = key_policy::accepted(call, &input.policy, may_lock_out).await?;
        call.acted_on(&key.arn());
        let mut key = key.copy();
        key.policy = policy;
        call.put(key).await
    }
}
