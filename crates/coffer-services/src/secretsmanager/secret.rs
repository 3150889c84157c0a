//! A secret as rows: its record, beside it a value for each version, its resource policy, and the
//! days on which it was read.

mod access;
#[cfg(test)]
pub(crate) mod example;
mod facts;
mod followed;
mod policy;
mod stages;
mod under_way;
mod value;

use std::collections::BTreeMap;

use coffer_model::{AccountId, Region, Timestamp};
use coffer_pipeline::Scope;
use coffer_pipeline::context::sortable;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

pub(crate) use access::{SecretAccessRecord, VersionAccessRecord};
pub(crate) use followed::Followed;
pub(crate) use policy::SecretPolicyRecord;
pub(crate) use stages::{CURRENT, PENDING, PREVIOUS};
pub(crate) use under_way::{RotationFailure, RotationStep, UnderWay};
pub(crate) use value::{SecretValueRecord, ValueKind};

/// All that is known of a secret but its values. Its row is found by its name, which no two
/// secrets of a scope share, not even while one of them waits for its deletion.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecretRecord {
    /// The owning account.
    pub(crate) account: AccountId,
    /// Its region.
    pub(crate) region: Region,
    /// Its name.
    pub(crate) name: String,
    /// The six random characters at the end of its ARN.
    pub(crate) suffix: String,
    /// What its owner says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The key as the caller named it; nothing for `aws/secretsmanager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kms_key_id: Option<String>,
    /// The kind of managed external secret, such as `Salesforce…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// When it was last changed in any way.
    pub(crate) changed: Timestamp,
    /// The token of the request that made it, by which a repeated request is known.
    pub(crate) creation_token: String,
    /// When a deletion was asked for, and when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deletion: Option<Deletion>,
    /// Its versions by their ids.
    #[serde(default)]
    pub(crate) versions: BTreeMap<String, Version>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    /// How and when it rotates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rotation: Option<Rotation>,
    /// Whether there is a [`SecretPolicyRecord`].
    #[serde(default)]
    pub(crate) has_policy: bool,
    /// Whose changes it follows.
    #[serde(default)]
    pub(crate) origin: Origin,
    /// What it follows, or followed before it was promoted, in another deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) followed: Option<Followed>,
    /// Its replicas in other regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) replicas: Vec<Replica>,
    /// Its replica in another account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cross_account_replicas: Vec<CrossAccountReplica>,
}

/// A deletion that waits for the end of its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deletion {
    /// When it was asked for.
    pub(crate) requested: Timestamp,
    /// The end of the window, after which the secret cannot be restored.
    pub(crate) due: Timestamp,
}

/// A version of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// When it was made.
    pub(crate) created: Timestamp,
    /// Its staging labels; a version without any is deprecated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stages: Vec<String>,
    /// The ARN of the customer's key that its value is sealed under; nothing for
    /// `aws/secretsmanager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kms_key_arn: Option<String>,
    /// Whether there is a [`SecretValueRecord`]; a rotation begins with a version that has none.
    pub(crate) has_value: bool,
    /// The rotator of coffer's own that has given it its value, which nobody put by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rotated_by: Option<String>,
}

/// How and when a secret rotates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rotation {
    /// Whether it rotates by itself; CancelRotateSecret keeps the rest.
    pub(crate) enabled: bool,
    /// The function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lambda_arn: Option<String>,
    /// Without a function, the rotator that manages it, which the secret's tag named when it was set
    /// up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) managed_by: Option<String>,
    /// Days between rotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after_days: Option<i64>,
    /// The length of the window, such as `3h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration: Option<String>,
    /// A `rate(…)` or `cron(…)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<String>,
    /// When it last rotated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<Timestamp>,
    /// Tells this plan from an earlier one, whose job may still wait.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) plan: String,
    /// The latest moment of the next rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<Timestamp>,
    /// When the window opens that ends then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) opens: Option<Timestamp>,
    /// The secret whose value a rotator may use to change the password of others: whoever set the
    /// rotation up was allowed to read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) superuser_arn: Option<String>,
    /// The rotation that is at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) under_way: Option<UnderWay>,
    /// How the last attempt failed, until one succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<RotationFailure>,
    /// What a managed external secret says of its rotation: keys and values, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) external_metadata: Vec<(Option<String>, Option<String>)>,
    /// The role that a managed external secret rotates with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) external_role_arn: Option<String>,
}

impl Rotation {
    /// Whether there is something that rotates.
    pub(crate) fn is_set_up(&self) -> bool {
        self.lambda_arn.is_some() || self.managed_by.is_some()
    }

    /// Whether an ARN names what rotates.
    fn is_by_arn(&self) -> bool {
        self.lambda_arn.is_some()
    }
}

