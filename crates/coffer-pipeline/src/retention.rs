//! Records of what happened are kept for 90 days, as CloudTrail's event history keeps them.

use std::time::Duration;

use coffer_model::Timestamp;
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record, Scan, Transaction};

use crate::audit::{AuditBatchRecord, AuditRecord};
use crate::context::sortable;
use crate::event::EventRecord;
use crate::world::World;

/// What a clean-up did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanUp {
    /// How many records were dropped.
    pub dropped: usize,
    /// Whether there are, or may be, more to drop.
    pub has_more: bool,
}

/// The time before which nothing is kept.
pub fn oldest_kept(now: Timestamp) -> Timestamp {
    now.minus(KEPT)
}

/// Drops audit records and events that are older than 90 days; at most a bounded number of them,
/// so that a long backlog is worked off over several calls. Records that cannot be read go too.
///
/// # Errors
/// A store that cannot be read or written.
pub async fn drop_old(world: &World) -> Result<CleanUp, Fault> {
    let before = sortable(oldest_kept(world.clock.now())).into_bytes();
    let audit = Key::of(AuditRecord::TABLE, &[]).prefix();
    let events = EventRecord::by_time().prefix();
    let mut dropped = 0;
    for _ in 0..BATCHES_MAX {
        let old = drop_audit(world, &audit, &before).await?
            + drop_batches(world, &before).await?
            + drop_events(world, &events, &before).await?;
        dropped += old;
        if old == 0 {
            return Ok(CleanUp { dropped, has_more: false });
        }
    }
    Ok(CleanUp { dropped, has_more: true })
}

/// When it happened is in the key, so that no record is opened for this.
async fn drop_audit(world: &World, prefix: &[u8], before: &[u8]) -> Result<usize, Fault> {
    let scan = Scan { prefix, after: None, rows_max: BATCH_ROWS, direction: Direction::Ascending };
    let rows = world.tables.store().scan(scan).await.map_err(Fault::unavailable)?;
    let mut transaction = Transaction::new();
    let old = rows.iter().filter(|(key, _)| is_before(key, before));
    let count = old.map(|(key, _)| transaction.delete_key(key)).count();
    commit(world, transaction).await.map(|()| count)
}

/// Batches are kept by account and region, in each by time; a row that cannot be read by its key
/// alone is none.
async fn drop_batches(world: &World, before: &[u8]) -> Result<usize, Fault> {
    let prefix = AuditBatchRecord::all().prefix();
    let mut transaction = Transaction::new();
    let mut count = 0;
    let mut after: Option<Key> = None;
    for _ in 0..LISTS_MAX {
        let scan = Scan {
            prefix: &prefix,
            after: after.as_ref(),
            rows_max: BATCH_ROWS,
            direction: Direction::Ascending,
        };
        let rows = world.tables.store().scan(scan).await.map_err(Fault::unavailable)?;
        let Some((first, _)) = rows.first() else { break };
        let list: Vec<Vec<u8>> = first.parts().take(LIST_PARTS).collect();
        let is_in_list = |key: &Key| key.parts().take(LIST_PARTS).eq(list.iter().cloned());
        let is_old =
            |key: &Key| key.parts().nth(LIST_PARTS).is_some_and(|time| time.as_slice() < before);
        let old = rows.iter().filter(|(key, _)| is_in_list(key) && is_old(key));
        count += old.map(|(key, _)| transaction.delete_key(key)).count();
        if count >= BATCH_ROWS {
            break;
        }
        // On to the next list: past every time of this one.
        let this = list
            .iter()
            .skip(1)
            .fold(Key::build(AuditBatchRecord::TABLE), |key, part| key.part(part));
        after = Some(this.part(BEYOND_EVERY_TIME).key());
    }
    commit(world, transaction).await.map(|()| count)
}

async fn drop_events(world: &World, prefix: &[u8], before: &[u8]) -> Result<usize, Fault> {
    let rows = world.tables.scan_keys(prefix, None, BATCH_ROWS, Direction::Ascending).await;
    let rows = rows.map_err(|error| Fault::unavailable(error.to_string()))?;
    let mut transaction = Transaction::new();
    let mut count = 0;
    for (entry, event) in rows.iter().filter(|(entry, _)| is_before(entry, before)) {
        transaction.delete_key(entry);
        transaction.delete_key(event);
        count += 1;
    }
    commit(world, transaction).await.map(|()| count)
}

/// Whether the time in a key, its component after the table, is before this one.
fn is_before(key: &Key, before: &[u8]) -> bool {
    key.parts().nth(1).is_some_and(|time| time.as_slice() < before)
}

async fn commit(world: &World, transaction: Transaction) -> Result<(), Fault> {
    if transaction.is_read_only() {
        return Ok(());
    }
    let committed = world.tables.commit(transaction).await;
    committed.map(drop).map_err(|error| Fault::unavailable(error.to_string()))
}

const KEPT: Duration = Duration::from_secs(90 * 86_400);
const BATCH_ROWS: usize = 256;
/// Accounts and regions whose batches are looked at in one go.
const LISTS_MAX: usize = 1024;
/// The parts of a batch's key that name its list: table, account, region.
const LIST_PARTS: usize = 3;
/// Sorts behind every time.
const BEYOND_EVERY_TIME: &str = "g";
const BATCHES_MAX: usize = 64;
