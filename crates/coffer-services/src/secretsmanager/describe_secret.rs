//! DescribeSecret: all that is known of a secret but its values.

use std::collections::BTreeMap;

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::secret::{Origin, ReplicaStatus, SecretAccessRecord, SecretRecord};
use super::wire::{self, ExternalMetadata, ReplicationStatus, RotationRules, Tag};

/// Tells all about a secret, also one that waits for its deletion.
pub(super) struct DescribeSecret;

/// Which secret.
#[derive(Input, Debug)]
#[shape(name = "DescribeSecretRequest")]
pub(super) struct DescribeSecretInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
}

/// The secret; what is not set is absent.
#[derive(Output, Debug)]
#[shape(name = "DescribeSecretResponse")]
pub(super) struct DescribeSecretOutput {
    #[shape(wire = "ARN", min = 20, max = 2048)]
    arn: Option<String>,
    #[shape(min = 1, max = 256)]
    name: Option<String>,
    #[shape(min = 0, max = 256)]
    r#type: Option<String>,
    #[shape(max = 2048)]
    description: Option<String>,
    #[shape(min = 0, max = 2048)]
    kms_key_id: Option<String>,
    rotation_enabled: Option<bool>,
    #[shape(wire = "RotationLambdaARN", min = 0, max = 2048)]
    rotation_lambda_arn: Option<String>,
    rotation_rules: Option<RotationRules>,
    external_secret_rotation_metadata: Option<Vec<ExternalMetadata>>,
    #[shape(min = 20, max = 2048)]
    external_secret_rotation_role_arn: Option<String>,
    last_rotated_date: Option<Timestamp>,
    last_changed_date: Option<Timestamp>,
    last_accessed_date: Option<Timestamp>,
    deleted_date: Option<Timestamp>,
    next_rotation_date: Option<Timestamp>,
    tags: Option<Vec<Tag>>,
    #[shape(key(min = 32, max = 64), value(min = 1, max = 20, member(min = 1, max = 256)))]
    version_ids_to_stages: Option<BTreeMap<String, Vec<String>>>,
    #[shape(min = 1, max = 128)]
    owning_service: Option<String>,
    created_date: Option<Timestamp>,
    #[shape(min = 1, max = 128, pattern = r"^([a-z]+-)+\d+$")]
    primary_region: Option<String>,
    replication_status: Option<Vec<ReplicationStatus>>,
    cross_account_primary: Option<CrossAccountPrimary>,
    #[shape(min = 1, max = 100)]
    cross_account_replicas: Option<Vec<CrossAccountReplicaEntry>>,
}

/// The secret of another account that this one follows.
#[derive(Output, Debug)]
#[shape(name = "CrossAccountPrimaryType")]
struct CrossAccountPrimary {
    #[shape(wire = "PrimarySecretARN", min = 20, max = 2048)]
    primary_secret_arn: Option<String>,
    replication_status: Option<ReplicaStatus>,
    #[shape(min = 1, max = 4096)]
    status_message: Option<String>,
}

/// A secret of another account that follows this one.
#[derive(Output, Debug)]
struct CrossAccountReplicaEntry {
    #[shape(wire = "ReplicaSecretARN", min = 20, max = 2048)]
    replica_secret_arn: Option<String>,
    #[shape(wire = "ReplicationRoleARN", min = 20, max = 2048)]
    replication_role_arn: Option<String>,
    replication_status: Option<ReplicaStatus>,
    #[shape(min = 1, max = 4096)]
    status_message: Option<String>,
}

impl Operation for DescribeSecret {
    const NAME: &'static str = "DescribeSecret";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InternalServiceError.row(),
        SecretsManagerError::InvalidParameterException.row(),
    ];
    type Input = DescribeSecretInput;
    type Output = DescribeSecretOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:DescribeSecret", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find(call, &input.secret_id).await?;
        let accessed = last_read(call, &secret).await?;
        let mut answer = answer(&secret, accessed);
        if let Some(statuses) = &mut answer.replication_status {
            for (status, replica) in statuses.iter_mut().zip(&secret.replicas) {
                let there = SecretRecord { region: replica.region.clone(), ..(*secret).clone() };
                status.last_accessed_date = last_read(call, &there).await?;
            }
        }
        Ok(answer)
    }
}

async fn last_read(call: &mut Call<'_>, secret: &SecretRecord) -> Result<Option<Timestamp>, Fault> {
    let row = SecretAccessRecord::key_of(secret);
    Ok(call.get::<SecretAccessRecord>(&row).await?.and_then(|access| access.day))
}

fn answer(secret: &SecretRecord, accessed: Option<Timestamp>) -> DescribeSecretOutput {
    let rotation = secret.rotation.as_ref();
    DescribeSecretOutput {
        arn: Some(secret.arn()),
        name: Some(secret.name.clone()),
        r#type: secret.kind.clone(),
        description: secret.description.clone(),
        kms_key_id: secret.kms_key_id.clone(),
        rotation_enabled: rotation.map(|rotation| rotation.enabled),
        rotation_lambda_arn: rotation.and_then(|rotation| rotation.lambda_arn.clone()),
        rotation_rules: rotation.map(wire::rotation_rules),
        external_secret_rotation_metadata: rotation.and_then(wire::external_metadata),
        external_secret_rotation_role_arn: rotation
            .and_then(|rotation| rotation.external_role_arn.clone()),
        last_rotated_date: rotation.and_then(|rotation| rotation.last),
        last_changed_date: Some(secret.changed),
        last_accessed_date: accessed,
        deleted_date: secret.deletion.map(|deletion| deletion.due),
        next_rotation_date: rotation
            .filter(|rotation| rotation.enabled)
            .and_then(|rotation| rotation.next),
        tags: wire::tags(&secret.tags),
        version_ids_to_stages: wire::labelled_versions(secret),
        owning_service: secret.owning_service().map(str::to_owned),
        created_date: Some(secret.created),
        primary_region: secret.primary_region().map(ToString::to_string),
        replication_status: wire::replication_status(secret),
        cross_account_primary: cross_account_primary(secret),
        cross_account_replicas: cross_account_replicas(secret),
    }
}

fn cross_account_primary(secret: &SecretRecord) -> Option<CrossAccountPrimary> {
    match &secret.origin {
        Origin::Own | Origin::Replica(_) => None,
        Origin::CrossAccount { primary_arn, status, message } => Some(CrossAccountPrimary {
            primary_secret_arn: Some(primary_arn.clone()),
            replication_status: Some(*status),
            status_message: message.clone(),
        }),
    }
}

fn cross_account_replicas(secret: &SecretRecord) -> Option<Vec<CrossAccountReplicaEntry>> {
    let replicas = secret.cross_account_replicas.iter().map(|replica| CrossAccountReplicaEntry {
        replica_secret_arn: Some(replica.arn.clone()),
        replication_role_arn: replica.role_arn.clone(),
        replication_status: Some(replica.status),
        status_message: replica.message.clone(),
    });
    (!secret.cross_account_replicas.is_empty()).then(|| replicas.collect())
}
