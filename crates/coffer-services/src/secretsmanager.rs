//! Secrets Manager: secrets, their versions, labels, keys, deletion and replicas.

mod associate_cross_account_replica;
mod batch_get_secret_value;
mod cancel_rotate_secret;
mod create_secret;
mod delete_resource_policy;
mod delete_secret;
mod describe_secret;
mod disassociate_cross_account_replica;
pub(crate) mod end_secret;
mod errors;
mod filter;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod get_random_password;
mod get_resource_policy;
mod get_secret_value;
#[cfg(test)]
mod golden;
pub(crate) mod id;
mod list_resource_policies;
mod list_secret_version_ids;
mod list_secrets;
mod listing;
pub mod peers;
mod policy;
mod policy_name;
mod put_resource_policy;
mod put_secret_value;
pub(crate) mod read;
mod remove_regions_from_replication;
pub(crate) mod replicate_secret;
mod replicate_secret_to_regions;
mod replication;
mod restore_secret;
mod rotate_secret;
pub(crate) mod rotation;
mod schedule;
pub(crate) mod seal;
mod secret;
mod stop_replication_to_replica;
mod tag_resource;
mod untag_resource;
mod update_secret;
mod update_secret_version_stage;
mod validate_resource_policy;
mod wire;
mod write;

use coffer_pipeline::{Entry, Protocol, Service};

use crate::quotas;

pub(crate) use secret::{Rotation, SecretRecord};

/// Secrets Manager on the port.
pub const SERVICE: Service = Service {
    name: "secretsmanager",
    protocol: Protocol::Json { target_prefix: "secretsmanager" },
    throttled: quotas::rate_exceeded,
    operations: &[
        Entry::of::<associate_cross_account_replica::AssociateCrossAccountReplica>(),
        Entry::of::<batch_get_secret_value::BatchGetSecretValue>(),
        Entry::of::<cancel_rotate_secret::CancelRotateSecret>(),
        Entry::of::<create_secret::CreateSecret>(),
        Entry::of::<delete_resource_policy::DeleteResourcePolicy>(),
        Entry::of::<delete_secret::DeleteSecret>(),
        Entry::of::<describe_secret::DescribeSecret>(),
        Entry::of::<disassociate_cross_account_replica::DisassociateCrossAccountReplica>(),
        Entry::of::<get_random_password::GetRandomPassword>(),
        Entry::of::<get_resource_policy::GetResourcePolicy>(),
        Entry::of::<get_secret_value::GetSecretValue>(),
        Entry::of::<list_resource_policies::ListResourcePolicies>(),
        Entry::of::<list_secret_version_ids::ListSecretVersionIds>(),
        Entry::of::<list_secrets::ListSecrets>(),
        Entry::of::<put_resource_policy::PutResourcePolicy>(),
        Entry::of::<put_secret_value::PutSecretValue>(),
        Entry::of::<remove_regions_from_replication::RemoveRegionsFromReplication>(),
        Entry::of::<replicate_secret_to_regions::ReplicateSecretToRegions>(),
        Entry::of::<restore_secret::RestoreSecret>(),
        Entry::of::<rotate_secret::RotateSecret>(),
        Entry::of::<stop_replication_to_replica::StopReplicationToReplica>(),
        Entry::of::<tag_resource::TagResource>(),
        Entry::of::<untag_resource::UntagResource>(),
        Entry::of::<update_secret::UpdateSecret>(),
        Entry::of::<update_secret_version_stage::UpdateSecretVersionStage>(),
        Entry::of::<validate_resource_policy::ValidateResourcePolicy>(),
    ],
};
