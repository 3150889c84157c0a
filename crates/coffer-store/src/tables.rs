//! Typed tables above the engines: records, their indexes, sealing, and a cache.

mod cache;
mod codec;
mod record;
mod transaction;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use self::cache::{RecordCache, Ticket};
#[cfg(feature = "conformance")]
pub(crate) use self::codec::{decode, encode};
pub use self::record::{CipherError, DecodeError, Record, RowCipher};
pub use self::transaction::{Staged, Transaction};
use crate::{CommitError, Direction, Key, Revision, Row, Scan, Store, StoreError};

/// The records of a store, opened and decoded.
///
/// Reads go through a bounded cache, for as long as the engine says that it is fresh. What is committed
/// through these tables is visible here at once.
pub struct Tables {
    store: Arc<dyn Store>,
    cipher: Arc<dyn RowCipher>,
    cache: Arc<RecordCache>,
}

/// How much the cache of decoded records may hold.
#[derive(Clone, Copy, Debug)]
pub struct CacheLimits {
    /// How many bytes, by estimate.
    pub bytes_max: usize,
    /// How many records, absent ones included; with 0 each read goes to the engine.
    pub records_max: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { bytes_max: 64 << 20, records_max: 200_000 }
    }
}

/// What the cache has been good for since the start, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Looks that found what they looked for.
    pub hits: u64,
    /// Looks that did not, and reads of the engine instead.
    pub misses: u64,
    /// How many bytes it holds, by estimate.
    pub bytes: usize,
    /// How many records, absent ones included.
    pub records: usize,
}

/// What is under a key, and the revision that a commit can expect there.
#[derive(Debug)]
pub struct Versioned<R: ?Sized> {
    /// The record, if there is one.
    pub record: Option<Arc<R>>,
    /// The commit that wrote it; `None` means that there is no record.
    pub revision: Option<Revision>,
}

impl<R: ?Sized> Versioned<R> {
    const ABSENT: Self = Self { record: None, revision: None };
}

impl<R: ?Sized> Clone for Versioned<R> {
    fn clone(&self) -> Self {
        Self { record: self.record.clone(), revision: self.revision }
    }
}

impl Tables {
    /// Lays tables over a store, with a cache of the usual size.
    pub fn new(store: Arc<dyn Store>, cipher: Arc<dyn RowCipher>) -> Self {
        Self::with_cache(store, cipher, CacheLimits::default())
    }

    /// Lays tables over a store, with a cache of this size.
    pub fn with_cache(
        store: Arc<dyn Store>,
        cipher: Arc<dyn RowCipher>,
        limits: CacheLimits,
    ) -> Self {
        let cache = Arc::new(RecordCache::new(limits));
        store.watch(Arc::<RecordCache>::clone(&cache));
        Self { store, cipher, cache }
    }

    /// The engine below, for what is no record.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What the cache has been good for.
    pub fn cache_counts(&self) -> CacheCounts {
        self.cache.counts()
    }

    /// Reads a record, from the cache if it is there.
    pub async fn get<R: Record>(&self, key: &Key) -> Result<Versioned<R>, TableError> {
        if let Some(versioned) = self.cached(key) {
            return Ok(versioned);
        }
        self.get_fresh(key).await
    }

    /// Reads a record from the engine.
    pub async fn get_fresh<R: Record>(&self, key: &Key) -> Result<Versioned<R>, TableError> {
        let ticket = self.cache.ticket();
        let rows = self.store.read(std::slice::from_ref(key)).await?;
        self.admit(key, rows.into_iter().next().flatten(), ticket)
    }

    /// Reads records in the order of `keys`; those that are not in the cache come from one
    /// snapshot. Only expectations make sure that all of them are of one time.
    pub async fn get_many<R: Record>(&self, keys: &[Key]) -> Result<Vec<Versioned<R>>, TableError> {
        let cached: Vec<Option<Versioned<R>>> = keys.iter().map(|key| self.cached(key)).collect();
        let is_missed = |(key, cached): (&Key, &Option<_>)| cached.is_none().then(|| key.clone());
        let missed: Vec<Key> = keys.iter().zip(&cached).filter_map(is_missed).collect();
        if missed.is_empty() {
            return Ok(cached.into_iter().flatten().collect());
        }
        let ticket = self.cache.ticket();
        let mut rows = missed.iter().zip(self.store.read(&missed).await?);
        let fill = |cached: Option<Versioned<R>>| match cached {
            Some(versioned) => Ok(versioned),
            None => match rows.next() {
                Some((key, row)) => self.admit(key, row, ticket),
                None => Err(StoreError::Corrupt("a read left rows out".to_owned()).into()),
            },
        };
        cached.into_iter().map(fill).collect()
    }

    /// Reads the records under a prefix, in key order; see [`Scan`] for the parameters.
    pub async fn scan<R: Record>(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        rows_max: usize,
        direction: Direction,
    ) -> Result<Vec<(Key, Arc<R>, Revision)>, TableError> {
        let rows = self.scan_each::<R>(prefix, after, rows_max, direction).await?;
        rows.into_iter()
            .map(|(key, found)| found.map(|(record, revision)| (key, record, revision)))
            .collect()
    }

