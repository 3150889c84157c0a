//! ReplicateSecretToRegions: has other regions follow a secret.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::secret::SecretRecord;
use super::wire::{self, ReplicaRegion, ReplicationStatus};
use super::{id, replication};

/// Begins a replica in each of the regions.
pub(super) struct ReplicateSecretToRegions;

/// Which secret, and where to.
#[derive(Input, Debug)]
#[shape(name = "ReplicateSecretToRegionsRequest")]
pub(super) struct ReplicateSecretToRegionsInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(required, min = 1)]
    add_replica_regions: Vec<ReplicaRegion>,
    force_overwrite_replica_secret: Option<bool>,
}

/// How all replicas of the secret stand.
#[derive(Output, Debug)]
#[shape(name = "ReplicateSecretToRegionsResponse")]
pub(super) struct ReplicateSecretToRegionsOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    replication_status: Option<Vec<ReplicationStatus>>,
}

impl Operation for ReplicateSecretToRegions {
    const NAME: &'static str = "ReplicateSecretToRegions";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = ReplicateSecretToRegionsInput;
    type Output = ReplicateSecretToRegionsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:ReplicateSecretToRegions", &input.secret_id).await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        let overwrite = input.force_overwrite_replica_secret;
        wire::replica_condition(key, Some(&input.add_replica_regions), overwrite)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find_changeable(call, &input.secret_id).await?;
        let mut secret = SecretRecord::clone(&secret);
        secret.changed = call.now();
        let overwrite = input.force_overwrite_replica_secret.unwrap_or(false);
        call.acted_on(&secret.arn());
        let secret = replication::add(call, secret, &input.add_replica_regions, overwrite).await?;
        Ok(ReplicateSecretToRegionsOutput {
            arn: Some(secret.arn()),
            replication_status: Some(wire::replication_status(&secret).unwrap_or_default()),
        })
    }
}
