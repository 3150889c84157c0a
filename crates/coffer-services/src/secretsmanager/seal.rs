//! Values under keys: each version under a data key of its own, that one under a KMS key, both
//! bound to the secret's ARN and the version's id.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;

use super::errors::SecretsManagerError;
use super::secret::{SecretRecord, SecretValueRecord, ValueKind};
use crate::kms::envelope::{self, BoundContext};
use crate::kms::key::{self, KeyManager, KeyRecord};
use crate::kms::through::Through;

/// A value in the clear.
#[derive(Debug, Clone)]
pub(crate) enum Plain {
    /// A SecretString.
    Text(Sensitive<String>),
    /// A SecretBinary.
    Binary(Sensitive<Vec<u8>>),
}

/// The key that a secret's values are sealed under.
pub(crate) struct SealingKey {
    /// As the caller named it; nothing for `aws/secretsmanager`.
    pub(crate) id: Option<String>,
    /// The key.
    pub(crate) record: Arc<KeyRecord>,
}

impl Plain {
    /// Takes the value of a request: text or bytes, or neither.
    ///
    /// # Errors
    /// `InvalidParameterException` for both at once; text of more bytes than a value has.
    pub(crate) fn of_request(
        text: Option<&Sensitive<String>>,
        binary: Option<&Sensitive<Vec<u8>>>,
    ) -> Result<Option<Self>, Fault> {
        match (text, binary) {
            (None, None) => Ok(None),
            (None, Some(binary)) => Ok(Some(Self::Binary(binary.clone()))),
            // The model counts characters, the service bytes.
            (Some(text), None) if text.expose().len() > VALUE_BYTES_MAX => Err(Fault::validation(
                "1 validation error detected: Value at 'secretString' failed to satisfy \
                 constraint: Member must have length less than or equal to 65536",
            )),
            (Some(text), None) => Ok(Some(Self::Text(text.clone()))),
            (Some(_), Some(_)) => Err(SecretsManagerError::InvalidParameterException.with(
                "You can't specify both a binary secret value and a string secret value in the \
                 same secret.",
            )),
        }
    }

    /// Whether this is the same value, of the same kind.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => left.expose() == right.expose(),
            (Self::Binary(left), Self::Binary(right)) => left.expose() == right.expose(),
            (Self::Text(_), Self::Binary(_)) | (Self::Binary(_), Self::Text(_)) => false,
        }
    }

    /// Takes bytes for a value of this kind; nothing where they are to be text and are none.
    pub(crate) fn of_bytes(kind: ValueKind, bytes: Sensitive<Vec<u8>>) -> Option<Self> {
        match kind {
            ValueKind::Binary => Some(Self::Binary(bytes)),
            ValueKind::Text => bytes.into_text().map(Self::Text),
        }
    }

    /// The value's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.expose().as_bytes(),
            Self::Binary(bytes) => bytes.expose(),
        }
    }

    /// Whether it is text or bytes.
    pub(crate) fn kind(&self) -> ValueKind {
        match self {
            Self::Text(_) => ValueKind::Text,
            Self::Binary(_) => ValueKind::Binary,
        }
    }
}

impl SealingKey {
    /// Refuses a key that is disabled or waits for its deletion.
    ///
    /// # Errors
    /// `EncryptionFailure`.
    pub(crate) fn must_be_usable(&self) -> Result<(), Fault> {
        self.record.must_be_usable().map_err(encryption_failure)
    }

    /// The ARN of a customer's key; nothing for `aws/secretsmanager`.
    pub(crate) fn customer_arn(&self) -> Option<String> {
        self.id.as_ref().map(|_| self.record.arn())
    }
}

/// The key that a caller names, as it is to be kept: nothing for `aws/secretsmanager`, which is
/// also meant by an empty name.
pub(crate) fn named_key(kms_key_id: &str) -> Option<&str> {
    let managed = key::managed_alias(SERVICE);
    let is_managed = kms_key_id == managed
        || (kms_key_id.starts_with("arn:") && kms_key_id.ends_with(&format!(":{managed}")));
    (!kms_key_id.is_empty() && !is_managed).then_some(kms_key_id)
}

