//! DisassociateCrossAccountReplica: lets a replica in another account go.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id;
use super::peers::delivery;
use super::replication::{Link, set_status};
use super::secret::{ReplicaStatus, SecretRecord};

/// Ends the replication to a replica, which stays as it is and says that it was detached.
pub(super) struct DisassociateCrossAccountReplica;

/// The primary and its replica.
#[derive(Input, Debug)]
#[shape(name = "DisassociateCrossAccountReplicaRequest")]
pub(super) struct DisassociateCrossAccountReplicaInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(required, wire = "CrossAccountReplicaARN", min = 20, max = 2048)]
    cross_account_replica_arn: String,
}

/// Both.
#[derive(Output, Debug)]
#[shape(name = "DisassociateCrossAccountReplicaResponse")]
pub(super) struct DisassociateCrossAccountReplicaOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    #[shape(wire = "CrossAccountReplicaARN")]
    cross_account_replica_arn: Option<String>,
}

impl Operation for DisassociateCrossAccountReplica {
    const NAME: &'static str = "DisassociateCrossAccountReplica";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = DisassociateCrossAccountReplicaInput;
    type Output = DisassociateCrossAccountReplicaOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        id::demands(call, "secretsmanager:DisassociateCrossAccountReplica", &input.secret_id).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let primary = id::find_changeable(call, &input.secret_id).await?;
        let mut primary = SecretRecord::clone(&primary);
        let arn = &input.cross_account_replica_arn;
        if !primary.cross_account_replicas.iter().any(|known| known.arn == *arn) {
            return Err(SecretsManagerError::InvalidRequestException
                .with(format!("The secret {arn} is not a cross-account replica of this secret.")));
        }
        let link = Link::to_arn(&primary, arn);
        if let Some(link) = link.as_ref().filter(|link| link.is_at_peer(&primary)) {
            delivery::end(call, &primary, link).await?;
        } else if let Some(link) = link
            && let Some(replica) = link.replica(call, &primary).await?
        {
            let mut replica = SecretRecord::clone(&replica);
            set_status(&mut replica, ReplicaStatus::Detached, None);
            call.acted_on(arn);
            call.put(replica).await?;
        }
        primary.cross_account_replicas.retain(|known| known.arn != *arn);
        primary.changed = call.now();
        call.acted_on(&primary.arn());
        let answer = DisassociateCrossAccountReplicaOutput {
            arn: Some(primary.arn()),
            cross_account_replica_arn: Some(arn.clone()),
        };
        call.put(primary).await?;
        Ok(answer)
    }
}
