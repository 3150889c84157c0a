//! CreateSecret: makes a secret, with or without a value.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation, requested_tags};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::seal::{self, Plain};
use super::secret::{CURRENT, Origin, ReplicaStatus, SecretAccessRecord, SecretRecord};
use super::wire::{self, ReplicaRegion, ReplicationStatus, Tag};
use super::write::Change;
use super::{id, replication};

/// Creates a secret; with a value, its first version is AWSCURRENT.
pub(super) struct CreateSecret;

/// What to make.
#[derive(Input, Debug)]
#[shape(name = "CreateSecretRequest")]
pub(super) struct CreateSecretInput {
    #[shape(required, min = 1, max = 512)]
    name: String,
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
    tags: Option<Vec<Tag>>,
    #[shape(min = 1)]
    add_replica_regions: Option<Vec<ReplicaRegion>>,
    force_overwrite_replica_secret: Option<bool>,
    #[shape(min = 0, max = 256)]
    r#type: Option<String>,
    #[shape(wire = "CrossAccountPrimaryARN", min = 20, max = 2048)]
    cross_account_primary_arn: Option<String>,
}

/// What was made.
#[derive(Output, Debug)]
#[shape(name = "CreateSecretResponse")]
pub(super) struct CreateSecretOutput {
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
    #[shape(min = 32, max = 64)]
    version_id: Option<String>,
    replication_status: Option<Vec<ReplicationStatus>>,
}

impl Operation for CreateSecret {
    const NAME: &'static str = "CreateSecret";
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
    type Input = CreateSecretInput;
    type Output = CreateSecretOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        // AWS: the ARN that is authorised ends in six characters already (observed: shalb/cluster.dev#76),
        // so that the patterns that let somebody read a secret also let somebody make it.
        let suffix = id::draw_suffix(call.entropy());
        let arn = call.scope().arn_text("secretsmanager", &["secret:", &input.name, "-", &suffix]);
        let on = |action| Demand::of(action, arn.as_str()).shown_as(input.name.as_str());
        let mut demands = vec![on("secretsmanager:CreateSecret")];
        if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
            demands.push(on("secretsmanager:TagResource"));
        }
        if input.add_replica_regions.is_some() {
            demands.push(on("secretsmanager:ReplicateSecretToRegions"));
        }
        Ok(demands)
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        if let Some(values) = requested_tags(key, wire::pairs(input.tags.as_deref())) {
            return Some(values);
        }
        match key {
            "secretsmanager:name" => Some(input.name.as_str().into()),
            "secretsmanager:description" => input.description.as_deref().map(ContextValues::from),
            "secretsmanager:kmskeyid" => input.kms_key_id.as_deref().map(ContextValues::from),
            "secretsmanager:type" => input.r#type.as_deref().map(ContextValues::from),
            _ => wire::replica_condition(
                key,
                input.add_replica_regions.as_deref(),
                input.force_overwrite_replica_secret,
            ),
        }
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let token = wire::needed_token(input.client_request_token.as_ref())?;
        id::must_be_a_name(&input.name)?;
        let plain = Plain::of_request(input.secret_string.as_ref(), input.secret_binary.as_ref())?;
        let key = SecretRecord::key_of(call.scope(), &input.name);
        if let Some(existing) = call.get::<SecretRecord>(&key).await? {
            must_be_a_repetition(call, &existing, token, plain.as_ref()).await?;
            return Ok(answer(&existing, plain.is_some().then_some(token)));
        }
        let secret = new_secret(call, input, token).await?;
        call.put(SecretAccessRecord::of(&secret, None)).await?;
        let version_id = plain.is_some().then_some(token);
        let mut change = Change::creation(secret);
        if let Some(plain) = plain {
            change.add_version(call, token, plain, &[CURRENT.to_owned()])?;
        }
        let secret = change.stage(call).await?;
        let regions = input.add_replica_regions.as_deref().unwrap_or_default();
        let overwrite = input.force_overwrite_replica_secret.unwrap_or(false);
        let secret = replication::add(call, secret, regions, overwrite).await?;
        Ok(answer(&secret, version_id))
    }
}

