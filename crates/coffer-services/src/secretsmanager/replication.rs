//! Replicas: which secrets follow a primary, and what every change of it means for them.
//!
//! A replica is made by the job [`ReplicateSecret`], which runs where the replica is. From then on
//! it is changed in the very commit that changes its primary, so that it is never anything else
//! than its primary; a replica that cannot follow is marked as failed and left as it was. One that
//! another deployment holds is told of each change by an errand, [`super::peers`].

mod link;

use std::sync::Arc;

use coffer_model::Region;
use coffer_pipeline::{Call, ReplicaPlace, Scope};
use coffer_protocol::Fault;

use super::errors::SecretsManagerError;
use super::peers::delivery;
use super::replicate_secret::ReplicateSecret;
use super::seal::{self, Plain};
use super::secret::{
    Origin, Replica, ReplicaStatus, SecretPolicyRecord, SecretRecord, SecretValueRecord, Version,
    VersionAccessRecord,
};
use super::wire::ReplicaRegion;
use super::write::{self, Change, PolicyChange};
use crate::kms::through::Through;

pub(super) use self::link::{Link, LinkKind, set_status};

/// Makes every replica equal to what becomes of its primary, in the same commit.
///
/// # Errors
/// The store's; whatever else stands in the way of a replica is told by its status.
pub(super) async fn follow(call: &mut Call<'_>, change: &mut Change) -> Result<(), Fault> {
    for link in Link::all_of(&change.secret) {
        match link.status(&change.secret) {
            Some(ReplicaStatus::InSync | ReplicaStatus::InProgress)
                if link.is_at_peer(&change.secret) =>
            {
                delivery::queue(call, &change.secret, &link).await?;
                if link.status(&change.secret) == Some(ReplicaStatus::InSync) {
                    link.note(&mut change.secret, ReplicaStatus::InProgress, None);
                }
            }
            Some(ReplicaStatus::InSync) => {
                if let Err(fault) = follow_one(call, change, &link).await {
                    link.fail(call, &mut change.secret, fault).await?;
                }
            }
            // The job that makes it may have copied values already.
            Some(ReplicaStatus::InProgress) => drop_values(call, change, &link).await?,
            _ => {}
        }
    }
    Ok(())
}

async fn follow_one(call: &mut Call<'_>, change: &Change, link: &Link) -> Result<(), Fault> {
    let replica = link.replica(call, &change.secret).await?.ok_or_else(replica_is_gone)?;
    let mut follower = link.mirror(&change.secret, &replica);
    let rows = seal_missing(call, change, &replica, &mut follower).await?;
    // INVARIANT: nothing is staged before all that can fail has been done.
    for row in rows {
        call.put(row).await?;
    }
    drop_values(call, change, link).await?;
    if link.kind() == LinkKind::Region {
        follow_policy(call, change, &follower).await?;
    }
    call.acted_on(&follower.arn());
    call.put(follower).await
}

/// Seals the values that the replica does not have yet under its own key.
async fn seal_missing(
    call: &mut Call<'_>,
    change: &Change,
    replica: &SecretRecord,
    follower: &mut SecretRecord,
) -> Result<Vec<SecretValueRecord>, Fault> {
    let missing: Vec<String> = missing_values(follower, replica).map(str::to_owned).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let key = seal::replica_key(call, follower).await?;
    let customer_arn = follower.kms_key_id.is_some().then(|| key.arn());
    let mut rows = Vec::with_capacity(missing.len());
    for version_id in &missing {
        let plain = match change.values.get(version_id) {
            Some(plain) => plain.clone(),
            None => open(call, &change.secret, version_id).await?,
        };
        rows.push(seal::seal(call, Through::Itself, follower, version_id, &key, &plain).await?);
        if let Some(version) = follower.versions.get_mut(version_id) {
            version.kms_key_arn = customer_arn.clone();
        }
    }
    Ok(rows)
}

/// The versions that have a value here and none there.
fn missing_values<'a>(
    follower: &'a SecretRecord,
    replica: &'a SecretRecord,
) -> impl Iterator<Item = &'a str> {
    let has_value = |version: Option<&Version>| version.is_some_and(|version| version.has_value);
    let versions = follower.versions.iter().filter(|(_, version)| version.has_value);
    versions.map(|(id, _)| id.as_str()).filter(move |id| !has_value(replica.versions.get(*id)))
}

