//! UpdateSecret: changes what is said of a secret, its key, its value.

use std::sync::Arc;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::seal::{self, Plain};
use super::secret::{CURRENT, Origin, PENDING, PREVIOUS, SecretRecord};
use super::write::Change;
use super::{id, replication, wire};

/// Changes description, key and value, each where it is given.
pub(super) struct UpdateSecret;

/// What to change.
#[derive(Input, Debug)]
#[shape(name = "UpdateSecretRequest")]
pub(super) struct UpdateSecretInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(min = 32, max = 64)]
    client_request_token: Option<String>,
    #[shape(max = 2048)]
    description: Option<String>,
    #[shape(min = 0, max = 2048)]
    kms_key_id: Option<String>,
    #[shape(min = 1, max = 65536)]
    secret_binary: Option<Sensitive<Vec<u8>>>,
    #[shape(min = 1, max = 65536)]
    secret_string: Option<Sensitive<String>>,
    #[shape(min = 0, max = 256)]
    r#type: Option<String>,
}

/// The secret, and its new version where one was made.
#[derive(Output, Debug)]
#[shape(name = "UpdateSecretResponse")]
pub(super) struct UpdateSecretOutput {
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
    #[shape(min = 32, max = 64)]
    version_id: Option<String>,
}

impl Operation for UpdateSecret {
    const NAME: &'static str = "UpdateSecret";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::LimitExceededException.row(),
        SecretsManagerError::EncryptionFailure.row(),
        SecretsManagerError::ResourceExistsException.row(),
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::MalformedPolicyDocumentException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::PreconditionNotMetException.row(),
        SecretsManagerError::DecryptionFailure.row(),
    ];
    type Input = UpdateSecretInput;
    type Output = UpdateSecretOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:UpdateSecret", &input.secret_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        match key {
            "secretsmanager:description" => input.description.as_deref().map(ContextValues::from),
            "secretsmanager:kmskeyid" => input.kms_key_id.as_deref().map(ContextValues::from),
            "secretsmanager:type" => input.r#type.as_deref().map(ContextValues::from),
            _ => None,
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let token = wire::needed_token(input.client_request_token.as_ref())?;
        let plain = Plain::of_request(input.secret_string.as_ref(), input.secret_binary.as_ref())?;
        let secret = id::find_living(call, &input.secret_id).await?;
        // AWS: the key is the one thing that can be changed of a replica by itself (user guide,
        // "Promote a replica secret to a standalone secret").
        if !input.has_only_key() {
            id::must_not_be_replica(&secret)?;
        }
        let version_id = plain.is_some().then_some(token);
        if let Some(plain) = &plain
            && secret.versions.get(token).is_some_and(|version| version.has_value)
        {
            seal::must_be_same(call, &secret, token, plain).await?;
            return Ok(answer(&secret, version_id));
        }
        let mut change = Change::of(&secret);
        if let Some(text) = &input.description {
            change.secret.description = Some(text.clone()).filter(|text| !text.is_empty());
        }
        if let Some(kind) = &input.r#type {
            change.secret.kind = Some(kind.clone()).filter(|kind| !kind.is_empty());
        }
        if let Some(kms_key_id) = &input.kms_key_id {
            change_key(call, &secret, &mut change, kms_key_id, plain.is_some()).await?;
        }
        if let Some(plain) = plain {
            change.add_version(call, token, plain, &[CURRENT.to_owned()])?;
        }
        let secret = change.stage(call).await?;
        if secret.is_replica() {
            replication::note_key(call, &secret).await?;
        }
        Ok(answer(&secret, version_id))
    }
}

impl UpdateSecretInput {
    fn has_only_key(&self) -> bool {
        self.kms_key_id.is_some()
            && self.description.is_none()
            && self.secret_binary.is_none()
            && self.secret_string.is_none()
            && self.r#type.is_none()
    }
}

/// Takes another key, and seals anew under it what AWS's own labels are on.
async fn change_key(
    call: &mut Call<'_>,
    secret: &Arc<SecretRecord>,
    change: &mut Change,
    kms_key_id: &str,
    has_value: bool,
) -> Result<(), Fault> {
    let key = match seal::named_key(kms_key_id) {
        None if matches!(secret.origin, Origin::CrossAccount { .. }) => {
            return Err(SecretsManagerError::InvalidParameterException.with(
                "You must specify a customer managed KMS key in KmsKeyId for a cross-account \
                 replica secret.",
            ));
        }
        None => None,
        Some(named) => Some(seal::sealing_key(call, &secret.scope(), Some(named)).await?),
    };
    change.secret.kms_key_id = key.as_ref().and_then(|key| key.id.clone());
    for label in [CURRENT, PENDING, PREVIOUS] {
        let Some(version_id) = secret.version_with(label) else { continue };
        if change.values.contains_key(version_id) {
            continue;
        }
        match seal::open(call, seal::AS_CALLER, secret, version_id).await {
            Ok(Some((plain, _))) => {
                change.values.insert(version_id.to_owned(), plain);
            }
            Ok(None) => {}
            Err(fault) if fault.is_server_fault() => return Err(fault),
            // AWS: versions that the former key does not open are not sealed anew; the secret
            // takes the new key all the same, so that it can be given another value (user guide,
            // "Change the encryption key").
            Err(_) => {}
        }
    }
    match key.filter(|_| change.values.is_empty() && !has_value) {
        Some(key) => seal::must_be_able_to_use(call, secret, &key).await,
        None => Ok(()),
    }
}

fn answer(secret: &SecretRecord, version_id: Option<&str>) -> UpdateSecretOutput {
    UpdateSecretOutput {
        arn: Some(secret.arn()),
        name: Some(secret.name.clone()),
        version_id: version_id.map(str::to_owned),
    }
}
