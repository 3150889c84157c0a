//! Writes that are staged until they are committed together.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::record::{Record, RowCipher};
use super::{TableError, codec};
use crate::{Batch, Key, Revision};

/// What one commit is to expect and write. It can read its own writes, and keeps the index rows
/// in step with the records.
#[derive(Default)]
pub struct Transaction {
    /// A key that was seen in two revisions is in here twice, and the commit conflicts.
    expectations: BTreeSet<(Key, Option<Revision>)>,
    writes: BTreeMap<Key, Write>,
}

/// What a transaction holds for a key.
#[derive(Debug)]
pub enum Staged<R> {
    /// Nothing; the store has the answer.
    Untouched,
    /// This record.
    Put(Arc<R>),
    /// The record's end.
    Deleted,
}

enum Write {
    Record(Arc<dyn StagedRecord>),
    /// An index row, which leads to this key.
    Index(Key),
    Bytes(Zeroizing<Vec<u8>>),
    Plain(Bytes),
    Delete,
}

impl Transaction {
    /// A transaction that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the commit conflict unless the row under `key` has this revision; `None` means that
    /// there must be none.
    pub fn expect(&mut self, key: &Key, revision: Option<Revision>) {
        self.expectations.insert((key.clone(), revision));
    }

    /// Stages a record and the index rows that lead to it. `old` is the record that it takes the
    /// place of, as it was read or last staged; its index rows go, unless they are still right.
    pub fn put<R: Record>(&mut self, record: impl Into<Arc<R>>, old: Option<&R>) {
        let record: Arc<R> = record.into();
        let key = record.key();
        let old_key = old.map(Record::key).filter(|old_key| *old_key != key);
        let old_indexes = old.map(Record::indexes).unwrap_or_default();
        let indexes = record.indexes();
        for gone in old_indexes.iter().filter(|old| !indexes.contains(old)) {
            self.writes.insert(gone.clone(), Write::Delete);
        }
        for index in indexes {
            // The row of an index that stays is in the store already, as long as its key did.
            let is_there = old_key.is_none() && old_indexes.contains(&index);
            let is_going = matches!(self.writes.get(&index), Some(Write::Delete));
            if !is_there || is_going {
                self.writes.insert(index, Write::Index(key.clone()));
            }
        }
        if let Some(old_key) = old_key {
            self.writes.insert(old_key, Write::Delete);
        }
        self.writes.insert(key, Write::Record(record));
    }

    /// Stages the end of a record and of its index rows.
    pub fn delete<R: Record>(&mut self, old: &R) {
        for index in old.indexes() {
            self.writes.insert(index, Write::Delete);
        }
        self.writes.insert(old.key(), Write::Delete);
    }

    /// Stages a sealed row that is no record.
    pub fn put_bytes(&mut self, key: &Key, bytes: Vec<u8>) {
        self.writes.insert(key.clone(), Write::Bytes(Zeroizing::new(bytes)));
    }

    /// Stages a row as it is, without sealing it: for the row that holds the cipher's own key.
    pub fn put_plain(&mut self, key: &Key, bytes: impl Into<Bytes>) {
        self.writes.insert(key.clone(), Write::Plain(bytes.into()));
    }

    /// Stages the end of a row that has no index rows.
    pub fn delete_key(&mut self, key: &Key) {
        self.writes.insert(key.clone(), Write::Delete);
    }

    /// What is staged for a record, so that a transaction reads its own writes.
    pub fn staged_get<R: Record>(&self, key: &Key) -> Staged<R> {
        match self.writes.get(key) {
            Some(Write::Record(record)) => {
                let record = Arc::clone(record).into_any().downcast::<R>();
                debug_assert!(record.is_ok(), "{key} is staged as another type");
                record.map_or(Staged::Untouched, Staged::Put)
            }
            Some(Write::Delete) => Staged::Deleted,
            Some(Write::Index(_) | Write::Bytes(_) | Write::Plain(_)) | None => Staged::Untouched,
        }
    }

    /// Whether something is expected of a key.
    pub fn expects(&self, key: &Key) -> bool {
        let from = (key.clone(), None);
        self.expectations.range(from..).next().is_some_and(|(expected, _)| expected == key)
    }

    /// Whether nothing is staged and nothing expected.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.expectations.is_empty()
    }

    /// Whether nothing is staged.
    pub fn is_read_only(&self) -> bool {
        self.writes.is_empty()
    }

    /// Encodes and seals what is staged.
    pub(super) fn seal(self, cipher: &dyn RowCipher) -> Result<Batch, TableError> {
        let mut batch =
            Batch { expectations: self.expectations.into_iter().collect(), ..Batch::default() };
        for (key, write) in self.writes {
            let sealed = match write {
                Write::Record(record) => record.seal(cipher, &key)?,
                Write::Index(primary) => codec::seal_bytes(cipher, &key, primary.as_bytes())?,
                Write::Bytes(bytes) => codec::seal_bytes(cipher, &key, &bytes)?,
                Write::Plain(bytes) => {
                    batch.puts.push((key, bytes));
                    continue;
                }
                Write::Delete => {
                    batch.deletes.push(key);
                    continue;
                }
            };
            batch.puts.push((key, sealed.into()));
        }
        Ok(batch)
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Transaction")
            .field("expectations", &self.expectations)
            .field("writes", &self.writes.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// A record of any type, as a transaction holds it.
trait StagedRecord: Send + Sync {
    fn seal(&self, cipher: &dyn RowCipher, key: &Key) -> Result<Vec<u8>, TableError>;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<R: Record> StagedRecord for R {
    fn seal(&self, cipher: &dyn RowCipher, key: &Key) -> Result<Vec<u8>, TableError> {
        codec::seal(cipher, key, self)
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