/// Opens a value of the primary.
pub(super) async fn open(
    call: &mut Call<'_>,
    primary: &SecretRecord,
    version_id: &str,
) -> Result<Plain, Fault> {
    let opened = seal::open(call, Through::Itself, primary, version_id).await?;
    let (plain, _) = opened.ok_or_else(|| {
        Fault::internal(format!("version {version_id} of {} has no value", primary.arn()))
    })?;
    Ok(plain)
}

async fn drop_values(call: &mut Call<'_>, change: &Change, link: &Link) -> Result<(), Fault> {
    let follower = link.shadow(&change.secret);
    for version_id in change.dropped() {
        drop_value(call, &follower, &version_id).await?;
    }
    Ok(())
}

/// Removes what is kept of one version of a replica.
pub(super) async fn drop_value(
    call: &mut Call<'_>,
    replica: &SecretRecord,
    version_id: &str,
) -> Result<(), Fault> {
    let value = SecretValueRecord::key_of(replica, version_id);
    call.delete::<SecretValueRecord>(&value).await?;
    let access = VersionAccessRecord::key_of(replica, version_id);
    call.delete::<VersionAccessRecord>(&access).await
}

async fn follow_policy(
    call: &mut Call<'_>,
    change: &Change,
    follower: &SecretRecord,
) -> Result<(), Fault> {
    match &change.policy {
        PolicyChange::Keep => Ok(()),
        PolicyChange::Set(text) => call.put(SecretPolicyRecord::of(follower, text)).await,
        PolicyChange::Remove => {
            let row = SecretPolicyRecord::key_of(follower);
            call.delete::<SecretPolicyRecord>(&row).await
        }
    }
}

/// Asks for replicas of a secret that is staged or stored, and returns it as it then is.
///
/// # Errors
/// `InvalidParameterException` for a region that can hold no replica.
pub(super) async fn add(
    call: &mut Call<'_>,
    mut secret: SecretRecord,
    regions: &[ReplicaRegion],
    overwrite: bool,
) -> Result<SecretRecord, Fault> {
    if regions.is_empty() {
        return Ok(secret);
    }
    let mut seen = std::collections::BTreeSet::new();
    for wanted in regions {
        let region = read_region(wanted.region.as_deref())?;
        if region == secret.region || !seen.insert(region.clone()) {
            return Err(invalid_region());
        }
        let kms_key_id = wanted.kms_key_id.as_deref().and_then(seal::named_key);
        // Where one is that was made before stays what it is until it is removed.
        let known = secret.replicas.iter().find(|known| known.region == region);
        let is_at_peer = match known {
            Some(known) => known.is_at_peer,
            None => call.peer_of(&ReplicaPlace::Region(region.clone())).is_some(),
        };
        if restart(&mut secret, &region, kms_key_id, is_at_peer) {
            let scope = secret.scope().in_region(region.clone());
            // The job seals for the caller, and must not do what the caller may not.
            seal::must_be_able_to_open(call, &secret).await?;
            if is_at_peer {
                // Whether the key there may be used is for the peer to say.
                let link = Link::to_region(&secret, &region);
                delivery::begin(call, &secret, &link, overwrite).await?;
                continue;
            }
            if let Some(id) = kms_key_id {
                seal::must_be_able_to_seal(call, &secret, &scope, id).await?;
            }
            let job = ReplicateSecret::to_region(&secret, overwrite);
            call.schedule_in(scope, call.now(), &job).await?;
        }
    }
    if secret.replicas.len() > REPLICAS_MAX {
        return Err(SecretsManagerError::InvalidParameterException
            .with("You can't replicate a secret to more than 40 Regions."));
    }
    call.put(secret.clone()).await?;
    Ok(secret)
}

/// Notes a replica as begun; false where it is there already, under this very key. One that is
/// there under another key goes on as it is until the job has sealed it anew.
fn restart(
    secret: &mut SecretRecord,
    region: &Region,
    kms_key_id: Option<&str>,
    is_at_peer: bool,
) -> bool {
    let is_done = secret.replicas.iter().any(|known| {
        known.region == *region
            && known.kms_key_id.as_deref() == kms_key_id
            && known.status == ReplicaStatus::InSync
    });
    if is_done {
        return false;
    }
    secret.replicas.retain(|replica| replica.region != *region);
    secret.replicas.push(Replica {
        region: region.clone(),
        kms_key_id: kms_key_id.map(str::to_owned),
        status: ReplicaStatus::InProgress,
        message: None,
        is_at_peer,
    });
    true
}

