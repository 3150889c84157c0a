//! StopReplicationToReplica: makes a replica a secret of its own.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::{id, replication};

/// Promotes a replica; called where the replica is.
pub(super) struct StopReplicationToReplica;

/// Which replica.
#[derive(Input, Debug)]
#[shape(name = "StopReplicationToReplicaRequest")]
pub(super) struct StopReplicationToReplicaInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
}

/// The promoted secret.
#[derive(Output, Debug)]
#[shape(name = "StopReplicationToReplicaResponse")]
pub(super) struct StopReplicationToReplicaOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
}

impl Operation for StopReplicationToReplica {
    const NAME: &'static str = "StopReplicationToReplica";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = StopReplicationToReplicaInput;
    type Output = StopReplicationToReplicaOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:StopReplicationToReplica", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let replica = id::find_living(call, &input.secret_id).await?;
        if !replica.is_replica() {
            return Err(SecretsManagerError::InvalidParameterException.with(
                "Operation not permitted on a primary secret. Call must be made in a replica \
                 secret's region.",
            ));
        }
        let promoted = replication::promote(call, &replica).await?;
        Ok(StopReplicationToReplicaOutput { arn: Some(promoted.arn()) })
    }
}
