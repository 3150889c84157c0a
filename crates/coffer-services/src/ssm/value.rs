//! Values, sealed and opened.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coffer_model::Sensitive;
use coffer_pipeline::Call;
use coffer_protocol::Fault;

use super::encryption_sdk;
use super::errors::SsmError;
use super::parameter::{ParameterTier, ParameterVersion, StoredValue};
use crate::kms::envelope::{BoundContext, EncryptionContext};
use crate::kms::key::{KeyRecord, managed_key};
use crate::kms::through::{Through, ToOpen};

/// The encryption context of a parameter's value.
pub fn context_of(arn: &str) -> EncryptionContext {
    EncryptionContext::from([(PARAMETER_ARN.to_owned(), arn.to_owned())])
}

/// Finds the key that a SecureString is to be sealed with.
///
/// # Errors
/// `InvalidKeyId` with KMS's message.
pub async fn key(
    call: &mut Call<'_>,
    words: &str,
    tier: ParameterTier,
) -> Result<Arc<KeyRecord>, Fault> {
    let action = match tier {
        ParameterTier::Advanced => "kms:GenerateDataKey",
        _ => "kms:Encrypt",
    };
    let home = call.scope();
    let found = match words {
        DEFAULT_KEY => managed_key(call, "ssm").await,
        _ => AS_CALLER.find(call, home, words, action).await,
    };
    found.map_err(|fault| invalid_key_id(call, fault))
}

/// Seals the value of a SecureString: Standard as KMS Encrypt does, Advanced by an envelope.
///
/// # Errors
/// `InvalidKeyId` with KMS's message.
pub async fn seal(
    call: &mut Call<'_>,
    key: &Arc<KeyRecord>,
    arn: &str,
    tier: ParameterTier,
    plain: &Sensitive<String>,
) -> Result<StoredValue, Fault> {
    let (context, plain) = (context_of(arn), plain.expose().as_bytes());
    let sealed = match tier {
        ParameterTier::Advanced => encryption_sdk::seal(call, key, &context, plain).await,
        _ => AS_CALLER.encrypt(call, key, &context, plain).await,
    };
    sealed.map(StoredValue::Sealed).map_err(|fault| invalid_key_id(call, fault))
}

/// The value of a version as an answer gives it: in the clear, or, for a SecureString that is not
/// to be decrypted, the ciphertext in base64.
///
/// # Errors
/// `InvalidKeyId` with KMS's message.
pub async fn reveal(
    call: &mut Call<'_>,
    arn: &str,
    version: &ParameterVersion,
    with_decryption: bool,
) -> Result<Sensitive<String>, Fault> {
    let sealed = match &version.value {
        StoredValue::Plain(value) => return Ok(value.clone()),
        StoredValue::Sealed(sealed) if !with_decryption => {
            return Ok(Sensitive::new(STANDARD.encode(sealed)));
        }
        StoredValue::Sealed(sealed) => sealed,
    };
    let opened = match version.tier {
        ParameterTier::Advanced => encryption_sdk::open(call, &context_of(arn), sealed).await,
        _ => {
            let context = BoundContext::of(&[(PARAMETER_ARN, arn)]);
            AS_CALLER.decrypt(call, call.region(), &context, sealed).await
        }
    };
    let plain = opened.map_err(|fault| invalid_key_id(call, fault))?;
    plain.into_text().ok_or_else(|| Fault::internal("a sealed value is not UTF-8"))
}

/// The key that a read of a version's value asks for; nothing for a plain one.
///
/// # Errors
/// A value whose key is not there.
pub(super) async fn to_open(
    call: &mut Call<'_>,
    arn: &str,
    version: &ParameterVersion,
) -> Result<Option<ToOpen>, Fault> {
    let StoredValue::Sealed(sealed) = &version.value else { return Ok(None) };
    let context = context_of(arn);
    let region = call.region().clone();
    let blob = match version.tier {
        ParameterTier::Advanced => encryption_sdk::wrapped_key(sealed)?,
        _ => sealed.clone(),
    };
    ToOpen::of(call, "ssm", &region, context, &blob).await.map(Some)
}

/// A fault of KMS as Parameter Store tells it; what is the server's own fault stays that.
pub fn invalid_key_id(call: &Call<'_>, fault: Fault) -> Fault {
    if fault.is_server_fault() {
        return fault;
    }
    // AWS: KMS's message as the service's own client of KMS puts it, `null` where KMS has none
    // (observed through the AWS CLI and Terraform).
    let told = if fault.message.is_empty() { "null" } else { &fault.message };
    let told = format!(
        "{told} (Service: AWSKMS; Status Code: {}; Error Code: {}; Request ID: {}; Proxy: null)",
        fault.status,
        fault.code,
        call.context().request_id
    );
    // AWS: a lack of permission keeps its code (tryolabs/aws-workshop#6).
    match fault.code {
        "AccessDeniedException" => Fault::access_denied(told),
        _ => SsmError::InvalidKeyId.with(told),
    }
}

/// The member of the encryption context that AWS binds a value's ciphertext to.
pub const PARAMETER_ARN: &str = "PARAMETER_ARN";
/// The key of SecureStrings whose requests name none.
pub const DEFAULT_KEY: &str = "alias/aws/ssm";
/// How values are sealed and opened for whoever calls.
pub(super) const AS_CALLER: Through = Through::Caller("ssm");
