//! Key policies: what KMS gives a key, and what it accepts in its place.
//!
//! They are checked here when they are put; [`super::permission`] decides by them.

use coffer_model::{AccountId, Arn};
use coffer_pipeline::identity::{PolicyDocument, ids_of};
use coffer_pipeline::{Call, Demand, Guard, Nothing, Scope};
use coffer_policy::{Grammar, Policy};
use coffer_protocol::Fault;
use serde_json::json;

use super::errors::KmsError;

/// The key policy that KMS gives a key when none is said: the account decides by IAM.
pub(super) fn default_policy(account: AccountId) -> String {
    let root = Arn::root(account);
    // AWS: laid out like this, and some compare it as text.
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "{root}"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}

/// The policy of the key that KMS keeps for a service.
///
/// AWS's own does not have `kms:Decrypt` in its second statement; here an account may open with
/// KMS what a service sealed for it.
pub(super) fn of_managed(scope: &Scope, service: &str) -> String {
    let name = if service == "ssm" { "SSM" } else { "AWS Secrets Manager" };
    let (region, account) = (&scope.region, scope.account);
    json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-1"),
        "Statement": [
            {
                "Sid": format!(
                    "Allow access through {name} for all principals in the account that are \
                     authorized to use {name}"
                ),
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                           "kms:CreateGrant", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {"StringEquals": {
                    "kms:CallerAccount": account.to_string(),
                    "kms:ViaService": format!("{service}.{region}.amazonaws.com"),
                }},
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": Arn::root(account).to_string()},
                "Action": ["kms:Decrypt", "kms:Describe*", "kms:Get*", "kms:List*",
                           "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    })
    .to_string()
}

/// Takes a text as a key's policy, unless it would keep the caller from changing it again.
///
/// # Errors
/// `MalformedPolicyDocumentException` for what is no key policy or names somebody who is not there,
/// `LimitExceededException` for one that is too large.
pub(super) async fn accepted(
    call: &mut Call<'_>,
    policy: &str,
    may_lock_out: bool,
) -> Result<PolicyDocument, Fault> {
    must_be_a_policy(policy)?;
    // AWS: seen wherever a key's policy is made together with whom it names
    // (GoogleCloudPlatform/anthos-samples#357).
    let ids = ids_of(call, policy).await?.map_err(|_| {
        malformed("Policy contains a statement with one or more invalid principals.")
    })?;
    let accepted = PolicyDocument::naming(policy, ids);
    // The caller as it is now, by all policies that it has, under the policy that is to be.
    let policy = accepted.clone();
    let demand = Demand::of("kms:PutKeyPolicy", call.scope().arn_text("kms", &["key/*"]))
        .guarded_by(Guard::Key { policy, is_granted: false });
    let decision = call.decision_on(&demand, &Nothing).await?;
    if may_lock_out || decision.is_none_or(|decision| decision.is_allowed()) {
        return Ok(accepted);
    }
    Err(malformed("The new key policy will not allow you to update the key policy in the future."))
}

/// Refuses a text that is no key policy.
fn must_be_a_policy(policy: &str) -> Result<(), Fault> {
    if policy.len() > POLICY_BYTES_MAX {
        let message = format!("Policy size must not exceed {POLICY_BYTES_MAX} bytes");
        return Err(KmsError::LimitExceededException.with(message));
    }
    Policy::parse(policy, Grammar::Key).map(drop).map_err(|flaw| malformed(&flaw.to_string()))
}

fn malformed(message: &str) -> Fault {
    KmsError::MalformedPolicyDocumentException.with(message)
}

/// AWS: the one policy that a key has.
pub(super) const POLICY_NAME: &str = "default";

/// AWS: a key policy has at most 32 kilobytes (KMS developer guide, resource quotas), while its
/// model lets 128 in.
const POLICY_BYTES_MAX: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use coffer_model::AccountId;

    use super::{default_policy, must_be_a_policy, of_managed};

    #[test]
    fn policies_of_kms_itself_are_policies() {
        must_be_a_policy(&default_policy(AccountId::dev())).unwrap();
        let scope = coffer_pipeline::Scope {
            account: AccountId::dev(),
            region: "eu-west-1".parse().unwrap(),
        };
        must_be_a_policy(&of_managed(&scope, "ssm")).unwrap();
    }

    #[test]
    fn what_is_no_policy_is_malformed() {
        for text in [
            "",
            "x",
            "[]",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Statement":[{}]}"#,
            r#"{"Version":"2020-01-01","Statement":[]}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#,
        ] {
            let fault = must_be_a_policy(text).unwrap_err();
            assert_eq!(fault.code, "MalformedPolicyDocumentException", "{text}");
        }
        let fault = must_be_a_policy(&" ".repeat(40_000)).unwrap_err();
        assert_eq!(fault.code, "LimitExceededException");
    }
}
