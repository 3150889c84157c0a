//! A snapshot of all rows, on a connection of its own that holds it open.

use std::path::Path;

use async_trait::async_trait;
use rusqlite::Connection;

use super::{EmbeddedOptions, connection};
use crate::{Direction, Key, Row, Scan, Snapshot, StoreError};

/// All rows as they were when it was taken. The write-ahead log cannot be begun afresh until it is
/// dropped.
pub(super) struct EmbeddedSnapshot {
    connection: Connection,
    last: Option<Key>,
}

impl EmbeddedSnapshot {
    /// Takes it now.
    pub(super) fn take(file: &Path, options: &EmbeddedOptions) -> Result<Self, StoreError> {
        let connection = connection::open_reader(file, options)?;
        connection::execute(&connection, "BEGIN")?;
        let snapshot = Self { connection, last: None };
        // It is the first statement that reads which settles what is seen.
        snapshot.page(1)?;
        Ok(snapshot)
    }

    fn page(&self, rows_max: usize) -> Result<Vec<(Key, Row)>, StoreError> {
        let (after, direction) = (self.last.as_ref(), Direction::Ascending);
        let scan = Scan { prefix: &[], after, rows_max, direction };
        Ok(connection::scan(&self.connection, &scan)?)
    }
}

#[async_trait]
impl Snapshot for EmbeddedSnapshot {
    async fn next(&mut self) -> Result<Vec<(Key, Row)>, StoreError> {
        let page = self.page(PAGE_ROWS)?;
        if let Some((key, _)) = page.last() {
            self.last = Some(key.clone());
        }
        Ok(page)
    }
}

/// With the longest values, 64 MiB.
const PAGE_ROWS: usize = 64;
