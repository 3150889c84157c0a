//! RemoveRegionsFromReplication: removes replicas of a secret.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::secret::SecretRecord;
use super::wire::{self, ReplicationStatus};
use super::{id, replication};

/// Removes the replicas in the regions that are named.
pub(super) struct RemoveRegionsFromReplication;

/// Which secret, and where from.
#[derive(Input, Debug)]
#[shape(name = "RemoveRegionsFromReplicationRequest")]
pub(super) struct RemoveRegionsFromReplicationInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(required, min = 1, member(min = 1, max = 128, pattern = r"^([a-z]+-)+\d+$"))]
    remove_replica_regions: Vec<String>,
}

/// How the remaining replicas stand.
#[derive(Output, Debug)]
#[shape(name = "RemoveRegionsFromReplicationResponse")]
pub(super) struct RemoveRegionsFromReplicationOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    replication_status: Option<Vec<ReplicationStatus>>,
}

impl Operation for RemoveRegionsFromReplication {
    const NAME: &'static str = "RemoveRegionsFromReplication";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = RemoveRegionsFromReplicationInput;
    type Output = RemoveRegionsFromReplicationOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:RemoveRegionsFromReplication", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let secret = id::find_changeable(call, &input.secret_id).await?;
        let secret = SecretRecord::clone(&secret);
        let secret = replication::remove(call, secret, &input.remove_replica_regions).await?;
        Ok(RemoveRegionsFromReplicationOutput {
            arn: Some(secret.arn()),
            replication_status: Some(wire::replication_status(&secret).unwrap_or_default()),
        })
    }
}
