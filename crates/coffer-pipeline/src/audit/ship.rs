//! Ships the node's journal to the store, so that every node finds its records there.

use std::borrow::Cow;
use std::sync::Arc;

use coffer_journal::{Entry, Kind, Portion, Position, Reader};
use coffer_protocol::Fault;
use coffer_store::{Record, Transaction, Versioned};

use zstd::bulk::Compressor;

use super::batch::{self, Filling};
use super::trail::Trail;
use super::{AuditBatchRecord, AuditRecord, ShippedRecord};
use crate::world::World;

/// What one shipping did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// How many records went to the store.
    pub records: usize,
    /// Whether there are more to ship.
    pub has_more: bool,
}

/// What follows the node's journal: made for the first shipping, and kept for the next ones.
pub(super) struct Follower {
    reader: Reader,
    compressor: Compressor<'static>,
    /// What the store knows of. Nobody but this node writes it; if somebody has, the next commit is
    /// refused, and whoever ships after that reads it anew.
    known: Versioned<ShippedRecord>,
}

impl Follower {
    async fn of(world: &World, trail: &Trail) -> Result<Self, Fault> {
        let key = ShippedRecord::key_of(trail.node());
        let known = world.tables.get_fresh::<ShippedRecord>(&key).await;
        let known = known.map_err(Fault::unavailable)?;
        let from = known.record.as_deref().map_or(Position::START, position);
        let reader = Reader::new(trail.folder(), from);
        Ok(Self { reader, compressor: batch::compressor().map_err(unreadable)?, known })
    }
}

/// Ships what the journal has beyond what the store knows of, a bounded number of records. Batches
/// and how far they reach are one commit, so that none is lost or there twice.
///
/// Only what the disk has is shipped: the store would know of more than the journal after a loss of
/// power, and nobody could tell where to go on.
///
/// # Errors
/// A journal that cannot be read or is not on the disk, or a store that takes no commit.
pub async fn ship(world: &World, trail: &Trail) -> Result<Shipped, Fault> {
    let begun = world.clock.now();
    let last = trail.journal().secured().await.map_err(Fault::unavailable)?;
    let mut follower = match trail.take_follower() {
        Some(follower) => follower,
        None => Follower::of(world, trail).await?,
    };
    let mut transaction = Transaction::new();
    transaction.expect(&ShippedRecord::key_of(trail.node()), follower.known.revision);
    let mut staging = Staging::new(trail.node(), &mut follower.compressor, &mut transaction);
    let portion = Portion { sequence_max: last.sequence, ..PORTION };
    let mut is_end = false;
    for _ in 0..PORTIONS_MAX {
        let read = follower.reader.read(portion, |entry| staging.take(entry));
        is_end = read.map_err(unreadable)?;
        if is_end || staging.is_full() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let (records, last_tag) = staging.finish()?;
    if let Some(tag) = last_tag {
        let next = follower.reader.next();
        let shipped = Arc::new(ShippedRecord {
            node: trail.node().to_owned(),
            segment: next.segment,
            offset: next.offset,
            next: next.sequence,
            tag: tag.iter().map(|byte| format!("{byte:02x}")).collect(),
            at: begun,
        });
        transaction.put(Arc::clone(&shipped), follower.known.record.as_deref());
        let committed = world.tables.commit(transaction).await;
        let revision = committed.map_err(|error| Fault::unavailable(error.to_string()))?;
        follower.known = Versioned { record: Some(shipped), revision: Some(revision) };
    }
    trail.has_shipped_before(follower.reader.next().sequence);
    // Only one that has shipped all that it has read can go on.
    trail.keep_follower(follower);
    if is_end {
        trail.has_shipped_through(begun);
    }
    Ok(Shipped { records, has_more: !is_end })
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
    let mut records = Vec::new();
    let each = |entry: &Entry<'_>| {
        if entry.kind == Kind::Record
            && let Ok(record) = AuditRecord::from_journal(entry.record)
        {
            records.extend(record.told_apart());
        }
    };
    Reader::new(trail.folder(), from).read(TAIL, each).map_err(unreadable)?;
    Ok(records)
}

/// Records on their way into batches.
struct Staging<'s> {
    node: &'s str,
    compressor: &'s mut Compressor<'static>,
    transaction: &'s mut Transaction,
    /// A batch for each account and region.
    filling: Vec<Filling>,
    /// Where the last record of each slot went.
    usual: Vec<Usual>,
    records: usize,
    /// The length of all batches, before they are compressed.
    plain_bytes: usize,
    /// How many of them are full.
    put: usize,
    last_tag: Option<[u8; 16]>,
    failure: Option<std::io::Error>,
}

