//! Ships the node's journal to the store, so that every node finds its records there.

use std::collections::BTreeMap;

use coffer_journal::{Entry, Kind, Position, read};
use coffer_model::{AccountId, Region};
use coffer_protocol::Fault;
use coffer_store::{Record, Transaction};

use super::batch::Filling;
use super::trail::Trail;
use super::{AuditRecord, ShippedRecord};
use crate::world::World;

/// What one shipping did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// How many records went to the store.
    pub records: usize,
    /// Whether there are more to ship.
    pub has_more: bool,
}

/// Ships what the journal has beyond what the store knows of, a bounded number of records. Batches
/// and how far they reach are one commit, so that none is lost or there twice.
///
/// # Errors
/// A journal that cannot be read, or a store that takes no commit.
pub async fn ship(world: &World, trail: &Trail) -> Result<Shipped, Fault> {
    let begun = world.clock.now();
    let key = ShippedRecord::key_of(trail.node());
    let known = world.tables.get_fresh::<ShippedRecord>(&key).await;
    let known = known.map_err(Fault::unavailable)?;
    let from = known.record.as_deref().map_or(Position::START, position);
    let read = read(trail.folder(), from, RECORDS_MAX, BYTES_MAX).map_err(unreadable)?;
    let mut transaction = Transaction::new();
    transaction.expect(&key, known.revision);
    let records = stage(trail.node(), &read.entries, &mut transaction)?;
    if let Some(last) = read.entries.last() {
        let shipped = ShippedRecord {
            node: trail.node().to_owned(),
            segment: read.next.segment,
            offset: read.next.offset,
            next: read.next.sequence,
            tag: last.tag.iter().map(|byte| format!("{byte:02x}")).collect(),
            at: begun,
        };
        transaction.put(shipped, known.record.as_deref());
        let committed = world.tables.commit(transaction).await;
        committed.map_err(|error| Fault::unavailable(error.to_string()))?;
    }
    if read.is_end {
        trail.has_shipped_through(begun);
    }
    Ok(Shipped { records, has_more: !read.is_end })
}

/// The records that this node has not shipped yet, oldest first, at most a bounded number of them.
///
/// # Errors
/// A journal that cannot be read, or a store that cannot.
pub async fn not_shipped(world: &World, trail: &Trail) -> Result<Vec<AuditRecord>, Fault> {
    let key = ShippedRecord::key_of(trail.node());
    let known = world.tables.get_fresh::<ShippedRecord>(&key).await;
    let known = known.map_err(Fault::unavailable)?.record;
    let from = known.as_deref().map_or(Position::START, position);
    let read = read(trail.folder(), from, TAIL_RECORDS_MAX, TAIL_BYTES_MAX).map_err(unreadable)?;
    let records = read.entries.iter().filter(|entry| entry.kind == Kind::Record);
    Ok(records.filter_map(|entry| AuditRecord::from_journal(&entry.record).ok()).collect())
}

/// Stages the records as batches; gives how many they are.
fn stage(node: &str, entries: &[Entry], transaction: &mut Transaction) -> Result<usize, Fault> {
    let mut filling: BTreeMap<(AccountId, Region), Filling> = BTreeMap::new();
    let mut records = 0;
    let mut finish = |batch: Filling| -> Result<(), Fault> {
        let batch = batch.finish(node).map_err(Fault::internal)?;
        transaction.put(batch, None);
        Ok(())
    };
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Record) {
        let Some(of) = list_of(&entry.record) else {
            // It stays in the journal, where whoever can read it finds it.
            tracing::error!(journal.sequence = entry.sequence, "an audit record cannot be read");
            continue;
        };
        records += 1;
        let (time, bytes) = (entry.time, entry.record.len());
        let new = || Filling::new(of.clone(), time, entry.sequence);
        let mut batch = filling.remove(&of).unwrap_or_else(new);
        if !batch.has_room(time, bytes) {
            finish(std::mem::replace(&mut batch, new()))?;
        }
        batch.push(time, &entry.record);
        filling.insert(of, batch);
    }
    filling.into_values().try_for_each(finish).map(|()| records)
}

/// The account and region whose list a record is in. Every record of a busy server comes by here, so
/// it is read whole only where its beginning is not what is usual.
fn list_of(record: &[u8]) -> Option<(AccountId, Region)> {
    let usual = || {
        let head = record.get(1..).map(|json| json.get(..HEAD_BYTES_MAX).unwrap_or(json))?;
        let head = std::str::from_utf8(head).ok()?;
        // Nothing that a caller has chosen comes before them.
        let (_, rest) = head.split_once(",\"awsRegion\":\"")?;
        let (region, rest) = rest.split_once("\",\"recipientAccountId\":\"")?;
        let (account, _) = rest.split_once('"')?;
        Some((account.parse().ok()?, region.parse().ok()?))
    };
    let version = record.first().copied();
    let usual = usual().filter(|_| version == Some(AuditRecord::VERSION));
    usual.or_else(|| {
        let read = AuditRecord::from_journal(record).ok()?;
        Some((read.recipient_account_id, read.aws_region))
    })
}

fn position(shipped: &ShippedRecord) -> Position {
    Position { segment: shipped.segment, offset: shipped.offset, sequence: shipped.next }
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::unavailable(format!("the audit journal cannot be read: {error}"))
}

/// Where the account and region of a record are, at the latest.
const HEAD_BYTES_MAX: usize = 512;
/// What is shipped in one commit, at most: well below what a commit takes, since batches shrink.
const RECORDS_MAX: usize = 4096;
const BYTES_MAX: usize = 3 * 1024 * 1024;
/// What of the journal is read beside the store, at most; shipping keeps it far below that.
const TAIL_RECORDS_MAX: usize = 32_768;
const TAIL_BYTES_MAX: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::list_of;

    #[test]
    fn the_list_of_a_record_is_found_at_its_beginning_or_by_reading_it() {
        let list =
            |record: &[u8]| list_of(record).map(|(account, region)| format!("{account} {region}"));
        let usual = b"\x02{\"eventTime\":1,\"eventSource\":\"a\",\"awsRegion\":\"r-1\",\
                      \"recipientAccountId\":\"111122223333\",\"userIdentity\":\xff";
        assert_eq!(list(usual).as_deref(), None, "what is no text is no record");
        let usual = &usual[..usual.len() - 1];
        assert_eq!(list(usual).as_deref(), Some("111122223333 r-1"));
        let old = br#"X{"eventTime":1,"eventSource":"a","eventName":"b","eventType":"c",
            "awsRegion":"r-1","account":"111122223333","callerArn":"arn","sourceIpAddress":"i",
            "userAgent":"u","requestId":"q","resources":[]}"#;
        let mut old = old.to_vec();
        old[0] = 1;
        assert_eq!(list(&old).as_deref(), Some("111122223333 r-1"));
        old[0] = 9;
        assert_eq!(list(&old), None);
        assert_eq!(list(b""), None);
    }
}
