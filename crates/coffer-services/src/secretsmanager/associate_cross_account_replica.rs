//! AssociateCrossAccountReplica: has a secret of another account follow one of this account.

use coffer_pipeline::{Access, Call, Demand, Operation, ReplicaPlace};
use coffer_protocol::{AwsEnum, ErrorRow, Fault, Input, Output};

use super::errors::SecretsManagerError;
use super::id::{self, SecretName};
use super::peers::delivery;
use super::replicate_secret::ReplicateSecret;
use super::replication::{Link, set_status};
use super::seal;
use super::secret::{CrossAccountReplica, ReplicaStatus, SecretRecord};

/// Begins the replication to a replica that its owner has made for this primary.
///
/// All accounts of a server are taken for one organization, so either restriction is met.
pub(super) struct AssociateCrossAccountReplica;

/// The primary and its replica.
#[derive(Input, Debug)]
#[shape(name = "AssociateCrossAccountReplicaRequest")]
pub(super) struct AssociateCrossAccountReplicaInput {
    #[shape(required, min = 1, max = 2048)]
    secret_id: String,
    #[shape(required, wire = "CrossAccountReplicaARN", min = 20, max = 2048)]
    cross_account_replica_arn: String,
    replica_restriction: Option<ReplicaRestriction>,
    #[shape(wire = "ReplicationRoleARN", min = 20, max = 2048)]
    replication_role_arn: Option<String>,
}

/// Which accounts may hold the replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
enum ReplicaRestriction {
    SameOrg,
    NoRestriction,
}

/// Both, and how the replication stands.
#[derive(Output, Debug)]
#[shape(name = "AssociateCrossAccountReplicaResponse")]
pub(super) struct AssociateCrossAccountReplicaOutput {
    #[shape(wire = "ARN")]
    arn: Option<String>,
    #[shape(wire = "CrossAccountReplicaARN")]
    cross_account_replica_arn: Option<String>,
    replication_status: Option<ReplicaStatus>,
}

impl Operation for AssociateCrossAccountReplica {
    const NAME: &'static str = "AssociateCrossAccountReplica";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[
        SecretsManagerError::ResourceNotFoundException.row(),
        SecretsManagerError::InvalidRequestException.row(),
        SecretsManagerError::InvalidParameterException.row(),
        SecretsManagerError::LimitExceededException.row(),
        SecretsManagerError::InternalServiceError.row(),
    ];
    type Input = AssociateCrossAccountReplicaInput;
    type Output = AssociateCrossAccountReplicaOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let mut demands = Vec::new();
        for action in
            ["secretsmanager:AssociateCrossAccountReplica", "secretsmanager:GetSecretValue"]
        {
            demands.push(id::demand(call, action, &input.secret_id).await?);
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let primary = id::find_changeable(call, &input.secret_id).await?;
        let mut primary = SecretRecord::clone(&primary);
        let link = link(call, &primary, &input.cross_account_replica_arn)?;
        let is_at_peer = call.peer_of(&ReplicaPlace::Account(link.scope().account)).is_some();
        // The owner of the replica has named this primary when it was made: that is the consent. A
        // peer makes sure of it itself.
        let replica = match is_at_peer {
            true => None,
            false => Some(link.replica(call, &primary).await?.ok_or_else(id::not_found)?),
        };
        seal::must_be_able_to_open(call, &primary).await?;
        let arn = link.arn();
        let is_other = |known: &&CrossAccountReplica| {
            known.arn != arn && known.status != ReplicaStatus::Detached
        };
        if let Some(other) = primary.cross_account_replicas.iter().find(is_other) {
            return Err(SecretsManagerError::LimitExceededException.with(format!(
                "A primary secret can have at most one cross-account replica. It is already \
                 associated with {}.",
                other.arn
            )));
        }
        primary.cross_account_replicas = vec![CrossAccountReplica {
            arn: arn.clone(),
            role_arn: input.replication_role_arn.clone(),
            status: ReplicaStatus::InProgress,
            message: None,
            is_at_peer,
        }];
        primary.changed = call.now();
        call.acted_on(&primary.arn());
        call.acted_on(&arn);
        match replica {
            None => delivery::begin(call, &primary, &link, false).await?,
            Some(replica) => {
                let mut replica = SecretRecord::clone(&replica);
                set_status(&mut replica, ReplicaStatus::InProgress, None);
                let job = ReplicateSecret::to_account(&primary, &arn);
                call.schedule_in(link.scope().clone(), call.now(), &job).await?;
                call.put(replica).await?;
            }
        }
        let answer = AssociateCrossAccountReplicaOutput {
            arn: Some(primary.arn()),
            cross_account_replica_arn: Some(arn),
            replication_status: Some(ReplicaStatus::InProgress),
        };
        call.put(primary).await?;
        Ok(answer)
    }
}

fn link(call: &Call<'_>, primary: &SecretRecord, replica_arn: &str) -> Result<Link, Fault> {
    let refused = |message| SecretsManagerError::InvalidParameterException.with(message);
    let named = SecretName::parse(call.scope(), replica_arn)?;
    if named.scope.account == primary.account {
        return Err(refused(
            "CrossAccountReplicaARN must be the complete ARN of a secret in another account.",
        ));
    }
    if named.scope.region != primary.region {
        return Err(refused(
            "The replica secret must be in the same Region as the primary secret.",
        ));
    }
    Link::to_arn(primary, replica_arn).ok_or_else(|| {
        refused("CrossAccountReplicaARN must be the complete ARN of a secret in another account.")
    })
}
