//! CreateKey: makes a key of the customer.

use std::collections::BTreeMap;

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::key::{KeyManager, KeyRecord};
use super::wire::{CustomerMasterKeySpec, KeyMetadata, KeySpec, KeyUsageType, OriginType, Tag};
use super::{key_policy, tags};

/// Makes a symmetric key with fresh material, or refuses the kinds that coffer does not make.
pub(super) struct CreateKey;

/// What key to make.
#[derive(Input, Debug)]
#[shape(name = "CreateKeyRequest")]
pub(super) struct CreateKeyInput {
    #[shape(min = 1, max = 131072, pattern = r"[\u0009\u000A\u000D\u0020-\u00FF]+")]
    policy: Option<String>,
    #[shape(min = 0, max = 8192)]
    description: Option<String>,
    key_usage: Option<KeyUsageType>,
    customer_master_key_spec: Option<CustomerMasterKeySpec>,
    key_spec: Option<KeySpec>,
    origin: Option<OriginType>,
    #[shape(min = 1, max = 64)]
    custom_key_store_id: Option<String>,
    bypass_policy_lockout_safety_check: Option<bool>,
    tags: Option<Vec<Tag>>,
    multi_region: Option<bool>,
    #[shape(min = 1, max = 128, pattern = r"^[a-zA-Z0-9-_.]+$")]
    xks_key_id: Option<String>,
}

/// The key that was made.
#[derive(Output, Debug)]
#[shape(name = "CreateKeyResponse")]
pub(super) struct CreateKeyOutput {
    key_metadata: Option<KeyMetadata>,
}

impl Operation for CreateKey {
    const NAME: &'static str = "CreateKey";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        KmsError::MalformedPolicyDocumentException.row(),
        KmsError::DependencyTimeoutException.row(),
        KmsError::InvalidArnException.row(),
        KmsError::UnsupportedOperationException.row(),
        KmsError::KMSInternalException.row(),
        KmsError::LimitExceededException.row(),
        KmsError::TagException.row(),
        KmsError::CustomKeyStoreNotFoundException.row(),
        KmsError::CustomKeyStoreInvalidStateException.row(),
        KmsError::CloudHsmClusterInvalidConfigurationException.row(),
        KmsError::XksKeyInvalidConfigurationException.row(),
        KmsError::XksKeyAlreadyInUseException.row(),
        KmsError::XksKeyNotFoundException.row(),
    ];
    type Input = CreateKeyInput;
    type Output = CreateKeyOutput;

    async fn demands(_: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = Demand::any("kms:CreateKey");
        if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
            demands.extend(Demand::any("kms:TagResource"));
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_be_supported(input)?;
        let policy = match &input.policy {
            Some(policy) => {
                let may_lock_out = input.bypass_policy_lockout_safety_check.unwrap_or(false);
                key_policy::must_be_acceptable(call, policy, may_lock_out)?;
                policy.clone()
            }
            None => key_policy::default_policy(call.account()),
        };
        let tags = tags::joined(&BTreeMap::new(), input.tags.as_deref().unwrap_or_default())?;
        let description = input.description.as_deref().unwrap_or_default();
        let mut key = KeyRecord::generate(call, KeyManager::Customer, description, policy);
        key.tags = tags;
        let metadata = key.metadata();
        call.acted_on(&key.arn());
        call.put(key).await?;
        Ok(CreateKeyOutput { key_metadata: Some(metadata) })
    }
}

/// Refuses what no key can be, in AWS's words, and what coffer's keys cannot be.
fn must_be_supported(input: &CreateKeyInput) -> Result<(), Fault> {
    if input.key_spec.is_some() && input.customer_master_key_spec.is_some() {
        return Err(Fault::validation(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. \
             CustomerMasterKeySpec is deprecated.",
        ));
    }
    let spec = match (input.key_spec, input.customer_master_key_spec) {
        (Some(spec), _) => spec.as_str(),
        (None, Some(spec)) => spec.as_str(),
        (None, None) => KeySpec::SymmetricDefault.as_str(),
    };
    if spec != KeySpec::SymmetricDefault.as_str() {
        return Err(match input.key_usage {
            // AWS: recorded from CreateKey (LocalStack's snapshots, 2023-04).
            None => Fault::validation(
                "You must specify a KeyUsage value for all KMS keys except for symmetric \
                 encryption keys.",
            ),
            Some(_) => unsupported(format!("KeySpec {spec} is not supported")),
        });
    }
    if let Some(usage) = input.key_usage.filter(|usage| *usage != KeyUsageType::EncryptDecrypt) {
        let message = format!("KeyUsage {usage} is not compatible with KeySpec {spec}");
        return Err(Fault::validation(message));
    }
    if let Some(store) = &input.custom_key_store_id {
        let message = format!("Custom key store {store} does not exist");
        return Err(KmsError::CustomKeyStoreNotFoundException.with(message));
    }
    if let Some(origin) = input.origin.filter(|origin| *origin != OriginType::AwsKms) {
        return Err(unsupported(format!("Origin {origin} is not supported")));
    }
    if input.xks_key_id.is_some() {
        return Err(unsupported("XksKeyId is not supported"));
    }
    if input.multi_region == Some(true) {
        return Err(unsupported("Multi-Region keys are not supported"));
    }
    Ok(())
}

fn unsupported(message: impl Into<String>) -> Fault {
    KmsError::UnsupportedOperationException.with(message)
}

#[cfg(test)]
mod tests {
    use super::{CreateKeyInput, must_be_supported};

    #[test]
    fn only_symmetric_keys_are_made() {
        let outcome = |body: &str| {
            let input = coffer_protocol::json::decode::<CreateKeyInput>(body.as_bytes()).unwrap();
            must_be_supported(&input).map_err(|fault| fault.code)
        };
        for body in [
            "{}",
            r#"{"KeySpec":"SYMMETRIC_DEFAULT","KeyUsage":"ENCRYPT_DECRYPT","Origin":"AWS_KMS"}"#,
            r#"{"CustomerMasterKeySpec":"SYMMETRIC_DEFAULT","MultiRegion":false}"#,
        ] {
            assert_eq!(outcome(body), Ok(()), "{body}");
        }
        for body in [
            r#"{"KeySpec":"RSA_2048","KeyUsage":"SIGN_VERIFY"}"#,
            r#"{"CustomerMasterKeySpec":"HMAC_256","KeyUsage":"GENERATE_VERIFY_MAC"}"#,
            r#"{"Origin":"EXTERNAL"}"#,
            r#"{"MultiRegion":true}"#,
        ] {
            assert_eq!(outcome(body), Err("UnsupportedOperationException"), "{body}");
        }
        for body in [
            r#"{"KeySpec":"RSA_2048"}"#,
            r#"{"KeyUsage":"SIGN_VERIFY"}"#,
            r#"{"KeySpec":"SYMMETRIC_DEFAULT","CustomerMasterKeySpec":"SYMMETRIC_DEFAULT"}"#,
        ] {
            assert_eq!(outcome(body), Err("ValidationException"), "{body}");
        }
        let store = r#"{"Origin":"AWS_CLOUDHSM","CustomKeyStoreId":"cks-1"}"#;
        assert_eq!(outcome(store), Err("CustomKeyStoreNotFoundException"));
    }
}
