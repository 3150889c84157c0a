//! What is known of a replica before it is whole, and after it was ended.

use std::time::Duration;

use coffer_model::{AccountId, Region};
use coffer_pipeline::{Call, Job, Scope, Verdict};
use coffer_protocol::Fault;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::super::replication;
use super::super::secret::SecretRecord;

/// The versions whose values are kept for a state that has not come whole yet, since it is more than a
/// message holds: nothing leads to them until it has. And for a while, that a replica was ended, so
/// that a state which was long on its way does not make it anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArrivingRecord {
    /// The owning account.
    pub(crate) account: AccountId,
    /// Its region.
    pub(crate) region: Region,
    /// The replica's name.
    pub(crate) name: String,
    /// The end of the replica's ARN.
    pub(crate) suffix: String,
    /// The ids of the versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) versions: Vec<String>,
    /// The number of the state that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<u64>,
}

impl ArrivingRecord {
    fn of(replica: &SecretRecord) -> Self {
        Self {
            account: replica.account,
            region: replica.region.clone(),
            name: replica.name.clone(),
            suffix: replica.suffix.clone(),
            versions: Vec::new(),
            ended: None,
        }
    }

    /// The row of a replica.
    pub(crate) fn key_of(replica: &SecretRecord) -> Key {
        Self::key_in(&replica.scope(), &replica.name, &replica.suffix)
    }

    fn key_in(scope: &Scope, name: &str, suffix: &str) -> Key {
        scope.key(Self::TABLE, &[name, suffix])
    }

    /// The number of the state that has ended a replica lately.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(super) async fn ended(
        call: &mut Call<'_>,
        replica: &SecretRecord,
    ) -> Result<Option<u64>, Fault> {
        let known = call.get::<Self>(&Self::key_of(replica)).await?;
        Ok(known.and_then(|known| known.ended))
    }

    /// Notes that these values are kept, beside those that were kept before.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(super) async fn keep(
        call: &mut Call<'_>,
        replica: &SecretRecord,
        added: &[String],
    ) -> Result<(), Fault> {
        let known = call.get::<Self>(&Self::key_of(replica)).await?;
        let mut record = known.map_or_else(|| Self::of(replica), |known| Self::clone(&known));
        for id in added {
            if !record.versions.contains(id) {
                record.versions.push(id.clone());
            }
        }
        call.put(record).await
    }

    /// Drops the values that were kept and that the replica does not have, and all notes.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(super) async fn settle(
        call: &mut Call<'_>,
        replica: &SecretRecord,
        has: impl Fn(&str) -> bool,
    ) -> Result<(), Fault> {
        let row = Self::key_of(replica);
        let Some(known) = call.get::<Self>(&row).await? else { return Ok(()) };
        for version_id in known.versions.iter().filter(|id| !has(id)) {
            replication::drop_value(call, replica, version_id).await?;
        }
        call.delete::<Self>(&row).await
    }

    /// Drops the values that were kept and that the replica does not have, and notes that it has ended.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(super) async fn end(
        call: &mut Call<'_>,
        replica: &SecretRecord,
        sequence: u64,
        has: impl Fn(&str) -> bool,
    ) -> Result<(), Fault> {
        Self::settle(call, replica, has).await?;
        let job =
            ForgetEnd { name: replica.name.clone(), suffix: replica.suffix.clone(), sequence };
        call.schedule_in(replica.scope(), call.now().plus(END_KEPT), &job).await?;
        call.put(Self { ended: Some(sequence), ..Self::of(replica) }).await
    }
}

impl Record for ArrivingRecord {
    const TABLE: &'static str = "secretsmanager.arriving";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        Self::key_in(&scope, &self.name, &self.suffix)
    }
}

/// Forgets that a replica was ended, unless it was ended anew.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ForgetEnd {
    name: String,
    suffix: String,
    sequence: u64,
}

impl Job for ForgetEnd {
    const KIND: &'static str = "secretsmanager.forget-end-of-replica";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let row = ArrivingRecord::key_in(call.scope(), &self.name, &self.suffix);
        let known = call.get::<ArrivingRecord>(&row).await?;
        if known.is_some_and(|known| known.ended == Some(self.sequence)) {
            call.delete::<ArrivingRecord>(&row).await?;
        }
        Ok(Verdict::Done)
    }
}

/// Much longer than any message is on its way.
const END_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