/// Finds the key to seal with in a scope. Whether it may be used shows when it is.
///
/// # Errors
/// `EncryptionFailure` for a key that is not there; `InvalidRequestException` where a caller of
/// another account would use the key that the service has for the owner.
pub(crate) async fn sealing_key(
    call: &mut Call<'_>,
    scope: &Scope,
    kms_key_id: Option<&str>,
) -> Result<SealingKey, Fault> {
    let found = match kms_key_id {
        None if scope.account != call.account() => return Err(not_shared()),
        None => key::managed_key(call, SERVICE).await,
        Some(id) => AS_CALLER.find(call, scope, id, "kms:GenerateDataKey").await,
    };
    let record = found.map_err(encryption_failure)?;
    let Some(id) = kms_key_id else { return Ok(SealingKey { id: None, record }) };
    if record.manager == KeyManager::Aws {
        // Named by its id: the service's own key, or one that belongs to another service.
        let own = key::managed_key(call, SERVICE).await.map_err(encryption_failure)?;
        if own.key_id != record.key_id {
            return Err(no_access());
        }
        return Ok(SealingKey { id: None, record });
    }
    Ok(SealingKey { id: Some(id.to_owned()), record })
}

/// Makes sure that a caller may use a key for a secret that has no value yet.
///
/// # Errors
/// `EncryptionFailure` for a key that is not usable; `AccessDeniedException`.
pub(crate) async fn must_be_able_to_use(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    key: &SealingKey,
) -> Result<(), Fault> {
    let context = context(secret, VALIDATION);
    let able = AS_CALLER.must_be_able_to_use(call, &key.record, &context).await;
    able.map_err(encryption_failure)
}

/// Makes sure that a caller may open the values of a secret that others are to get, as far as their
/// keys can be used at all.
///
/// # Errors
/// `AccessDeniedException`.
pub(crate) async fn must_be_able_to_open(
    call: &mut Call<'_>,
    secret: &SecretRecord,
) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    for (version_id, version) in &secret.versions {
        if !version.has_value || !seen.insert(version.kms_key_arn.as_deref()) {
            continue;
        }
        match open(call, AS_CALLER, secret, version_id).await {
            Err(fault) if fault.is_server_fault() || fault.code == DENIED => return Err(fault),
            _ => {}
        }
    }
    Ok(())
}

/// Makes sure that a caller may have a replica sealed under a key there. What is wrong with the key
/// otherwise is told at the replica.
///
/// # Errors
/// `AccessDeniedException`.
pub(crate) async fn must_be_able_to_seal(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    scope: &Scope,
    kms_key_id: &str,
) -> Result<(), Fault> {
    let key = match AS_CALLER.find(call, scope, kms_key_id, "kms:GenerateDataKey").await {
        Ok(key) => key,
        Err(fault) if fault.is_server_fault() => return Err(fault),
        Err(fault) if fault.code == DENIED => return Err(encryption_failure(fault)),
        Err(_) => return Ok(()),
    };
    let arn = scope.arn_text(SERVICE, &["secret:", &secret.name, "-", &secret.suffix]);
    let context = BoundContext::of(&[("SecretARN", &arn), ("SecretVersionId", VALIDATION)]);
    let able = AS_CALLER.must_seal(call, &key, &context).await;
    able.map_err(encryption_failure)
}

/// Finds the key that a replica in another region or account is sealed under, and makes sure that
/// it may be used. It is never made here: the job that makes a replica has seen to that.
///
/// # Errors
/// `EncryptionFailure` for a key that is not there or not usable.
pub(crate) async fn replica_key(
    call: &mut Call<'_>,
    secret: &SecretRecord,
) -> Result<Arc<KeyRecord>, Fault> {
    let managed = key::managed_alias(SERVICE);
    let id = secret.kms_key_id.as_deref().unwrap_or(&managed);
    let found = key::find_key_in(call, &secret.scope(), id).await;
    let key = found.map_err(encryption_failure)?;
    key.must_be_usable().map_err(encryption_failure)?;
    Ok(key)
}

