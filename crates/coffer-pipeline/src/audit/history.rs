//! The history of an account and region, newest first: records of commits, shipped batches, and
//! what of this node's journal is not shipped yet. A record that is in two of them is told once.

use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;

use coffer_model::{AccountId, Region, Timestamp};
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record, Tables};

use super::batch::SPAN_MAX;
use super::{AuditBatchRecord, AuditRecord, ship};
use crate::context::{Scope, sortable};
use crate::world::World;

/// What part of the history is wanted.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// Whose history.
    pub scope: &'a Scope,
    /// The earliest time.
    pub start: Timestamp,
    /// The latest time.
    pub end: Timestamp,
    /// Only what is before this place.
    pub before: Option<Place>,
    /// How many records at most.
    pub records_max: usize,
}

/// A place in a history: that of the record with this time and id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The time.
    pub time: Timestamp,
    /// The event's id.
    pub id: String,
}

/// A page of a history.
#[derive(Debug)]
pub struct Page {
    /// The records, newest first.
    pub records: Vec<Arc<AuditRecord>>,
    /// Where to go on; nothing at the end. There may be more also where there is no record here:
    /// so much is looked at for one page, and no more.
    pub next: Option<Place>,
}

/// Reads the part of a history that `is_wanted`.
///
/// # Errors
/// A store or journal that cannot be read.
pub async fn page(
    world: &World,
    query: &Query<'_>,
    is_wanted: impl Fn(&AuditRecord) -> bool,
) -> Result<Page, Fault> {
    let mut merge = Merge::begin(world, query).await?;
    let mut records = Vec::new();
    while let Some(entry) = merge.next(&world.tables).await? {
        if is_wanted(&entry.record) {
            if records.len() >= query.records_max {
                return Ok(Page { next: last_place(&records), records });
            }
            records.push(entry.record);
        }
    }
    let next = merge.where_it_stopped();
    Ok(Page { records, next })
}

fn last_place(records: &[Arc<AuditRecord>]) -> Option<Place> {
    records.last().map(|last| Place { time: last.event_time, id: last.event_id() })
}

/// All regions in which an account has shipped records.
///
/// # Errors
/// A store that cannot be read.
pub async fn regions(tables: &Tables, account: AccountId) -> Result<BTreeSet<Region>, Fault> {
    let prefix = AuditBatchRecord::of_account(account).prefix();
    let mut regions = BTreeSet::new();
    let mut after: Option<Key> = None;
    while regions.len() < REGIONS_MAX {
        let rows =
            tables.scan_each::<AuditBatchRecord>(&prefix, after.as_ref(), 1, Direction::Ascending);
        let Some((key, _)) = rows.await.map_err(Fault::unavailable)?.into_iter().next() else {
            break;
        };
        let region = key.parts().nth(2).and_then(|part| String::from_utf8(part).ok());
        let Some(region) = region.and_then(|region| region.parse::<Region>().ok()) else { break };
        // The greatest time there is, so that the next row is of the next region.
        after = Some(AuditBatchRecord::of(account, &region).child(BEYOND_EVERY_TIME));
        regions.insert(region);
    }
    Ok(regions)
}

struct Entry {
    place: Place,
    record: Arc<AuditRecord>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        // Of two records of one event the whole one is told.
        let is_whole = |entry: &Self| !entry.record.is_abridged;
        self.place.cmp(&other.place).then_with(|| is_whole(self).cmp(&is_whole(other)))
    }
}

/// Takes what is newest out of all that was opened, and opens a row or batch before anything that
/// could be older than what is in it.
struct Merge {
    scope: Scope,
    start: Timestamp,
    end: Timestamp,
    before: Option<Place>,
    opened: BinaryHeap<Entry>,
    told: Option<Place>,
    rows: Rows,
    batches: Batches,
    looks: usize,
}

impl Merge {
    async fn begin(world: &World, query: &Query<'_>) -> Result<Self, Fault> {
        let end = query.before.as_ref().map_or(query.end, |before| query.end.min(before.time));
        let mut merge = Self {
            scope: query.scope.clone(),
            start: query.start,
            end,
            before: query.before.clone(),
            opened: BinaryHeap::new(),
            told: None,
            rows: Rows::until(end),
            batches: Batches::until(query.scope, end),
            looks: LOOKS_MAX,
        };
        // First, or what is shipped meanwhile would be in neither.
        if let Some(trail) = &world.audit.trail {
            for record in ship::not_shipped(world, trail).await? {
                merge.open(Arc::new(record));
            }
        }
        Ok(merge)
    }

    /// The next record, newest first; nothing at the end, or when enough was looked at.
    async fn next(&mut self, tables: &Tables) -> Result<Option<Entry>, Fault> {
        loop {
            self.open_newer_than_top(tables).await?;
            if self.looks == 0 {
                return Ok(None);
            }
            let Some(entry) = self.opened.pop() else { return Ok(None) };
            if self.told.as_ref() == Some(&entry.place) {
                continue;
            }
            self.told = Some(entry.place.clone());
            return Ok(Some(entry));
        }
    }

    /// Opens all that may hold something as new as what is newest of what was opened.
    async fn open_newer_than_top(&mut self, tables: &Tables) -> Result<(), Fault> {
        loop {
            let row = self.rows.next_time(tables).await?.filter(|time| *time >= self.start);
            let batch = self.batches.next_time(tables).await?;
            // A batch is kept by its latest record; beyond the span none reaches the start.
            let batch = batch.filter(|time| *time >= self.start);
            let newest = self.opened.peek().map(|entry| entry.place.time);
            let Some(next) = row.max(batch) else { return Ok(()) };
            if newest.is_some_and(|newest| newest > next) || self.looks == 0 {
                return Ok(());
            }
            self.looks -= 1;
            if row >= batch {
                if let Some(record) = self.rows.take() {
                    self.open(record);
                }
            } else {
                self.looks = self.looks.saturating_sub(LOOKS_OF_A_BATCH);
                for record in self.batches.take() {
                    self.open(Arc::new(record));
                }
            }
        }
    }

