//! Batches: records of a journal in the store, compressed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coffer_journal::delta::{Patterns, Written};
use coffer_journal::{Entry, Known, RECORD_BYTES_MAX, Slot};
use coffer_model::{AccountId, Region, Timestamp};
use coffer_store::{DecodeError, Key, Record};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zstd::bulk::Compressor;

use super::AuditRecord;
use crate::context::sortable;

/// Records of one account and region that a node has shipped together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditBatchRecord {
    /// The account whose records these are.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The time of the earliest.
    pub first: Timestamp,
    /// The time of the latest.
    pub last: Timestamp,
    /// The node that shipped them.
    pub node: String,
    /// The place of the first one in the node's journal.
    pub sequence: u64,
    /// How many there are.
    pub records: u32,
    /// Their length before they were compressed.
    pub bytes: u32,
    /// Each one's length (4 bytes, little-endian) and bytes, compressed by zstd, in base64. From
    /// version 2 on the bytes are a mark, a slot, and the record or what it differs in.
    pub zstd: String,
    /// Whether the bytes begin with a mark.
    pub has_deltas: bool,
}

impl AuditBatchRecord {
    /// The prefix of all batches.
    pub fn all() -> Key {
        Key::of(Self::TABLE, &[])
    }

    /// The prefix of an account's batches, by region.
    pub fn of_account(account: AccountId) -> Key {
        Key::of(Self::TABLE, &[account.as_str()])
    }

    /// The prefix of the batches of an account and region, in the order of their latest records.
    pub fn of(account: AccountId, region: &Region) -> Key {
        Key::of(Self::TABLE, &[account.as_str(), region.as_str()])
    }

    /// The times of the latest and the earliest record of a batch, by its key.
    pub(super) fn times_of(key: &Key) -> Option<(Timestamp, Timestamp)> {
        let mut parts = key.parts().skip(3);
        Some((instant_of(&parts.next()?)?, instant_of(&parts.next()?)?))
    }

    /// The records. Those that no release up to this one has written are left out.
    ///
    /// # Errors
    /// Bytes that are not what a batch holds.
    pub fn open(&self) -> Result<Vec<AuditRecord>, DecodeError> {
        let broken = || DecodeError::new("its records cannot be read");
        let compressed = STANDARD.decode(&self.zstd).map_err(|_| broken())?;
        let length = usize::try_from(self.bytes).ok().filter(|length| *length <= BATCH_BYTES_MAX);
        let plain = zstd::bulk::decompress(&compressed, length.ok_or_else(broken)?);
        let plain = plain.map_err(|_| broken())?;
        let mut records = Vec::new();
        let mut rest = plain.as_slice();
        let mut opened = Opened::default();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| broken())?;
            let (bytes, after) = after.split_at_checked(length).ok_or_else(broken)?;
            rest = after;
            let record = match self.has_deltas {
                true => opened.record(bytes).ok_or_else(broken)?,
                false => bytes,
            };
            match AuditRecord::from_journal(record) {
                Ok(record) => records.extend(record.told_apart()),
                Err(error) => tracing::warn!(%error, "an audit record cannot be read: {error}"),
            }
        }
        Ok(records)
    }
}

/// What of a batch has been opened.
#[derive(Default)]
struct Opened {
    patterns: Patterns,
    record: Vec<u8>,
    bytes: usize,
}

impl Opened {
    /// The record that marked bytes stand for.
    fn record<'r>(&'r mut self, bytes: &'r [u8]) -> Option<&'r [u8]> {
        let (&[mark, slot], rest) = bytes.split_first_chunk::<2>()?;
        let record = match mark {
            WHOLE => rest,
            PATTERN => {
                self.patterns.learn(Slot(slot), rest);
                rest
            }
            DELTA => {
                self.record.clear();
                self.patterns.read(Slot(slot), rest, RECORD_BYTES_MAX, &mut self.record)?;
                &self.record
            }
            _ => return None,
        };
        self.bytes += record.len();
        (self.bytes <= BATCH_BYTES_MAX).then_some(record)
    }
}

impl Record for AuditBatchRecord {
    const TABLE: &'static str = "audit.batch";
    const VERSION: u8 = 2;

    fn key(&self) -> Key {
        Self::of(self.account, &self.region)
            .builder()
            .part(sortable(self.last))
            .part(sortable(self.first))
            .part(format!("{}-{:020}", self.node, self.sequence))
            .key()
    }

    /// Version 1 had every record whole, without a mark.
    fn upgrade(version: u8, mut json: Value) -> Result<Value, DecodeError> {
        match &mut json {
            Value::Object(members) if version == 1 => {
                members.insert("has_deltas".to_owned(), Value::Bool(false));
                Ok(json)
            }
            Value::Object(_) => Err(DecodeError::version(version, Self::VERSION)),
            _ => Err(DecodeError::new("it is no object")),
        }
    }
}

/// A batch that is being filled.
pub(super) struct Filling {
    account: AccountId,
    region: Region,
    first: Timestamp,
    last: Timestamp,
    sequence: u64,
    records: u32,
    /// The length of all records and what stands before them.
    bytes: usize,
    patterns: Patterns,
    plain: Vec<u8>,
}

