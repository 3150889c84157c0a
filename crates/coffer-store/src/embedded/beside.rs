//! Reads a store beside the process that has it open.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::Connection;

use super::directory::STORE_FILE;
use super::snapshot::EmbeddedSnapshot;
use super::{EmbeddedOptions, OpenCause, OpenError, connection};
use crate::{
    Batch, CommitError, Excess, Key, Observer, READ_KEYS_MAX, Revision, Row, SCAN_ROWS_MAX, Scan,
    Snapshot, Store, StoreError,
};

/// An embedded store that is only looked at: it takes no lock and no commit, so it can be opened
/// while a server has it open.
pub struct Beside {
    connection: Mutex<Connection>,
    options: EmbeddedOptions,
}

impl Beside {
    /// Opens the store in a directory where there is one.
    ///
    /// # Errors
    /// No store, or one that cannot be read.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, OpenError> {
        let directory = directory.as_ref();
        let failed = |cause: OpenCause| OpenError { directory: directory.to_owned(), cause };
        let file = directory.join(STORE_FILE);
        if !file.is_file() {
            return Err(failed(OpenCause::Io("there is no store in it".to_owned())));
        }
        let options = EmbeddedOptions::new(directory);
        let opened = connection::open_reader(&file, &options);
        let connection = opened.map_err(|error| failed(error.into()))?;
        Ok(Self { connection: Mutex::new(connection), options })
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        read(&connection).map_err(StoreError::from)
    }
}

#[async_trait]
impl Store for Beside {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        Excess::check("keys in a read", keys.len(), READ_KEYS_MAX)?;
        self.with(|connection| connection::read(connection, keys))
    }

    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
        Excess::check("rows in a scan", scan.rows_max, SCAN_ROWS_MAX)?;
        self.with(|connection| connection::scan(connection, &scan))
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let file = self.options.directory.join(STORE_FILE);
        Ok(Box::new(EmbeddedSnapshot::take(&file, &self.options)?))
    }

    async fn commit(&self, _: Batch) -> Result<Revision, CommitError> {
        Err(CommitError::Unavailable("the store is only looked at".to_owned()))
    }

    fn watch(&self, _: Arc<dyn Observer>) {}

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
