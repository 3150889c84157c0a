//! The tie between a primary and one of its replicas, seen from either end.

use std::sync::Arc;

use coffer_model::Region;
use coffer_pipeline::{Call, ReplicaPlace, Scope};
use coffer_protocol::Fault;

use super::super::id::SecretName;
use super::super::secret::{Origin, ReplicaStatus, SecretRecord, Version};

/// One replica of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    scope: Scope,
    name: String,
    suffix: String,
    kind: LinkKind,
}

/// The kinds of replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkKind {
    /// In another region, with the name and suffix of its primary.
    Region,
    /// In another account, with a name of its own.
    Account,
}

impl Link {
    /// The links of a secret to all of its replicas.
    pub(super) fn all_of(primary: &SecretRecord) -> Vec<Self> {
        let regions = primary.replicas.iter().map(|each| Self::to_region(primary, &each.region));
        let accounts = primary.cross_account_replicas.iter();
        let accounts = accounts.filter_map(|each| Self::to_arn(primary, &each.arn));
        regions.chain(accounts).collect()
    }

    /// The link to the replica in a region.
    pub(in super::super) fn to_region(primary: &SecretRecord, region: &Region) -> Self {
        Self {
            scope: super::scope_in(primary, region),
            name: primary.name.clone(),
            suffix: primary.suffix.clone(),
            kind: LinkKind::Region,
        }
    }

    /// The link to a replica in another account; nothing for what is not a secret's whole ARN.
    pub(in super::super) fn to_arn(primary: &SecretRecord, arn: &str) -> Option<Self> {
        let named = SecretName::parse(&primary.scope(), arn).ok()?;
        Some(Self {
            scope: named.scope,
            name: named.name,
            suffix: named.suffix?,
            kind: LinkKind::Account,
        })
    }

    /// The link to the replica of this ARN, in another region or in another account.
    pub(in super::super) fn to_either(primary: &SecretRecord, arn: &str) -> Option<Self> {
        let link = Self::to_arn(primary, arn)?;
        let is_in_region = link.scope.account == primary.account;
        Some(Self { kind: if is_in_region { LinkKind::Region } else { LinkKind::Account }, ..link })
    }

    /// Whether it leads to a region or to an account.
    pub(in super::super) fn kind(&self) -> LinkKind {
        self.kind
    }

    /// Where the replica is.
    pub(in super::super) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// How the primary says that the replica stands; nothing where it knows none.
    pub(in super::super) fn status(&self, primary: &SecretRecord) -> Option<ReplicaStatus> {
        match self.kind {
            LinkKind::Region => {
                let mut known = primary.replicas.iter();
                known.find(|each| each.region == self.scope.region).map(|each| each.status)
            }
            LinkKind::Account => {
                let mut known = primary.cross_account_replicas.iter();
                known.find(|each| self.is_at(primary, &each.arn)).map(|each| each.status)
            }
        }
    }

    /// The key that the primary's owner named for the replica.
    pub(in super::super) fn kms_key_id(&self, primary: &SecretRecord) -> Option<String> {
        let known = primary.replicas.iter().find(|each| each.region == self.scope.region);
        known.and_then(|each| each.kms_key_id.clone())
    }

    /// The replica, if it is there and follows this primary.
    pub(in super::super) async fn replica(
        &self,
        call: &mut Call<'_>,
        primary: &SecretRecord,
    ) -> Result<Option<Arc<SecretRecord>>, Fault> {
        let row = SecretRecord::key_of(&self.scope, &self.name);
        let found = call.get::<SecretRecord>(&row).await?;
        // One that a peer feeds follows nothing here, even if there is a primary of its name.
        Ok(found.filter(|found| found.followed.is_none() && self.is_tied(primary, found)))
    }

    /// Whether a secret says of itself that it is this replica of this primary.
    pub(in super::super) fn is_tied(&self, primary: &SecretRecord, found: &SecretRecord) -> bool {
        found.suffix == self.suffix
            && match &found.origin {
                Origin::Own => false,
                Origin::Replica(region) => *region == primary.region,
                Origin::CrossAccount { primary_arn, .. } => *primary_arn == primary.arn(),
            }
    }

    /// The replica's ARN.
    pub(in super::super) fn arn(&self) -> String {
        self.scope.arn_text("secretsmanager", &["secret:", &self.name, "-", &self.suffix])
    }

    /// Whether the primary says that another deployment holds the replica.
    pub(in super::super) fn is_at_peer(&self, primary: &SecretRecord) -> bool {
        match self.kind {
            LinkKind::Region => {
                let mut known = primary.replicas.iter();
                known.any(|each| each.region == self.scope.region && each.is_at_peer)
            }
            LinkKind::Account => {
                let mut known = primary.cross_account_replicas.iter();
                known.any(|each| each.is_at_peer && self.is_at(primary, &each.arn))
            }
        }
    }