/// Seals the value of a version. The row is not staged yet.
///
/// # Errors
/// `EncryptionFailure` for a key that may not be used.
pub(crate) async fn seal(
    call: &mut Call<'_>,
    through: Through,
    secret: &SecretRecord,
    version_id: &str,
    key: &Arc<KeyRecord>,
    plain: &Plain,
) -> Result<SecretValueRecord, Fault> {
    let context = context(secret, version_id);
    let data_key = through.generate_data_key(call, key, &context, DATA_KEY_BYTES).await;
    let data_key = data_key.map_err(encryption_failure)?;
    // AWS: whoever seals has to be allowed to open, too (user guide, "Permissions for the KMS key").
    through.must_decrypt(call, key, &context).await.map_err(encryption_failure)?;
    let sealed = envelope::seal_with_data_key(call, data_key, &context, plain.bytes());
    let (sealed, data_key) = sealed.map_err(encryption_failure)?;
    Ok(SecretValueRecord {
        account: secret.account,
        region: secret.region.clone(),
        name: secret.name.clone(),
        suffix: secret.suffix.clone(),
        version_id: version_id.to_owned(),
        kind: plain.kind(),
        data_key,
        sealed,
        noted: AtomicI64::new(Timestamp::from_millis(i64::MIN).as_millis()),
    })
}

/// Reads and opens the value of a version; nothing where there is none.
///
/// # Errors
/// `DecryptionFailure` for a key that may not be used.
pub(crate) async fn open(
    call: &mut Call<'_>,
    through: Through,
    secret: &SecretRecord,
    version_id: &str,
) -> Result<Option<(Plain, Arc<SecretValueRecord>)>, Fault> {
    open_in(call, through, secret, version_id, &context(secret, version_id)).await
}

/// Does the same where the encryption context of the version is at hand.
///
/// # Errors
/// See [`open`].
pub(crate) async fn open_in(
    call: &mut Call<'_>,
    through: Through,
    secret: &SecretRecord,
    version_id: &str,
    context: &BoundContext,
) -> Result<Option<(Plain, Arc<SecretValueRecord>)>, Fault> {
    let row = SecretValueRecord::key_of(secret, version_id);
    let Some(value) = call.get::<SecretValueRecord>(&row).await? else { return Ok(None) };
    // AWS: the service's own key is for the owner's account alone, whatever a resource policy says.
    let is_shared = secret.account != call.account();
    if is_shared && through == AS_CALLER && secret.kms_key_id.is_none() {
        return Err(not_shared());
    }
    let data_key = through.decrypt(call, &secret.region, context, &value.data_key).await;
    let data_key = data_key.map_err(decryption_failure)?;
    let plain = envelope::open_with_data_key(&data_key, context, &value.sealed);
    let plain = plain.map_err(decryption_failure)?;
    let plain = Plain::of_bytes(value.kind, plain)
        .ok_or_else(|| Fault::internal("a sealed text is not UTF-8"))?;
    Ok(Some((plain, value)))
}

/// Makes sure that a request whose token is already a version's id gives the same value again.
///
/// # Errors
/// `ResourceExistsException` for another value: a version is never changed.
pub(crate) async fn must_be_same(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    token: &str,
    plain: &Plain,
) -> Result<(), Fault> {
    let opened = open(call, AS_CALLER, secret, token).await?;
    if opened.is_some_and(|(existing, _)| existing.is(plain)) {
        return Ok(());
    }
    Err(SecretsManagerError::ResourceExistsException.with(format!(
        "You can't use ClientRequestToken {token} because that value is already in use for a \
         version of secret {}.",
        secret.arn()
    )))
}