    /// Keeps a record that is of this history and within its bounds.
    fn open(&mut self, record: Arc<AuditRecord>) {
        let is_ours = record.recipient_account_id == self.scope.account
            && record.aws_region == self.scope.region;
        let is_within = record.event_time >= self.start && record.event_time <= self.end;
        if !is_ours || !is_within {
            return;
        }
        let place = Place { time: record.event_time, id: record.event_id() };
        if self.before.as_ref().is_none_or(|before| place < *before) {
            self.opened.push(Entry { place, record });
        }
    }

    /// Where to go on, if it stopped before the end.
    fn where_it_stopped(&self) -> Option<Place> {
        if self.looks > 0 {
            return None;
        }
        let times = [
            self.rows.known_next_time(),
            self.batches.known_next_time(),
            self.opened.peek().map(|entry| entry.place.time),
        ];
        let time = times.into_iter().flatten().max()?.min(self.end);
        // Behind every id of that time, save where some of that time have been told already.
        let told = self.told.clone().filter(|told| told.time == time);
        Some(told.unwrap_or(Place { time, id: BEYOND_EVERY_ID.to_owned() }))
    }
}

/// Records of commits, of all accounts, newest first.
struct Rows {
    prefix: Vec<u8>,
    after: Option<Key>,
    read: VecDeque<(Timestamp, Arc<AuditRecord>)>,
    is_end: bool,
}

impl Rows {
    fn until(end: Timestamp) -> Self {
        let table = Key::of(AuditRecord::TABLE, &[]);
        let after = Timestamp::from_millis(end.as_millis().saturating_add(1));
        Self {
            prefix: table.prefix(),
            after: Some(table.child(sortable(after))),
            read: VecDeque::new(),
            is_end: false,
        }
    }

    async fn next_time(&mut self, tables: &Tables) -> Result<Option<Timestamp>, Fault> {
        while self.read.is_empty() && !self.is_end {
            let (after, order) = (self.after.as_ref(), Direction::Descending);
            let rows = tables.scan_each::<AuditRecord>(&self.prefix, after, ROWS_AT_ONCE, order);
            let rows = rows.await.map_err(Fault::unavailable)?;
            self.is_end = rows.len() < ROWS_AT_ONCE;
            self.after = rows.last().map(|(key, _)| key.clone()).or(self.after.take());
            for (key, found) in rows {
                match found {
                    Ok((record, _)) => self.read.push_back((record.event_time, record)),
                    Err(error) => tracing::warn!(%error, %key, "an audit record cannot be read"),
                }
            }
        }
        Ok(self.known_next_time())
    }

    fn known_next_time(&self) -> Option<Timestamp> {
        self.read.front().map(|(time, _)| *time)
    }

    fn take(&mut self) -> Option<Arc<AuditRecord>> {
        self.read.pop_front().map(|(_, record)| record)
    }
}

/// Batches of one account and region, those with the latest records first.
struct Batches {
    prefix: Vec<u8>,
    after: Option<Key>,
    end: Timestamp,
    read: VecDeque<(Timestamp, Arc<AuditBatchRecord>)>,
    is_end: bool,
}

impl Batches {
    fn until(scope: &Scope, end: Timestamp) -> Self {
        let all = AuditBatchRecord::of(scope.account, &scope.region);
        // One whose latest record is later than the end may hold earlier ones.
        let after = end.plus(SPAN_MAX).plus(std::time::Duration::from_millis(1));
        Self {
            prefix: all.prefix(),
            after: Some(all.child(sortable(after))),
            end,
            read: VecDeque::new(),
            is_end: false,
        }
    }

    async fn next_time(&mut self, tables: &Tables) -> Result<Option<Timestamp>, Fault> {
        while self.read.is_empty() && !self.is_end {
            let (after, order) = (self.after.as_ref(), Direction::Descending);
            let rows =
                tables.scan_each::<AuditBatchRecord>(&self.prefix, after, BATCHES_AT_ONCE, order);
            let rows = rows.await.map_err(Fault::unavailable)?;
            self.is_end = rows.len() < BATCHES_AT_ONCE;
            self.after = rows.last().map(|(key, _)| key.clone()).or(self.after.take());
            for (key, found) in rows {
                let times = AuditBatchRecord::times_of(&key);
                if times.is_some_and(|(_, first)| first > self.end) {
                    continue;
                }
                match found {
                    Ok((batch, _)) => self.read.push_back((batch.last, batch)),
                    Err(error) => tracing::warn!(%error, %key, "an audit batch cannot be read"),
                }
            }
        }
        Ok(self.known_next_time())
    }

    fn known_next_time(&self) -> Option<Timestamp> {
        self.read.front().map(|(last, _)| *last)
    }

    fn take(&mut self) -> Vec<AuditRecord> {
        let Some((_, batch)) = self.read.pop_front() else { return Vec::new() };
        batch.open().unwrap_or_else(|error| {
            tracing::warn!(%error, "an audit batch cannot be read: {error}");
            Vec::new()
        })
    }
}

/// What is looked at for one page, at most: rows, a batch counting as many.
const LOOKS_MAX: usize = 50_000;
const LOOKS_OF_A_BATCH: usize = 500;
const ROWS_AT_ONCE: usize = 128;
const BATCHES_AT_ONCE: usize = 8;
const REGIONS_MAX: usize = 256;
/// Sorts behind every time and every id.
const BEYOND_EVERY_TIME: &str = "g";
const BEYOND_EVERY_ID: &str = "g";