/// Takes regions out of a secret's replication, and removes the replicas there.
///
/// # Errors
/// `InvalidParameterException` for a region that has no replica.
pub(super) async fn remove(
    call: &mut Call<'_>,
    mut secret: SecretRecord,
    regions: &[String],
) -> Result<SecretRecord, Fault> {
    for region in regions {
        let region = read_region(Some(region))?;
        if !secret.replicas.iter().any(|replica| replica.region == region) {
            return Err(invalid_region());
        }
        end_replica(call, &secret, &region).await?;
        secret.replicas.retain(|replica| replica.region != region);
    }
    secret.changed = call.now();
    call.acted_on(&secret.arn());
    call.put(secret.clone()).await?;
    Ok(secret)
}

/// Removes the replica in a region, or what a job has copied of it; never another secret.
async fn end_replica(
    call: &mut Call<'_>,
    secret: &SecretRecord,
    region: &Region,
) -> Result<(), Fault> {
    let link = Link::to_region(secret, region);
    if link.is_at_peer(secret) {
        return delivery::end(call, secret, &link).await;
    }
    match link.replica(call, secret).await? {
        Some(replica) => write::erase(call, &replica).await,
        None => discard(call, secret, &link).await,
    }
}

/// Removes the values that were copied for a replica which has no record yet. Those of a secret
/// of its own with the same name and suffix, once promoted, stay.
pub(super) async fn discard(
    call: &mut Call<'_>,
    primary: &SecretRecord,
    link: &Link,
) -> Result<(), Fault> {
    let shadow = link.shadow(primary);
    let row = SecretRecord::key_of(&shadow.scope(), &shadow.name);
    let there = call.get::<SecretRecord>(&row).await?;
    if there.is_some_and(|there| there.suffix == shadow.suffix) {
        return Ok(());
    }
    for version_id in primary.versions.keys() {
        drop_value(call, &shadow, version_id).await?;
    }
    Ok(())
}

/// Makes a replica a secret of its own, and has its primary forget it.
///
/// # Errors
/// `InvalidParameterException` for a secret that is no replica.
pub(super) async fn promote(
    call: &mut Call<'_>,
    replica: &Arc<SecretRecord>,
) -> Result<SecretRecord, Fault> {
    let mut promoted = SecretRecord::clone(replica);
    promoted.origin = Origin::Own;
    promoted.changed = call.now();
    if let Some(primary) = link::primary_of(call, replica).await? {
        let mut primary = SecretRecord::clone(&primary);
        if let Some(link) = Link::to_either(&primary, &replica.arn()) {
            let_go(&mut primary, &link);
        }
        call.put(primary).await?;
    }
    call.acted_on(&promoted.arn());
    call.put(promoted.clone()).await?;
    Ok(promoted)
}

/// Has a primary forget a replica that was promoted; one in another account stays named as detached.
pub(super) fn let_go(primary: &mut SecretRecord, link: &Link) {
    match link.kind() {
        LinkKind::Region => {
            primary.replicas.retain(|known| known.region != link.scope().region);
        }
        LinkKind::Account => link.note(primary, ReplicaStatus::Detached, None),
    }
}

/// Notes at the primary that its replica was given another key, the one thing that can be changed
/// of a replica by itself.
pub(super) async fn note_key(call: &mut Call<'_>, replica: &SecretRecord) -> Result<(), Fault> {
    let Some(primary) = link::primary_of(call, replica).await? else { return Ok(()) };
    let mut primary = SecretRecord::clone(&primary);
    for known in primary.replicas.iter_mut().filter(|known| known.region == replica.region) {
        known.kms_key_id.clone_from(&replica.kms_key_id);
    }
    call.put(primary).await
}

fn read_region(region: Option<&str>) -> Result<Region, Fault> {
    region.and_then(|region| region.parse().ok()).ok_or_else(invalid_region)
}

/// AWS's sentence for the primary's own region (aws-samples/aws-health-aware#32); it serves for all
/// regions that cannot be meant.
fn invalid_region() -> Fault {
    SecretsManagerError::InvalidParameterException.with("Invalid replica region.")
}

fn replica_is_gone() -> Fault {
    SecretsManagerError::ResourceNotFoundException.with("The replica secret no longer exists.")
}

/// The scope of a primary in the region of one of its replicas.
pub(super) fn scope_in(secret: &SecretRecord, region: &Region) -> Scope {
    secret.scope().in_region(region.clone())
}

/// AWS's own words (Terraform's documentation of `status_message`).
pub(super) const SUCCEEDED: &str = "Replication succeeded";
/// AWS's own words (model, ReplicationStatusType).
pub(super) const NAME_IS_TAKEN: &str = "Secret with this name already exists in this region";
/// Replicas of one secret; every change of it writes to all of them at once.
const REPLICAS_MAX: usize = 40;