/// The encryption context of a version's value, as callers of KMS have to give it.
pub(crate) fn context(secret: &SecretRecord, version_id: &str) -> BoundContext {
    context_of(&secret.arn(), version_id)
}

/// The same for the secret of an ARN.
pub(crate) fn context_of(arn: &str, version_id: &str) -> BoundContext {
    BoundContext::of(&[("SecretARN", arn), ("SecretVersionId", version_id)])
}

/// KMS's refusal to seal, as Secrets Manager tells it.
pub(crate) fn encryption_failure(fault: Fault) -> Fault {
    told(
        fault,
        SecretsManagerError::EncryptionFailure,
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. \
         Check that the KMS key is available, enabled, and not in an invalid state.",
    )
}

fn decryption_failure(fault: Fault) -> Fault {
    told(
        fault,
        SecretsManagerError::DecryptionFailure,
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    )
}

/// What is the server's fault stays as it is; what KMS refuses as a matter of permission, which
/// includes a ciphertext of a key that no longer is, keeps its code.
fn told(fault: Fault, error: SecretsManagerError, message: &str) -> Fault {
    if fault.is_server_fault() {
        return fault;
    }
    if fault.code == DENIED {
        return no_access().with_cause(fault.for_log());
    }
    error.with(message).with_cause(fault.for_log())
}

/// AWS: the refusal of what only a customer's key can share (user guide, "Access from another
/// account").
fn not_shared() -> Fault {
    SecretsManagerError::InvalidRequestException.with(
        "You can't access a secret from a different AWS account if you encrypt the secret with the \
         default KMS service key.",
    )
}

/// AWS's sentence wherever KMS answers AccessDeniedException
/// (aws-samples/aws-secrets-manager-rotation-lambdas#53).
fn no_access() -> Fault {
    Fault::access_denied("Access to KMS is not allowed")
}

/// How values are sealed and opened for whoever calls.
pub(crate) const AS_CALLER: Through = Through::Caller(SERVICE);
const SERVICE: &str = "secretsmanager";
/// AWS: the version in the context of a check that seals nothing (user guide, "Secret encryption
/// and decryption in AWS Secrets Manager").
const VALIDATION: &str = "RequestToValidateKeyAccess";
const DENIED: &str = "AccessDeniedException";
const DATA_KEY_BYTES: usize = 32;
/// As many bytes as a value has.
pub(crate) const VALUE_BYTES_MAX: usize = 65_536;

#[cfg(test)]
mod tests {
    use coffer_model::Sensitive;

    use super::{Plain, named_key};

    #[test]
    fn the_services_own_key_is_known_by_its_alias() {
        assert_eq!(named_key(""), None);
        assert_eq!(named_key("alias/aws/secretsmanager"), None);
        let arn = "arn:aws:kms:us-east-1:000000000000:alias/aws/secretsmanager";
        assert_eq!(named_key(arn), None);
        for named in ["alias/mine", "alias/aws/ssm", "1234abcd-12ab-34cd-56ef-1234567890ab"] {
            assert_eq!(named_key(named), Some(named));
        }
    }

    #[test]
    fn a_value_is_text_or_bytes_of_bounded_length() {
        let text = Sensitive::new("€".repeat(21_846));
        let bytes = Sensitive::new(vec![1]);
        assert!(Plain::of_request(None, None).unwrap().is_none());
        assert_eq!(Plain::of_request(Some(&text), None).unwrap_err().code, "ValidationException");
        let both = Plain::of_request(Some(&text), Some(&bytes)).unwrap_err();
        assert_eq!(both.code, "InvalidParameterException");
    }

    #[test]
    fn text_and_bytes_are_never_the_same_value() {
        let text = Plain::Text(Sensitive::new("a".to_owned()));
        let bytes = Plain::Binary(Sensitive::new(b"a".to_vec()));
        assert!(text.is(&text.clone()) && bytes.is(&bytes.clone()));
        assert!(!text.is(&bytes) && !bytes.is(&text));
    }
}
