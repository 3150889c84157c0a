//! The narrow waist: four verbs that every engine speaks, and the types that they take.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Key;

/// An ordered map of rows with conditional, durable commits.
///
/// Engines know bytes and revisions; they do not know what a secret is.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Reads rows from one consistent snapshot, which is never older than a commit that was
    /// acknowledged before the call. The answer is in the order of `keys`.
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError>;

    /// Reads the rows under a prefix, in order, from one consistent snapshot.
    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError>;

    /// All rows as they are at one moment, which is not before any commit that was acknowledged before
    /// the call. Commits go on meanwhile; an engine may need room for what they replace until the
    /// snapshot is dropped.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// Applies a batch if all its expectations hold: all of it or nothing, durable before it
    /// answers. A batch may be only expectations, and then answers with the store's revision.
    ///
    /// Dropping the future does not take the batch back.
    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError>;

    /// Registers an observer of changes; it stays until the store is closed.
    ///
    /// It is called after a commit is durable and visible to readers and before the commit answers.
    /// Engines that several processes have open call it late for the commits of others; how late is
    /// bounded where [`Store::is_fresh`] says so.
    fn watch(&self, observer: Arc<dyn Observer>);

    /// Whether what was read earlier, and has not changed by what observers have heard, may be taken
    /// for what is there now. Where it may not, whoever keeps what it has read asks again.
    fn is_fresh(&self) -> bool {
        true
    }

    /// How long ago this process last knew all changes that others had made; nothing where there are no
    /// others, or where nobody keeps what was read.
    fn feed_age(&self) -> Option<Duration> {
        None
    }

    /// Whether no other process has this store, for as long as this one has it open: whatever another
    /// one has left in it is of a process that has ended.
    fn is_exclusive(&self) -> bool {
        false
    }

    /// Finishes what is queued, folds the log into the store and releases it. Verbs called
    /// afterwards are refused as unavailable.
    async fn close(&self) -> Result<(), StoreError>;
}

/// All rows of a store, as they were at one moment, in the order of their keys.
#[async_trait]
pub trait Snapshot: Send {
    /// The next rows; none when there are no more. After an error there are no more either.
    async fn next(&mut self) -> Result<Vec<(Key, Row)>, StoreError>;
}

/// What is told which rows have changed.
pub trait Observer: Send + Sync + 'static {
    /// Hears of one commit: the keys that it put or deleted, each once. Must be quick, must not
    /// call the store, and must bear being told of a change that did not come to be.
    fn changed(&self, keys: &[Key], revision: Revision);

    /// Hears that any key may have changed, because changes were missed.
    fn missed(&self);
}

/// The number of a commit: each one has a greater revision than those before it, and no number is
/// ever used twice. Numbers may be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// The revision of a store that nothing was ever written to.
    pub const ZERO: Self = Self(0);

    /// The revision with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// What is stored under a key, and the commit that wrote it.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// The bytes as they were put.
    pub value: Bytes,
    /// The commit that put them.
    pub revision: Revision,
}

impl fmt::Debug for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Row({} bytes at revision {})", self.value.len(), self.revision)
    }
}

/// The way that a scan goes through the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest key on.
    Ascending,
    /// From the greatest key on.
    Descending,
}

/// Which rows to scan.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// What the keys start with; see [`Key::prefix`]. Empty means every key.
    pub prefix: &'a [u8],
    /// The key to go on after, exclusive, in the scan's direction. It need not exist.
    pub after: Option<&'a Key>,
    /// How many rows to answer with at most; up to [`SCAN_ROWS_MAX`].
    pub rows_max: usize,
    /// The way to go.
    pub direction: Direction,
}

/// What to change, and under which conditions.
///
/// Deletes are applied before puts; of several puts of one key the last one stays.
#[derive(Clone, Default)]
pub struct Batch {
    /// The revision that each key must have now; `None` means that it must not exist.
    pub expectations: Vec<(Key, Option<Revision>)>,
    /// Rows to write, whether or not they exist.
    pub puts: Vec<(Key, Bytes)>,
    /// Rows to remove, if they exist.
    pub deletes: Vec<Key>,
}

impl Batch {
    /// Whether the batch would change nothing.
    pub fn is_read_only(&self) -> bool {
        self.puts.is_empty() && self.deletes.is_empty()
    }