    /// The place of a primary's replica of this ARN, as peers hold them.
    pub(in super::super) fn place_of(primary: &Scope, arn: &str) -> Option<ReplicaPlace> {
        let Scope { account, region } = SecretName::parse(primary, arn).ok()?.scope;
        Some(match account == primary.account {
            true => ReplicaPlace::Region(region),
            false => ReplicaPlace::Account(account),
        })
    }

    /// The replica's name for its rows, without anything in it.
    pub(in super::super) fn shadow(&self, primary: &SecretRecord) -> SecretRecord {
        SecretRecord {
            account: self.scope.account,
            region: self.scope.region.clone(),
            name: self.name.clone(),
            suffix: self.suffix.clone(),
            origin: Origin::Replica(primary.region.clone()),
            followed: None,
            description: None,
            kms_key_id: None,
            kind: None,
            versions: std::collections::BTreeMap::new(),
            tags: std::collections::BTreeMap::new(),
            rotation: None,
            has_policy: false,
            deletion: None,
            replicas: Vec::new(),
            cross_account_replicas: Vec::new(),
            creation_token: primary.creation_token.clone(),
            created: primary.created,
            changed: primary.changed,
        }
    }

    /// The replica as it becomes: all that the primary is, under the replica's own key.
    pub(in super::super) fn mirror(
        &self,
        primary: &SecretRecord,
        replica: &SecretRecord,
    ) -> SecretRecord {
        let mut follower = replica.clone();
        follower.description.clone_from(&primary.description);
        follower.kind.clone_from(&primary.kind);
        follower.changed = primary.changed;
        follower.versions = primary.versions.clone();
        for (id, version) in &mut follower.versions {
            let known: Option<&Version> = replica.versions.get(id);
            version.kms_key_arn = known.and_then(|known| known.kms_key_arn.clone());
        }
        // A replica in another account belongs to its owner, who tags it and says who may read.
        if self.kind == LinkKind::Region {
            follower.tags.clone_from(&primary.tags);
            follower.has_policy = primary.has_policy;
        }
        follower
    }

    /// Notes at the primary how the replica stands. The primary is not staged yet.
    pub(in super::super) fn note(
        &self,
        primary: &mut SecretRecord,
        status: ReplicaStatus,
        message: Option<String>,
    ) {
        let arns: Vec<bool> = {
            let known = primary.cross_account_replicas.iter();
            known.map(|each| self.is_at(primary, &each.arn)).collect()
        };
        match self.kind {
            LinkKind::Region => {
                let mut known = primary.replicas.iter_mut();
                if let Some(known) = known.find(|each| each.region == self.scope.region) {
                    known.status = status;
                    known.message = message;
                }
            }
            LinkKind::Account => {
                let known = primary.cross_account_replicas.iter_mut().zip(arns);
                for (known, _) in known.filter(|(_, is_this)| *is_this) {
                    known.status = status;
                    known.message.clone_from(&message);
                }
            }
        }
    }

    /// Notes at both ends that the replica no longer follows; the server's own faults go on.
    pub(in super::super) async fn fail(
        &self,
        call: &mut Call<'_>,
        primary: &mut SecretRecord,
        fault: Fault,
    ) -> Result<(), Fault> {
        if fault.is_server_fault() {
            return Err(fault);
        }
        let message = format!("Replication failed: {}", fault.message);
        self.note(primary, ReplicaStatus::Failed, Some(message.clone()));
        if self.kind == LinkKind::Account
            && let Some(replica) = self.replica(call, primary).await?
        {
            let mut replica = SecretRecord::clone(&replica);
            set_status(&mut replica, ReplicaStatus::Failed, Some(message));
            call.put(replica).await?;
        }
        Ok(())
    }

    fn is_at(&self, primary: &SecretRecord, arn: &str) -> bool {
        Self::to_arn(primary, arn).as_ref() == Some(self)
    }
}

/// Notes at a replica in another account how it stands; other replicas do not know it.
pub(crate) fn set_status(replica: &mut SecretRecord, now: ReplicaStatus, why: Option<String>) {
    if let Origin::CrossAccount { status, message, .. } = &mut replica.origin {
        *status = now;
        *message = why;
    }
}

/// The primary of a replica, if it is there and knows it.
pub(super) async fn primary_of(
    call: &mut Call<'_>,
    replica: &SecretRecord,
) -> Result<Option<Arc<SecretRecord>>, Fault> {
    if replica.followed.is_some() {
        // It is in another deployment, which learns of it when it has something to tell.
        return Ok(None);
    }
    let (scope, name, suffix) = match &replica.origin {
        Origin::Own => return Ok(None),
        Origin::Replica(region) => {
            (super::scope_in(replica, region), replica.name.clone(), Some(replica.suffix.clone()))
        }
        Origin::CrossAccount { primary_arn, .. } => {
            let named = SecretName::parse(&replica.scope(), primary_arn)?;
            (named.scope, named.name, named.suffix)
        }
    };
    let found = call.get::<SecretRecord>(&SecretRecord::key_of(&scope, &name)).await?;
    Ok(found.filter(|found| Some(&found.suffix) == suffix.as_ref()))
}
