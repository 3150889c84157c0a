//! CreateKey: makes a key of the customer.

use std::collections::BTreeMap;

use coffer_pipeline::identity::PolicyDocument;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::KmsError;
use super::key::{KeyManager, KeyRecord, NewKey};
use super::spec::KeyKind;
use super::wire::{
    CustomerMasterKeySpec, KeyMetadata, KeySpec, KeyUsageType, MultiRegionKeyType, OriginType, Tag,
};
use super::{key_policy, tags};

/// Makes a key of any kind, with fresh material or for imported material, or refuses the kinds that
/// coffer does not make.
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

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        let kind = || kind_of(input).ok();
        match key {
            "kms:keyspec" | "kms:customermasterkeyspec" => Some(kind()?.spec.to_string().into()),
            "kms:keyusage" | "kms:customermasterkeyusage" => Some(kind()?.usage.to_string().into()),
            "kms:keyorigin" => Some(kind()?.origin.to_string().into()),
            "kms:multiregion" => Some(input.multi_region.unwrap_or(false).into()),
            "kms:multiregionkeytype" => (input.multi_region == Some(true))
                .then(|| MultiRegionKeyType::Primary.to_string().into()),
            "kms:bypasspolicylockoutsafetycheck" => {
                Some(input.bypass_policy_lockout_safety_check.unwrap_or(false).into())
            }
            _ => tags::condition(input.tags.as_deref(), key),
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let kind = kind_of(input)?;
        let policy = match &input.policy {
            Some(policy) => {
                let may_lock_out = input.bypass_policy_lockout_safety_check.unwrap_or(false);
                key_policy::accepted(call, policy, may_lock_out).await?
            }
            None => PolicyDocument::new(key_policy::default_policy(call.account())),
        };
        let tags = tags::joined(&BTreeMap::new(), input.tags.as_deref().unwrap_or_default())?;
        let new = NewKey {
            manager: KeyManager::Customer,
            kind,
            is_multi_region: input.multi_region.unwrap_or(false),
            description: input.description.as_deref().unwrap_or_default(),
            policy,
            tags,
        };
        let key = KeyRecord::make(call, new).await?;
        let metadata = key.metadata();
        call.acted_on(&key.arn());
        call.put(key).await?;
        Ok(CreateKeyOutput { key_metadata: Some(metadata) })
    }
}

/// What the key is to be; refuses what no key can be, in AWS's words, and what coffer's keys
/// cannot be.
fn kind_of(input: &CreateKeyInput) -> Result<KeyKind, Fault> {
    let spec = match (input.key_spec, input.customer_master_key_spec) {
        (Some(_), Some(_)) => {
            return Err(Fault::validation(
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. \
                 CustomerMasterKeySpec is deprecated.",
            ));
        }
        (Some(spec), None) => spec,
        // Its former name had the same values.
        (None, Some(spec)) => spec.as_str().parse().unwrap_or_default(),
        (None, None) => KeySpec::default(),
    };
    let usage = match input.key_usage {
        Some(usage) => usage,
        None if spec == KeySpec::SymmetricDefault => KeyUsageType::EncryptDecrypt,
        // AWS: recorded from CreateKey (LocalStack's snapshots, 2023-04).
        None => {
            return Err(Fault::validation(
                "You must specify a KeyUsage value for all KMS keys except for symmetric \
                 encryption keys.",
            ));
        }
    };
    if !spec.usages().contains(&usage) {
        let message = format!("KeyUsage {usage} is not compatible with KeySpec {spec}");
        return Err(Fault::validation(message));
    }
    if spec.material().is_none() {
        return Err(unsupported(format!("KeySpec {spec} is not supported")));
    }
    if let Some(store) = &input.custom_key_store_id {
        let message = format!("Custom key store {store} does not exist");
        return Err(KmsError::CustomKeyStoreNotFoundException.with(message));
    }
    let origin = input.origin.unwrap_or_default();
    if !matches!(origin, OriginType::AwsKms | OriginType::External) {
        return Err(unsupported(format!("Origin {origin} is not supported")));
    }
    if input.xks_key_id.is_some() {
        return Err(unsupported("XksKeyId is not supported"));
    }
    Ok(KeyKind { spec, usage, origin })
}

fn unsupported(message: impl Into<String>) -> Fault {
    KmsError::UnsupportedOperationException.with(message)
}

#[cfg(test)]
mod tests {
    use super::{CreateKeyInput, KeyKind, kind_of};

    fn outcome(body: &str) -> Result<KeyKind, &'static str> {
        let input = coffer_protocol::json::decode::<CreateKeyInput>(body.as_bytes()).unwrap();
        kind_of(&input).map_err(|fault| fault.code)
    }

    #[test]
    fn every_kind_of_key_is_made_that_there_is_material_for() {
        for body in [
            "{}",
            r#"{"KeySpec":"SYMMETRIC_DEFAULT","KeyUsage":"ENCRYPT_DECRYPT","Origin":"AWS_KMS"}"#,
            r#"{"CustomerMasterKeySpec":"SYMMETRIC_DEFAULT","MultiRegion":false}"#,
        ] {
            assert_eq!(outcome(body), Ok(KeyKind::default()), "{body}");
        }
        for body in [
            r#"{"KeySpec":"RSA_2048","KeyUsage":"SIGN_VERIFY"}"#,
            r#"{"KeySpec":"RSA_4096","KeyUsage":"ENCRYPT_DECRYPT"}"#,
            r#"{"CustomerMasterKeySpec":"HMAC_256","KeyUsage":"GENERATE_VERIFY_MAC"}"#,
            r#"{"KeySpec":"ECC_NIST_P256","KeyUsage":"KEY_AGREEMENT"}"#,
            r#"{"KeySpec":"ML_KEM_768","KeyUsage":"ENCAPSULATE_DECAPSULATE"}"#,
            r#"{"Origin":"EXTERNAL"}"#,
            r#"{"MultiRegion":true}"#,
        ] {
            assert!(outcome(body).is_ok(), "{body}");
        }
    }

    #[test]
    fn what_no_key_can_be_is_refused() {
        for body in [
            r#"{"KeySpec":"RSA_2048"}"#,
            r#"{"KeySpec":"HMAC_224"}"#,
            r#"{"KeyUsage":"SIGN_VERIFY"}"#,
            r#"{"KeySpec":"RSA_2048","KeyUsage":"GENERATE_VERIFY_MAC"}"#,
            r#"{"KeySpec":"ECC_SECG_P256K1","KeyUsage":"KEY_AGREEMENT"}"#,
            r#"{"KeySpec":"ECC_NIST_P256","KeyUsage":"ENCRYPT_DECRYPT"}"#,
            r#"{"KeySpec":"SYMMETRIC_DEFAULT","CustomerMasterKeySpec":"SYMMETRIC_DEFAULT"}"#,
        ] {
            assert_eq!(outcome(body), Err("ValidationException"), "{body}");
        }
        for body in [
            r#"{"KeySpec":"SM2","KeyUsage":"SIGN_VERIFY"}"#,
            r#"{"Origin":"EXTERNAL_KEY_STORE"}"#,
            r#"{"XksKeyId":"x"}"#,
        ] {
            assert_eq!(outcome(body), Err("UnsupportedOperationException"), "{body}");
        }
        let store = r#"{"Origin":"AWS_CLOUDHSM","CustomKeyStoreId":"cks-1"}"#;
        assert_eq!(outcome(store), Err("CustomKeyStoreNotFoundException"));
    }
}
