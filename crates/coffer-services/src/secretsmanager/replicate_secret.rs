//! The job that makes a replica: it runs in the replica's region and account.

use std::sync::Arc;

use coffer_model::{AccountId, Region};
use coffer_pipeline::{Call, Job, Scope, Verdict};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::errors::SecretsManagerError;
use super::replication::{self, Link, LinkKind, NAME_IS_TAKEN, SUCCEEDED};
use super::seal::{self, SealingKey};
use super::secret::{
    Origin, ReplicaStatus, SecretAccessRecord, SecretPolicyRecord, SecretRecord, SecretValueRecord,
};
use super::write;
use crate::kms::envelope;
use crate::kms::through::Through;

/// Makes a replica equal to its primary, as long as the primary says that this is in progress.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReplicateSecret {
    account: AccountId,
    region: Region,
    name: String,
    suffix: String,
    /// The replica, where it is one in another account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replica_arn: Option<String>,
    /// Whether another secret of the same name gives way.
    overwrite: bool,
}

/// How far a run came.
enum Progress {
    /// The replica is equal to its primary.
    Whole,
    /// Values remain to be copied.
    Part,
}

/// The values of a run, sealed and not staged yet.
struct Copies {
    rows: Vec<SecretValueRecord>,
    are_all: bool,
}

impl ReplicateSecret {
    /// The replica of a secret in the region that the job is scheduled in.
    pub(super) fn to_region(primary: &SecretRecord, overwrite: bool) -> Self {
        Self {
            account: primary.account,
            region: primary.region.clone(),
            name: primary.name.clone(),
            suffix: primary.suffix.clone(),
            replica_arn: None,
            overwrite,
        }
    }

    /// The replica of a secret in the account that the job is scheduled in.
    pub(super) fn to_account(primary: &SecretRecord, replica_arn: &str) -> Self {
        Self { replica_arn: Some(replica_arn.to_owned()), ..Self::to_region(primary, false) }
    }

    /// The primary and its link to the replica, if the replica is still to be made.
    async fn wanted(&self, call: &mut Call<'_>) -> Result<Option<(SecretRecord, Link)>, Fault> {
        let scope = Scope { account: self.account, region: self.region.clone() };
        let row = SecretRecord::key_of(&scope, &self.name);
        let Some(primary) = call.get::<SecretRecord>(&row).await? else { return Ok(None) };
        if primary.suffix != self.suffix {
            return Ok(None);
        }
        let link = match &self.replica_arn {
            None => Some(Link::to_region(&primary, call.region())),
            Some(arn) => Link::to_arn(&primary, arn),
        };
        let is_begun = |link: &Link| link.status(&primary) == Some(ReplicaStatus::InProgress);
        let link = link.filter(|link| is_begun(link) && link.scope() == call.scope());
        Ok(link.map(|link| (SecretRecord::clone(&primary), link)))
    }

    async fn copy(
        &self,
        call: &mut Call<'_>,
        primary: &mut SecretRecord,
        link: &Link,
    ) -> Result<Progress, Fault> {
        let replica = link.replica(call, primary).await?;
        let taken = match replica {
            Some(_) => None,
            None => self.taken(call, link, primary).await?,
        };
        let begun = replica.as_deref().cloned().unwrap_or_else(|| made(call, link, primary));
        let mut follower = link.mirror(primary, &begun);
        if link.kind() == LinkKind::Region {
            follower.kms_key_id = link.kms_key_id(primary);
        }
        let key =
            seal::sealing_key(call, &follower.scope(), follower.kms_key_id.as_deref()).await?;
        key.must_be_usable()?;
        let copies = self.seal_some(call, primary, &follower, &key, taken.is_some()).await?;
        // INVARIANT: nothing is staged before all that can fail has been done.
        if let Some(taken) = taken {
            write::erase(call, &taken).await?;
        }
        for row in copies.rows {
            call.put(row).await?;
        }
        if !copies.are_all {
            return Ok(Progress::Part);
        }
        for version_id in begun.versions.keys() {
            if !follower.versions.contains_key(version_id) {
                replication::drop_value(call, &follower, version_id).await?;
            }
        }
        for version in follower.versions.values_mut() {
            version.kms_key_arn = key.customer_arn();
        }
        finish(call, primary, link, follower, replica.is_some()).await?;
        Ok(Progress::Whole)
    }

