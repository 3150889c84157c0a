//! The job that exports a trail's records, and their digests.

use std::collections::BTreeMap;
use std::time::Duration;

use coffer_model::{AccountId, Region, Timestamp};
use coffer_pipeline::{Call, Job, Scope, Verdict};
use coffer_protocol::Fault;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::digest::{self, DigestChain};
use super::log_file;
use super::trail::TrailRecord;

/// How far a trail's export has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DeliveryRecord {
    account: AccountId,
    region: Region,
    name: String,
    /// All records up to here are in files.
    pub(super) through: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_file: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_digest: Option<Timestamp>,
    /// The chains of digests, by the regions of the records.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    chains: BTreeMap<String, DigestChain>,
}

impl DeliveryRecord {
    fn from(trail: &TrailRecord, start: Timestamp) -> Self {
        Self {
            account: trail.account,
            region: trail.region.clone(),
            name: trail.name.clone(),
            through: start,
            last_file: None,
            last_digest: None,
            chains: BTreeMap::new(),
        }
    }

    pub(super) fn key_of(trail: &TrailRecord) -> Key {
        trail.scope().key(Self::TABLE, &[&trail.name])
    }
}

impl Record for DeliveryRecord {
    const TABLE: &'static str = "cloudtrail.delivery";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        scope.key(Self::TABLE, &[&self.name])
    }
}

/// Exports a trail's records as long as it is on, and once more when it was turned off.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliverLogFiles {
    trail: String,
    generation: u64,
}

/// Begins to export a trail that was just turned on.
pub(super) async fn begin(call: &mut Call<'_>, trail: &TrailRecord) -> Result<(), Fault> {
    let key = DeliveryRecord::key_of(trail);
    let known = call.get::<DeliveryRecord>(&key).await?;
    // What happened while it was off is not exported, and a new chain of digests begins.
    let mut delivery = DeliveryRecord::from(trail, call.now());
    delivery.last_file = known.as_ref().and_then(|known| known.last_file);
    delivery.last_digest = known.as_ref().and_then(|known| known.last_digest);
    call.put(delivery).await?;
    let job = DeliverLogFiles { trail: trail.name.clone(), generation: trail.generation };
    call.schedule(call.now().plus(EVERY), &job).await
}

impl Job for DeliverLogFiles {
    const KIND: &'static str = "cloudtrail.deliver-log-files";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let key = TrailRecord::key_of(call.scope(), &self.trail);
        let Some(trail) = call.get::<TrailRecord>(&key).await? else { return Ok(Verdict::Done) };
        let found = call.get::<DeliveryRecord>(&DeliveryRecord::key_of(&trail)).await?;
        let Some(found) = found.filter(|_| trail.generation == self.generation) else {
            return Ok(Verdict::Done);
        };
        let Some(exports) = call.exports().map(std::path::Path::to_owned) else {
            return Err(Fault::internal("no folder for exports is configured"));
        };
        let mut delivery = found.as_ref().clone();
        let end = trail.end_of(call.now().min(call.audit_complete_through()).minus(LAG));
        let mut is_behind = false;
        if end > delivery.through {
            is_behind = deliver(call, &exports, &trail, &mut delivery, end).await?;
            deliver_digests(call, &exports, &trail, &mut delivery).await?;
        }
        let is_over = !trail.logging && trail.stopped.is_some_and(|at| delivery.through >= at);
        if delivery.through > found.through {
            call.acted_on(&trail.arn());
            call.put(delivery).await?;
        }
        if is_over {
            return Ok(Verdict::Done);
        }
        Ok(Verdict::Again(if is_behind { call.now() } else { call.now().plus(EVERY) }))
    }
}

impl TrailRecord {
    /// How far it exports: to when it was turned off, where it was.
    fn end_of(&self, end: Timestamp) -> Timestamp {
        match self.stopped.filter(|_| !self.logging) {
            Some(stopped) => end.min(stopped),
            None => end,
        }
    }
}

/// Writes the log files of all regions up to `end`, or as far as there is room for in one go; says
/// whether there is more.
async fn deliver(
    call: &mut Call<'_>,
    exports: &std::path::Path,
    trail: &TrailRecord,
    delivery: &mut DeliveryRecord,
    end: Timestamp,
) -> Result<bool, Fault> {
    let mut regions = vec![trail.region.clone()];
    if trail.multi_region {
        let others = call.audit_regions().await?.into_iter();
        regions.extend(others.filter(|region| *region != trail.region));
    }
    let mut gathered = Vec::new();
    let mut through = end;
    for region in regions {
        let scope = Scope { account: trail.account, region: region.clone() };
        let slice = call.audit_slice(&scope, delivery.through, end).await?;
        through = through.min(slice.through);
        gathered.push((region, slice.records));
    }
    let start = delivery.through;
    for (region, mut records) in gathered {
        records.retain(|record| {
            // The export's own doings would be all that many a file is about.
            let is_own = record.event_name == DeliverLogFiles::KIND;
            let is_selected = trail.selectors.as_ref().is_none_or(|all| all.select(record));
            record.event_time <= through && is_selected && !is_own
        });
        let file = log_file::deliver(exports, trail, &region, through, &records)?;
        if file.is_some() {
            delivery.last_file = Some(call.now());
        }
        if trail.validation {
            let new = || DigestChain::from(start);
            let chain = delivery.chains.entry(region.to_string()).or_insert_with(new);
            chain.files.extend(file);
        }
    }
    delivery.through = through;
    Ok(through < end)
}

/// Writes the digests that are due, and the last ones of a trail that was turned off. Where
/// several hours have gone by, one digest is about all of them.
async fn deliver_digests(
    call: &mut Call<'_>,
    exports: &std::path::Path,
    trail: &TrailRecord,
    delivery: &mut DeliveryRecord,
) -> Result<(), Fault> {
    if !trail.validation {
        // AWS: a chain that ends is begun anew when validation is turned on again.
        delivery.chains.clear();
        return Ok(());
    }
    let is_last = !trail.logging && trail.stopped.is_some_and(|at| delivery.through >= at);
    for (region, chain) in &mut delivery.chains {
        let Ok(region) = region.parse::<Region>() else { continue };
        let (start, end) = (chain.start, delivery.through);
        let is_full = end.since(start) >= HOUR || chain.files.len() >= DIGEST_FILES_MAX;
        if is_full || (is_last && end > start) {
            digest::deliver(call, exports, trail, &region, chain, end).await?;
            delivery.last_digest = Some(call.now());
        }
    }
    Ok(())
}

/// AWS: log files come about every five minutes, digests every hour.
const EVERY: Duration = Duration::from_secs(300);
const HOUR: Duration = Duration::from_secs(3600);
/// Records of requests that take long come to the store after others that are younger.
const LAG: Duration = Duration::from_secs(120);
/// Files in one digest at most: the row that keeps them in the meantime has its bounds.
const DIGEST_FILES_MAX: usize = 500;