impl Filling {
    /// One for an account and region that begins with this entry.
    pub(super) fn new((account, region): (AccountId, Region), entry: &Entry<'_>) -> Self {
        Self {
            account,
            region,
            first: entry.time,
            last: entry.time,
            sequence: entry.sequence,
            records: 0,
            bytes: 0,
            patterns: Patterns::default(),
            plain: Vec::new(),
        }
    }

    /// Whether it is of this account and region.
    pub(super) fn is_of(&self, account: &str, region: &str) -> bool {
        self.account.as_str() == account && self.region.as_str() == region
    }

    /// The one after this one, which begins with this entry.
    pub(super) fn next(&self, entry: &Entry<'_>) -> Self {
        Self::new((self.account, self.region.clone()), entry)
    }

    /// Whether an entry goes in.
    pub(super) fn has_room(&self, entry: &Entry<'_>) -> bool {
        let (first, last) = (self.first.min(entry.time), self.last.max(entry.time));
        let bytes = self.bytes + entry.record.len() + MARKED_BYTES;
        last.since(first) <= SPAN_MAX && bytes <= BATCH_BYTES_MAX
    }

    /// The length of what it holds, before it is compressed.
    pub(super) fn plain_bytes(&self) -> usize {
        self.plain.len()
    }

    pub(super) fn push(&mut self, entry: &Entry<'_>) {
        let (slot, record) = (entry.slot, entry.record);
        self.first = self.first.min(entry.time);
        self.last = self.last.max(entry.time);
        self.records += 1;
        self.bytes += record.len() + MARKED_BYTES;
        let start = self.plain.len();
        self.plain.extend_from_slice(&[0; 4]);
        self.plain.extend_from_slice(&[WHOLE, slot.0]);
        if Patterns::takes(record) {
            let mark = match self.patterns.write(slot, record, &mut self.plain) {
                Written::Pattern => PATTERN,
                Written::Delta => DELTA,
            };
            self.plain.get_mut(start + 4).into_iter().for_each(|byte| *byte = mark);
        } else {
            self.plain.extend_from_slice(record);
        }
        let length = self.plain.len() - start - 4;
        let room = self.plain.get_mut(start..).and_then(|bytes| bytes.first_chunk_mut::<4>());
        if let (Some(room), Ok(length)) = (room, u32::try_from(length)) {
            *room = length.to_le_bytes();
        }
    }

    pub(super) fn finish(
        self,
        node: &str,
        compressor: &mut Compressor<'static>,
    ) -> std::io::Result<AuditBatchRecord> {
        let compressed = compressor.compress(&self.plain)?;
        Ok(AuditBatchRecord {
            account: self.account,
            region: self.region,
            first: self.first,
            last: self.last,
            node: node.to_owned(),
            sequence: self.sequence,
            records: self.records,
            bytes: u32::try_from(self.plain.len()).unwrap_or(u32::MAX),
            zstd: STANDARD.encode(compressed),
            has_deltas: true,
        })
    }
}

/// What compresses batches, to be used again: it takes long to make.
pub(super) fn compressor() -> std::io::Result<Compressor<'static>> {
    Compressor::new(COMPRESSION_LEVEL)
}

/// How far a node's journal has come to the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippedRecord {
    /// The node.
    pub node: String,
    /// The segment of its journal that is read next, and the offset in it.
    pub segment: u64,
    /// See `segment`.
    pub offset: u64,
    /// The sequence number of the record that is shipped next.
    pub next: u64,
    /// The tag of the last record that was shipped, in hexadecimal digits: by it a journal is
    /// found to have been put back to an earlier state.
    pub tag: String,
    /// When that was.
    pub at: Timestamp,
}

impl ShippedRecord {
    /// The row of a node.
    pub fn key_of(node: &str) -> Key {
        Key::of(Self::TABLE, &[node])
    }

    /// The end of the journal as it was shipped, for [`coffer_journal::verify`].
    pub fn known(&self) -> Option<Known> {
        let digits = |at: usize| self.tag.get(at * 2..at * 2 + 2);
        let mut tag = [0; 16];
        for (at, byte) in tag.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits(at)?, 16).ok()?;
        }
        Some(Known { sequence: self.next.checked_sub(1)?, tag })
    }
}

impl Record for ShippedRecord {
    const TABLE: &'static str = "audit.shipped";

    fn key(&self) -> Key {
        Self::key_of(&self.node)
    }
}

/// The instant that [`sortable`] wrote.
fn instant_of(text: &[u8]) -> Option<Timestamp> {
    let shifted = u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()?;
    let millis = i128::from(shifted) + i128::from(i64::MIN);
    i64::try_from(millis).ok().map(Timestamp::from_millis)
}

/// What stands before a record in a batch: what it is, and its slot.
const WHOLE: u8 = 0;
const PATTERN: u8 = 1;
const DELTA: u8 = 2;
/// Those and the length before them.
const MARKED_BYTES: usize = 6;
/// What a batch holds before it is compressed, and all of its records together, at most: a row has
/// room for it even where nothing can be compressed, and whoever looks for one record reads all.
const BATCH_BYTES_MAX: usize = 512 * 1024;
/// The time between the earliest and the latest record of a batch, at most.
pub(super) const SPAN_MAX: std::time::Duration = std::time::Duration::from_secs(10);
/// See the journal's: a higher one costs more than it saves.
const COMPRESSION_LEVEL: i32 = 1;