    /// Reads the records under a prefix as [`Tables::scan`] does; a row that cannot be read leaves
    /// the others to be read.
    pub async fn scan_each<R: Record>(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        rows_max: usize,
        direction: Direction,
    ) -> Result<Vec<Found<R>>, TableError> {
        let ticket = self.cache.ticket();
        let rows = self.store.scan(Scan { prefix, after, rows_max, direction }).await?;
        let open = |(key, row): (Key, Row)| {
            let revision = row.revision;
            // A record that is cached in this very revision need not be opened again.
            let known = self.cached::<R>(&key).filter(|known| known.revision == Some(revision));
            let record = match known.and_then(|known| known.record) {
                Some(record) => Ok(record),
                None => self.open(&key, &row, ticket),
            };
            (key, record.map(|record| (record, revision)))
        };
        Ok(rows.into_iter().map(open).collect())
    }

    /// Reads the index rows under a prefix: each one's key, and the key of the record that it
    /// leads to.
    pub async fn scan_keys(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        rows_max: usize,
        direction: Direction,
    ) -> Result<Vec<(Key, Key)>, TableError> {
        let rows = self.store.scan(Scan { prefix, after, rows_max, direction }).await?;
        let open = |(index, row): (Key, Row)| {
            let primary = codec::open_bytes(&*self.cipher, &index, &row.value)?;
            Ok((index, Key::from_bytes(&primary)))
        };
        rows.into_iter().map(open).collect()
    }

    /// Reads a row that was staged with [`Transaction::put_bytes`], past the cache.
    pub async fn get_bytes(&self, key: &Key) -> Result<Option<(Vec<u8>, Revision)>, TableError> {
        let rows = self.store.read(std::slice::from_ref(key)).await?;
        let Some(row) = rows.into_iter().next().flatten() else { return Ok(None) };
        let mut plain = codec::open_bytes(&*self.cipher, key, &row.value)?;
        Ok(Some((std::mem::take(&mut *plain), row.revision)))
    }

    /// Reads the rows under a prefix that were staged with [`Transaction::put_bytes`].
    pub async fn scan_bytes(
        &self,
        prefix: &[u8],
        after: Option<&Key>,
        rows_max: usize,
        direction: Direction,
    ) -> Result<Vec<(Key, Vec<u8>, Revision)>, TableError> {
        let rows = self.store.scan(Scan { prefix, after, rows_max, direction }).await?;
        let open = |(key, row): (Key, Row)| {
            let mut plain = codec::open_bytes(&*self.cipher, &key, &row.value)?;
            Ok((key, std::mem::take(&mut *plain), row.revision))
        };
        rows.into_iter().map(open).collect()
    }

    /// Commits what a transaction has staged, all of it or nothing.
    ///
    /// After a conflict the records that were expected are read afresh, so a second try sees
    /// what the first one missed.
    pub async fn commit(&self, transaction: Transaction) -> Result<Revision, CommitError> {
        let batch = transaction.seal(&*self.cipher).map_err(|error| {
            // A record that can't be encoded or sealed leaves nothing written.
            CommitError::Unavailable(error.to_string())
        })?;
        let expected: Vec<Key> = batch.expectations.iter().map(|(key, _)| key.clone()).collect();
        let changed = batch.changed_keys();
        let outcome = self.store.commit(batch).await;
        match &outcome {
            Ok(_) | Err(CommitError::Unknown) => self.cache.forget(&changed),
            Err(CommitError::Conflict) => self.cache.forget(&expected),
            Err(CommitError::Unavailable(_) | CommitError::TooLarge(_)) => {}
        }
        outcome
    }

    fn cached<R: Record>(&self, key: &Key) -> Option<Versioned<R>> {
        if !self.store.is_fresh() {
            return None;
        }
        let cached = self.cache.get(key)?;
        let record = match cached.record {
            Some(record) => Some(record.downcast::<R>().ok()?),
            None => None,
        };
        Some(Versioned { record, revision: cached.revision })
    }

    /// Takes what the engine has under a key into the cache.
    fn admit<R: Record>(
        &self,
        key: &Key,
        row: Option<Row>,
        ticket: Ticket,
    ) -> Result<Versioned<R>, TableError> {
        let Some(row) = row else {
            self.cache.put(key, Versioned::ABSENT, 0, ticket);
            return Ok(Versioned::ABSENT);
        };
        let record = self.open(key, &row, ticket)?;
        Ok(Versioned { record: Some(record), revision: Some(row.revision) })
    }

    fn open<R: Record>(&self, key: &Key, row: &Row, ticket: Ticket) -> Result<Arc<R>, TableError> {
        let record: Arc<R> = Arc::new(codec::open(&*self.cipher, key, &row.value)?);
        let shared: Arc<dyn Any + Send + Sync> = Arc::<R>::clone(&record);
        let versioned = Versioned { record: Some(shared), revision: Some(row.revision) };
        self.cache.put(key, versioned, row.value.len(), ticket);
        Ok(record)
    }
}

/// A row that a scan came by: its key, and its record or why that cannot be read.
pub type Found<R> = (Key, Result<(Arc<R>, Revision), TableError>);

/// Why a record could not be read or prepared for a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// The engine failed.
    Store(StoreError),
    /// The row under this key could not be sealed or opened.
    Cipher(Key, CipherError),
    /// The row under this key could not be encoded or decoded.
    Decode(Key, DecodeError),
}

impl fmt::Display for TableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(formatter),
            Self::Cipher(key, error) => write!(formatter, "cipher refused row `{key}`: {error}"),
            Self::Decode(key, error) => write!(formatter, "row `{key}` is no record: {error}"),
        }
    }
}

impl std::error::Error for TableError {}

impl From<StoreError> for TableError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[cfg(test)]
mod tests;
