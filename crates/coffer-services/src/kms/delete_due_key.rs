//! The job that deletes a key whose waiting period has ended.

use coffer_model::Timestamp;
use coffer_pipeline::{Call, Job, Verdict};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::alias::AliasRecord;
use super::grant;
use super::key::{KeyRecord, KeyState};
use super::last_use::LastUseRecord;
use super::multi_region::{put_with_replicas, related};
use super::schedule_key_deletion::window;

/// Deletes a key and its aliases, if its deletion was not cancelled or put off.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeleteDueKey {
    pub(super) key_id: String,
    pub(super) due: Timestamp,
}

impl Job for DeleteDueKey {
    const KIND: &'static str = "kms.delete-due-key";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let row = KeyRecord::key_of(call.scope(), &self.key_id);
        let Some(key) = call.get::<KeyRecord>(&row).await? else { return Ok(Verdict::Done) };
        if key.state != KeyState::PendingDeletion(self.due) {
            return Ok(Verdict::Done);
        }
        if self.due > call.now() {
            return Ok(Verdict::Again(self.due));
        }
        if !grant::remove_all(call, &key).await? {
            return Ok(Verdict::Again(call.now()));
        }
        leave_related(call, &key).await?;
        for name in &key.aliases {
            call.delete::<AliasRecord>(&AliasRecord::key_of(&key.scope(), name)).await?;
        }
        call.delete::<KeyRecord>(&row).await?;
        call.delete::<LastUseRecord>(&LastUseRecord::key_of(&key.scope(), &key.key_id)).await?;
        call.acted_on(&key.arn());
        let detail = serde_json::json!({ "key-id": key.key_id });
        call.emit("aws.kms", "KMS CMK Deletion", vec![key.arn()], detail).await?;
        Ok(Verdict::Done)
    }
}

/// Takes a replica from its primary's list; a primary that waited for its last replica to go waits
/// for its own time from now on.
async fn leave_related(call: &mut Call<'_>, replica: &KeyRecord) -> Result<(), Fault> {
    let Some(regions) = replica.multi_region.as_ref().filter(|_| replica.is_replica()) else {
        return Ok(());
    };
    let Some(primary) = related(call, replica, &regions.primary).await? else { return Ok(()) };
    let mut primary = primary.copy();
    if let Some(regions) = &mut primary.multi_region {
        regions.replicas.remove(&replica.region);
    }
    if let KeyState::PendingReplicaDeletion(days) = primary.state
        && primary.replica_regions().is_empty()
    {
        let due = call.now().plus(window(days));
        primary.state = KeyState::PendingDeletion(due);
        let job = DeleteDueKey { key_id: primary.key_id.clone(), due };
        call.schedule_in(primary.scope(), due, &job).await?;
    }
    put_with_replicas(call, primary).await
}