    /// The secret that has the replica's name, if it may give way.
    async fn taken(
        &self,
        call: &mut Call<'_>,
        link: &Link,
        primary: &SecretRecord,
    ) -> Result<Option<SecretRecord>, Fault> {
        if link.kind() == LinkKind::Account {
            return Err(SecretsManagerError::ResourceNotFoundException
                .with("The replica secret no longer exists."));
        }
        let row = SecretRecord::key_of(call.scope(), &primary.name);
        let Some(taken) = call.get::<SecretRecord>(&row).await? else { return Ok(None) };
        if !self.overwrite || taken.has_ties() {
            return Err(SecretsManagerError::ResourceExistsException.with(NAME_IS_TAKEN));
        }
        Ok(Some(SecretRecord::clone(&taken)))
    }

    /// Seals values that are not there yet, or not under this key, at most as many as one commit
    /// holds.
    async fn seal_some(
        &self,
        call: &mut Call<'_>,
        primary: &SecretRecord,
        follower: &SecretRecord,
        key: &SealingKey,
        is_taken: bool,
    ) -> Result<Copies, Fault> {
        let with_value = follower.versions.iter().filter(|(_, version)| version.has_value);
        let ids: Vec<&String> = with_value.map(|(id, _)| id).collect();
        let keys: Vec<_> = ids.iter().map(|id| SecretValueRecord::key_of(follower, id)).collect();
        let there = call.get_many::<SecretValueRecord>(&keys).await?;
        let is_good = |row: &Option<Arc<SecretValueRecord>>| {
            !is_taken
                && row.as_ref().is_some_and(|row| envelope::is_under(&row.data_key, &key.record))
        };
        let missing = ids.into_iter().zip(there).filter(|(_, row)| !is_good(row));
        let missing: Vec<&String> = missing.map(|(id, _)| id).collect();
        let mut rows = Vec::new();
        for version_id in missing.iter().take(VALUES_MAX) {
            let plain = replication::open(call, primary, version_id).await?;
            rows.push(
                seal::seal(call, Through::Itself, follower, version_id, &key.record, &plain)
                    .await?,
            );
        }
        Ok(Copies { are_all: missing.len() <= VALUES_MAX, rows })
    }
}

impl Job for ReplicateSecret {
    const KIND: &'static str = "secretsmanager.replicate-secret";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let Some((mut primary, link)) = self.wanted(call).await? else {
            return Ok(Verdict::Done);
        };
        match self.copy(call, &mut primary, &link).await {
            Ok(Progress::Whole) => Ok(Verdict::Done),
            Ok(Progress::Part) => Ok(Verdict::Again(call.now())),
            Err(fault) => {
                fail(call, &mut primary, &link, fault).await?;
                Ok(Verdict::Done)
            }
        }
    }
}

/// A replica in another region as it begins, without anything in it.
fn made(call: &Call<'_>, link: &Link, primary: &SecretRecord) -> SecretRecord {
    SecretRecord {
        kms_key_id: link.kms_key_id(primary),
        created: call.now(),
        ..link.shadow(primary)
    }
}

/// Stages the replica, and says at both ends that it is in sync.
async fn finish(
    call: &mut Call<'_>,
    primary: &mut SecretRecord,
    link: &Link,
    mut follower: SecretRecord,
    was_there: bool,
) -> Result<(), Fault> {
    if link.kind() == LinkKind::Region {
        let policy = SecretPolicyRecord::key_of(primary);
        match call.get::<SecretPolicyRecord>(&policy).await? {
            Some(policy) => call.put(SecretPolicyRecord::of(&follower, &policy.text)).await?,
            None => {
                let row = SecretPolicyRecord::key_of(&follower);
                call.delete::<SecretPolicyRecord>(&row).await?;
            }
        }
    }
    if !was_there {
        call.put(SecretAccessRecord::of(&follower, None)).await?;
    }
    if let Origin::CrossAccount { status, message, .. } = &mut follower.origin {
        *status = ReplicaStatus::InSync;
        *message = Some(SUCCEEDED.to_owned());
    }
    link.note(primary, ReplicaStatus::InSync, Some(SUCCEEDED.to_owned()));
    call.acted_on(&follower.arn());
    call.put(follower).await?;
    call.put(primary.clone()).await
}

/// Says at both ends why there is no replica, and leaves nothing behind.
async fn fail(
    call: &mut Call<'_>,
    primary: &mut SecretRecord,
    link: &Link,
    fault: Fault,
) -> Result<(), Fault> {
    if fault.message == NAME_IS_TAKEN {
        link.note(primary, ReplicaStatus::Failed, Some(NAME_IS_TAKEN.to_owned()));
    } else {
        link.fail(call, primary, fault).await?;
        replication::discard(call, primary, link).await?;
    }
    call.acted_on(&primary.arn());
    call.put(primary.clone()).await
}

/// Values copied by one run: of the greatest size, they still fit into one commit.
const VALUES_MAX: usize = 64;