    /// The keys that the batch writes, in order, each once.
    pub fn changed_keys(&self) -> Vec<Key> {
        let puts = self.puts.iter().map(|(key, _)| key);
        let mut keys: Vec<Key> = puts.chain(&self.deletes).cloned().collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// How many bytes of keys and values the batch holds.
    pub fn bytes(&self) -> usize {
        let puts: usize =
            self.puts.iter().map(|(key, value)| key.as_bytes().len() + value.len()).sum();
        let keys = self.expectations.iter().map(|(key, _)| key).chain(&self.deletes);
        puts + keys.map(|key| key.as_bytes().len()).sum::<usize>()
    }

    /// Checks the batch against the limits that all engines share.
    pub fn check(&self) -> Result<(), Excess> {
        let rows = self.expectations.len() + self.puts.len() + self.deletes.len();
        Excess::check("rows in a batch", rows, BATCH_ROWS_MAX)?;
        let expected = self.expectations.iter().map(|(key, _)| key);
        let put = self.puts.iter().map(|(key, _)| key);
        for key in expected.chain(put).chain(&self.deletes) {
            Excess::check("bytes in a key", key.as_bytes().len(), KEY_BYTES_MAX)?;
        }
        for (_, value) in &self.puts {
            Excess::check("bytes in a value", value.len(), VALUE_BYTES_MAX)?;
        }
        Excess::check("bytes in a batch", self.bytes(), BATCH_BYTES_MAX)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let puts: Vec<&Key> = self.puts.iter().map(|(key, _)| key).collect();
        formatter
            .debug_struct("Batch")
            .field("expectations", &self.expectations)
            .field("puts", &puts)
            .field("deletes", &self.deletes)
            .finish()
    }
}

/// A limit that a request to the store went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// What there is too much of.
    pub what: &'static str,
    /// How much there is.
    pub count: usize,
    /// How much there may be.
    pub max: usize,
}

impl Excess {
    pub(crate) fn check(what: &'static str, count: usize, max: usize) -> Result<(), Self> {
        if count > max { Err(Self { what, count, max }) } else { Ok(()) }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}, at most {} are taken", self.count, self.what, self.max)
    }
}

/// Why rows could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The engine can't be reached or can't read now; the cause is for the operator.
    Unavailable(String),
    /// The engine read something that it can't have written.
    Corrupt(String),
    /// The request goes over a limit.
    TooLarge(Excess),
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(cause) => write!(formatter, "store is unavailable: {cause}"),
            Self::Corrupt(cause) => write!(formatter, "store is corrupt: {cause}"),
            Self::TooLarge(excess) => {
                write!(formatter, "request to the store is too large: {excess}")
            }
        }
    }
}

impl std::error::Error for StoreError {}

impl From<Excess> for StoreError {
    fn from(excess: Excess) -> Self {
        Self::TooLarge(excess)
    }
}

/// Why a batch was not, or perhaps not, applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitError {
    /// An expectation did not hold; nothing was written. Read again and try again.
    Conflict,
    /// The batch may or may not have been written; look for what it would have written.
    Unknown,
    /// Nothing was written; the cause is for the operator.
    Unavailable(String),
    /// The batch goes over a limit; nothing was written.
    TooLarge(Excess),
}

impl fmt::Display for CommitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => write!(formatter, "commit conflicts with another one"),
            Self::Unknown => write!(formatter, "outcome of the commit is unknown"),
            Self::Unavailable(cause) => write!(formatter, "store can't commit: {cause}"),
            Self::TooLarge(excess) => write!(formatter, "batch is too large: {excess}"),
        }
    }
}

impl std::error::Error for CommitError {}

impl From<Excess> for CommitError {
    fn from(excess: Excess) -> Self {
        Self::TooLarge(excess)
    }
}

/// How many expectations, puts and deletes one batch holds at most.
pub const BATCH_ROWS_MAX: usize = 1_024;
/// How many bytes of keys and values one batch holds at most.
pub const BATCH_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// How long a key is at most.
pub const KEY_BYTES_MAX: usize = 8 * 1_024;
/// How long a value is at most.
pub const VALUE_BYTES_MAX: usize = 1_024 * 1_024;
/// How many keys one read names at most.
pub const READ_KEYS_MAX: usize = 1_024;
/// How many rows one scan answers with at most.
pub const SCAN_ROWS_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::of("t", &["k"])
    }

    #[test]
    fn a_batch_at_its_limits_is_taken_and_one_over_is_not() {
        let value =
            |bytes| Batch { puts: vec![(key(), vec![0; bytes].into())], ..Batch::default() };
        assert_eq!(value(VALUE_BYTES_MAX).check(), Ok(()));
        assert!(value(VALUE_BYTES_MAX + 1).check().is_err());
        let rows = |rows| Batch { deletes: vec![key(); rows], ..Batch::default() };
        assert_eq!(rows(BATCH_ROWS_MAX).check(), Ok(()));
        assert!(rows(BATCH_ROWS_MAX + 1).check().is_err());
        let named = |bytes| {
            let expectations = vec![(Key::from_bytes(&vec![b'k'; bytes]), None)];
            Batch { expectations, ..Batch::default() }
        };
        assert_eq!(named(KEY_BYTES_MAX).check(), Ok(()));
        assert!(named(KEY_BYTES_MAX + 1).check().is_err());
        let full = BATCH_BYTES_MAX / VALUE_BYTES_MAX;
        let puts = vec![(key(), Bytes::from(vec![0; VALUE_BYTES_MAX])); full];
        assert!(Batch { puts, ..Batch::default() }.check().is_err());
    }

    #[test]
    fn values_are_not_printed() {
        let puts = vec![(key(), Bytes::from_static(b"hunter2"))];
        let printed = format!("{:?}", Batch { puts, ..Batch::default() });
        assert!(printed.contains("t|k") && !printed.contains("hunter2"), "{printed}");
        let row = Row { value: Bytes::from_static(b"hunter2"), revision: Revision::new(3) };
        assert_eq!(format!("{row:?}"), "Row(7 bytes at revision 3)");
    }
}