/// The name is taken; only the very request that took it may come again.
async fn must_be_a_repetition(
    call: &mut Call<'_>,
    existing: &SecretRecord,
    token: &str,
    plain: Option<&Plain>,
) -> Result<(), Fault> {
    if existing.deletion.is_some() {
        return Err(SecretsManagerError::InvalidRequestException.with(
            "You can't create this secret because a secret with this name is already scheduled \
             for deletion.",
        ));
    }
    let exists = || {
        SecretsManagerError::ResourceExistsException.with(format!(
            "The operation failed because the secret {} already exists.",
            existing.name
        ))
    };
    match plain {
        None if existing.creation_token == token && !existing.versions.contains_key(token) => {
            Ok(())
        }
        Some(plain) if existing.versions.contains_key(token) => {
            seal::must_be_same(call, existing, token, plain).await
        }
        _ => Err(exists()),
    }
}

async fn new_secret(
    call: &mut Call<'_>,
    input: &CreateSecretInput,
    token: &str,
) -> Result<SecretRecord, Fault> {
    let mut tags = BTreeMap::new();
    wire::add_tags(&mut tags, input.tags.as_deref().unwrap_or_default())?;
    let key = match input.kms_key_id.as_deref().and_then(seal::named_key) {
        Some(named) => Some(seal::sealing_key(call, call.scope(), Some(named)).await?),
        None => None,
    };
    let kms_key_id = key.as_ref().and_then(|key| key.id.clone());
    let origin = match &input.cross_account_primary_arn {
        None => Origin::Own,
        Some(arn) => cross_account_origin(call, input, arn, kms_key_id.as_deref())?,
    };
    let secret = SecretRecord {
        account: call.account(),
        region: call.region().clone(),
        name: input.name.clone(),
        suffix: id::draw_suffix(call.entropy()),
        description: input.description.clone().filter(|text| !text.is_empty()),
        kms_key_id,
        kind: input.r#type.clone().filter(|text| !text.is_empty()),
        created: call.now(),
        changed: call.now(),
        creation_token: token.to_owned(),
        deletion: None,
        versions: BTreeMap::new(),
        tags,
        rotation: None,
        has_policy: false,
        origin,
        followed: None,
        replicas: Vec::new(),
        cross_account_replicas: Vec::new(),
    };
    let has_value = input.secret_string.is_some() || input.secret_binary.is_some();
    if let Some(key) = key.filter(|_| !has_value) {
        seal::must_be_able_to_use(call, &secret, &key).await?;
    }
    Ok(secret)
}

/// A replica of a secret in another account: made empty, filled once its primary is associated.
fn cross_account_origin(
    call: &Call<'_>,
    input: &CreateSecretInput,
    primary_arn: &str,
    kms_key_id: Option<&str>,
) -> Result<Origin, Fault> {
    let refused = |message: &str| Err(SecretsManagerError::InvalidParameterException.with(message));
    let primary = id::SecretName::parse(call.scope(), primary_arn)?;
    if primary.suffix.is_none() || primary.scope.account == call.account() {
        return refused(
            "CrossAccountPrimaryARN must be the complete ARN of a secret in another account.",
        );
    }
    if primary.scope.region != *call.region() {
        return refused("The primary secret must be in the same Region as the replica secret.");
    }
    if kms_key_id.is_none() {
        return refused(
            "You must specify a customer managed KMS key in KmsKeyId for a cross-account replica \
             secret.",
        );
    }
    let has_more = input.secret_string.is_some()
        || input.secret_binary.is_some()
        || input.description.is_some()
        || input.add_replica_regions.is_some()
        || input.r#type.is_some();
    if has_more {
        return refused(
            "You can't include SecretString, SecretBinary, Description, AddReplicaRegions, or \
             Type when you specify CrossAccountPrimaryARN.",
        );
    }
    Ok(Origin::CrossAccount {
        primary_arn: primary_arn.to_owned(),
        status: ReplicaStatus::Pending,
        message: None,
    })
}

fn answer(secret: &SecretRecord, version_id: Option<&str>) -> CreateSecretOutput {
    CreateSecretOutput {
        arn: Some(secret.arn()),
        name: Some(secret.name.clone()),
        version_id: version_id.map(str::to_owned),
        replication_status: wire::replication_status(secret),
    }
}