impl<'s> Staging<'s> {
    fn new(
        node: &'s str,
        compressor: &'s mut Compressor<'static>,
        transaction: &'s mut Transaction,
    ) -> Self {
        Self {
            node,
            compressor,
            transaction,
            filling: Vec::new(),
            usual: Vec::new(),
            records: 0,
            plain_bytes: 0,
            put: 0,
            last_tag: None,
            failure: None,
        }
    }

    /// Whether what is staged is enough for one commit.
    fn is_full(&self) -> bool {
        self.plain_bytes > STAGED_BYTES_MAX || self.put + self.filling.len() > STAGED_ROWS_MAX
    }

    fn take(&mut self, entry: &Entry<'_>) {
        self.last_tag = Some(entry.tag);
        if entry.kind == Kind::Record && self.push(entry).is_none() {
            // It stays in the journal, where whoever can read it finds it.
            tracing::error!(journal.sequence = entry.sequence, "an audit record cannot be read");
        }
    }

    fn push(&mut self, entry: &Entry<'_>) -> Option<()> {
        let usual = self.usual.get(usize::from(entry.slot.0));
        let at = match usual.filter(|usual| usual.is_of(entry.record)) {
            Some(usual) => usual.filling,
            None => self.look_up(entry)?,
        };
        let filling = self.filling.get_mut(at)?;
        if !filling.has_room(entry) {
            let next = filling.next(entry);
            let full = std::mem::replace(filling, next);
            self.put(full);
        }
        let filling = self.filling.get_mut(at)?;
        let before = filling.plain_bytes();
        filling.push(entry);
        self.plain_bytes += filling.plain_bytes() - before;
        self.records += 1;
        Some(())
    }

    /// The batch that a record goes into, made where there is none yet.
    fn look_up(&mut self, entry: &Entry<'_>) -> Option<usize> {
        let (account, region) = list_of(entry.record)?;
        let known = self.filling.iter().position(|filling| filling.is_of(&account, &region));
        let at = known.unwrap_or(self.filling.len());
        if known.is_none() {
            let list = (account.parse().ok()?, region.parse().ok()?);
            self.filling.push(Filling::new(list, entry));
        }
        let slot = usize::from(entry.slot.0);
        if self.usual.len() <= slot {
            self.usual.resize_with(slot + 1, Usual::default);
        }
        if let Some(usual) = self.usual.get_mut(slot) {
            usual.learn(entry.record, at);
        }
        Some(at)
    }

    fn put(&mut self, batch: Filling) {
        self.put += 1;
        match batch.finish(self.node, self.compressor) {
            Ok(batch) => self.transaction.put::<AuditBatchRecord>(batch, None),
            Err(error) => self.failure = Some(error),
        }
    }

    /// How many records there are, and the tag of the last one.
    fn finish(mut self) -> Result<(usize, Option<[u8; 16]>), Fault> {
        std::mem::take(&mut self.filling).into_iter().for_each(|batch| self.put(batch));
        match self.failure {
            Some(error) => Err(Fault::internal(error)),
            None => Ok((self.records, self.last_tag)),
        }
    }
}

/// How the records of a slot begin, and the batch that those go into: what is the same from their
/// service up to their account is of the same account and region, and need not be searched for it.
#[derive(Default)]
struct Usual {
    /// Where that begins.
    start: usize,
    head: Vec<u8>,
    filling: usize,
}

impl Usual {
    /// Takes a record as an example of what goes into a batch.
    fn learn(&mut self, record: &[u8], filling: usize) {
        self.head.clear();
        self.filling = filling;
        if let Some((start, head)) = head_of(record) {
            self.start = start;
            self.head.extend_from_slice(head);
        }
    }

    /// Whether a record goes into the same batch.
    fn is_of(&self, record: &[u8]) -> bool {
        let is_alike = |rest: &[u8]| !self.head.is_empty() && rest.starts_with(&self.head);
        usual(record).is_some() && record.get(self.start..).is_some_and(is_alike)
    }
}

/// What of a record says whose it is, without the time before it, and where it begins; nothing for a
/// record that does not begin as usual.
fn head_of(record: &[u8]) -> Option<(usize, &[u8])> {
    let (_, rest) = split_once(usual(record)?, b",\"eventSource\":")?;
    let within = rest.get(..HEAD_BYTES_MAX).unwrap_or(rest);
    let (_, behind) = split_once(within, b",\"awsRegion\":\"")?;
    let (_, behind) = split_once(behind, b"\",\"recipientAccountId\":\"")?;
    let (_, behind) = split_once(behind, b"\"")?;
    let head = within.get(..within.len() - behind.len())?;
    Some((record.len() - rest.len(), head))
}