/// Whose changes a secret follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// Nobody's: it is a secret of its own, with or without replicas.
    #[default]
    Own,
    /// The secret of the same name and suffix in this region: it is a replica.
    Replica(Region),
    /// A secret of another account in the same region.
    CrossAccount {
        /// The primary's ARN.
        primary_arn: String,
        /// How the replication stands.
        status: ReplicaStatus,
        /// Why it stands so.
        message: Option<String>,
    },
}

/// A replica as its primary knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replica {
    /// Its region.
    pub(crate) region: Region,
    /// Its key as the caller named it; nothing for that region's `aws/secretsmanager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kms_key_id: Option<String>,
    /// How the replication stands.
    pub(crate) status: ReplicaStatus,
    /// Why it stands so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// Whether another deployment holds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_at_peer: bool,
}

/// A replica in another account as its primary knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CrossAccountReplica {
    /// Its ARN.
    pub(crate) arn: String,
    /// The role that was named for the replication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role_arn: Option<String>,
    /// How the replication stands.
    pub(crate) status: ReplicaStatus,
    /// Why it stands so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// Whether another deployment holds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_at_peer: bool,
}

/// How a replication stands, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, coffer_protocol::AwsEnum)]
pub(crate) enum ReplicaStatus {
    /// Equal to the primary.
    InSync,
    /// Not made, or no longer following.
    Failed,
    /// Being made.
    InProgress,
    /// Waiting for the other account.
    Pending,
    /// Let go by the primary.
    Detached,
}

impl SecretRecord {
    /// The row of a secret.
    pub(crate) fn key_of(scope: &Scope, name: &str) -> Key {
        scope.key(Self::TABLE, &[name])
    }

    /// The key above all secrets of a scope; they follow in the order of their names.
    pub(crate) fn by_name(scope: &Scope) -> Key {
        scope.key(Self::TABLE, &[])
    }

    /// The key above a scope's index by date of creation.
    pub(crate) fn by_created(scope: &Scope) -> Key {
        scope.key(INDEX_BY_CREATED, &[])
    }

    /// The key above a scope's index by date of the last change.
    pub(crate) fn by_changed(scope: &Scope) -> Key {
        scope.key(INDEX_BY_CHANGED, &[])
    }

    /// The scope it belongs to.
    pub(crate) fn scope(&self) -> Scope {
        Scope { account: self.account, region: self.region.clone() }
    }

    /// Its whole ARN.
    pub(crate) fn arn(&self) -> String {
        self.scope().arn_text("secretsmanager", &["secret:", &self.name, "-", &self.suffix])
    }

    /// The ARN of what rotates it.
    pub(crate) fn rotator_arn(&self) -> Option<String> {
        let rotation = self.rotation.as_ref()?;
        let managed = rotation.managed_by.as_deref();
        let managed = managed.map(|name| self.scope().arn_text("coffer", &["rotator/", name]));
        rotation.lambda_arn.clone().or(managed)
    }

    /// The service that manages its rotation.
    pub(crate) fn owning_service(&self) -> Option<&'static str> {
        let rotation = self.rotation.as_ref()?;
        let is_managed = rotation.enabled && !rotation.is_by_arn() && rotation.is_set_up();
        is_managed.then_some(super::rotation::OWNING_SERVICE)
    }

    /// Whether it follows another secret and refuses changes of its own.
    pub(crate) fn is_replica(&self) -> bool {
        self.origin != Origin::Own
    }

    /// Whether it is a replica, or has any: no other secret takes its place.
    pub(crate) fn has_ties(&self) -> bool {
        self.is_replica() || !self.replicas.is_empty() || !self.cross_account_replicas.is_empty()
    }

    /// The region of the primary, once a secret is or has a replica.
    pub(crate) fn primary_region(&self) -> Option<&Region> {
        match &self.origin {
            Origin::Replica(primary) => Some(primary),
            Origin::Own if !self.replicas.is_empty() => Some(&self.region),
            Origin::Own | Origin::CrossAccount { .. } => None,
        }
    }
}

impl Record for SecretRecord {
    const TABLE: &'static str = "secretsmanager.secret";

    fn key(&self) -> Key {
        Self::key_of(&self.scope(), &self.name)
    }

    fn indexes(&self) -> Vec<Key> {
        let scope = self.scope();
        vec![
            scope.key(INDEX_BY_CREATED, &[&sortable(self.created), &self.name]),
            scope.key(INDEX_BY_CHANGED, &[&sortable(self.changed), &self.name]),
        ]
    }
}

const INDEX_BY_CREATED: &str = "secretsmanager.by-created";
const INDEX_BY_CHANGED: &str = "secretsmanager.by-changed";