/// What of a record is behind its version and the name of its first member, where those are as usual.
fn usual(record: &[u8]) -> Option<&[u8]> {
    let (version, json) = record.split_first()?;
    let rest = json.strip_prefix(USUAL_START)?;
    (*version == AuditRecord::VERSION).then_some(rest)
}

/// The account and region whose list a record is in. It is read whole only where its beginning is not
/// what is usual.
fn list_of(record: &[u8]) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let usual = || {
        let head = record.get(1..).map(|json| json.get(..HEAD_BYTES_MAX).unwrap_or(json))?;
        // Nothing that a caller has chosen comes before them.
        let (_, rest) = split_once(head, b",\"awsRegion\":\"")?;
        let (region, rest) = split_once(rest, b"\",\"recipientAccountId\":\"")?;
        let (account, _) = split_once(rest, b"\"")?;
        let text = |bytes| std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        Some((text(account)?, text(region)?))
    };
    let version = record.first().copied();
    let usual = usual().filter(|_| version == Some(AuditRecord::VERSION));
    usual.or_else(|| {
        let read = AuditRecord::from_journal(record).ok()?;
        let (account, region) = (read.recipient_account_id, read.aws_region);
        Some((account.to_string().into(), region.as_str().to_owned().into()))
    })
}

/// What is before some bytes, and what is behind them.
fn split_once<'b>(bytes: &'b [u8], by: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let first = *by.first()?;
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == first)?;
        let (before, rest) = bytes.split_at_checked(at)?;
        if let Some(behind) = rest.strip_prefix(by) {
            return Some((before, behind));
        }
        at += 1;
    }
}

fn position(shipped: &ShippedRecord) -> Position {
    Position { segment: shipped.segment, offset: shipped.offset, sequence: shipped.next }
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::unavailable(format!("the audit journal cannot be read: {error}"))
}

/// How a record's JSON begins.
const USUAL_START: &[u8] = b"{\"eventTime\":";
/// Where the account and region of a record are, at the latest.
const HEAD_BYTES_MAX: usize = 512;
/// What is read at once: it is done between requests, which wait for it.
const PORTION: Portion =
    Portion { records_max: 512, bytes_max: 512 * 1024, sequence_max: u64::MAX };
/// What is shipped in one commit, at most. With a portion more it is still well below what one takes,
/// even where nothing can be compressed and no two records are of the same list.
const PORTIONS_MAX: usize = 32;
const STAGED_BYTES_MAX: usize = 1024 * 1024;
const STAGED_ROWS_MAX: usize = 256;
/// What of the journal is read beside the store, at most; shipping keeps it far below that.
const TAIL: Portion =
    Portion { records_max: 32_768, bytes_max: 16 * 1024 * 1024, sequence_max: u64::MAX };

#[cfg(test)]
mod tests {
    use super::{Usual, list_of};

    #[test]
    fn a_record_goes_where_the_last_one_of_its_slot_went_only_if_it_is_of_the_same_list() {
        let record = |time: &str, event: &str, region: &str, account: &str| {
            format!(
                "\x02{{\"eventTime\":{time},\"eventSource\":\"a\",\"eventName\":\"{event}\",\
                 \"awsRegion\":\"{region}\",\"recipientAccountId\":\"{account}\",\"userIdentity\":{{}}}}"
            )
        };
        let mut usual = Usual::default();
        let known = record("17", "b", "r-1", "111122223333");
        assert!(!usual.is_of(known.as_bytes()));
        usual.learn(known.as_bytes(), 0);
        let is_of = |time, event, region, account| {
            usual.is_of(record(time, event, region, account).as_bytes())
        };
        assert!(is_of("17", "b", "r-1", "111122223333"));
        assert!(is_of("18", "b", "r-1", "111122223333"));
        assert!(!is_of("180", "b", "r-1", "111122223333"), "it is looked up");
        assert!(!is_of("17", "c", "r-1", "111122223333"), "it is looked up");
        assert!(!is_of("17", "b", "r-2", "111122223333"));
        assert!(!is_of("17", "b", "r-1", "111122223334"));
        assert!(!usual.is_of(b"") && !usual.is_of(b"\x01{\"eventTime\":17"));
        usual.learn(b"\x02{}", 0);
        assert!(!usual.is_of(b"\x02{}") && !usual.is_of(known.as_bytes()));
    }

    #[test]
    fn the_list_of_a_record_is_found_at_its_beginning_or_by_reading_it() {
        let list =
            |record: &[u8]| list_of(record).map(|(account, region)| format!("{account} {region}"));
        let usual = b"\x02{\"eventTime\":1,\"eventSource\":\"a\",\"awsRegion\":\"r-1\",\
                      \"recipientAccountId\":\"111122223333\",\"userIdentity\":";
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
