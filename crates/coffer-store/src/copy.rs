//! Copies rows, and compares what is there: what a migration and a restore have in common.

use std::cmp::Ordering;
use std::collections::VecDeque;

use async_trait::async_trait;

use crate::{
    BATCH_BYTES_MAX, BATCH_ROWS_MAX, Batch, CommitError, Direction, Key, MigrateError, Migrated,
    Row, Scan, Snapshot, Store, StoreError,
};

/// Goes through the rows of a source and of a target side by side, and makes the target like the source.
pub(crate) async fn copy(
    mut source: Rows<'_>,
    mut target: Rows<'_>,
    to: &dyn Store,
) -> Result<Migrated, MigrateError> {
    let (mut done, mut staged) = (Migrated::default(), Staged::default());
    loop {
        let order = match (source.first().await?, target.first().await?) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((ours, _)), Some((theirs, _))) => ours.cmp(theirs),
        };
        match order {
            Ordering::Less => {
                let Some((key, row)) = source.take() else { break };
                (done.rows, done.written) = (done.rows + 1, done.written + 1);
                staged.put(to, key, row).await?;
            }
            Ordering::Greater => {
                let Some((key, _)) = target.take() else { break };
                done.removed += 1;
                staged.delete(to, key).await?;
            }
            Ordering::Equal => {
                let (Some((key, row)), Some((_, theirs))) = (source.take(), target.take()) else {
                    break;
                };
                done.rows += 1;
                if row.value != theirs.value {
                    done.written += 1;
                    staged.put(to, key, row).await?;
                }
            }
        }
    }
    staged.commit(to).await?;
    Ok(done)
}

/// Rows in order, a page at a time.
pub(crate) struct Rows<'a> {
    pages: Box<dyn Snapshot + 'a>,
    page: VecDeque<(Key, Row)>,
    is_over: bool,
    set_apart: Option<&'a Key>,
}

impl<'a> Rows<'a> {
    /// Those of a store, each page of it as it is when it is read.
    pub(crate) fn of(store: &'a dyn Store) -> Self {
        Self::of_snapshot(Box::new(Scans { store, last: None }))
    }

    /// Those of a snapshot.
    pub(crate) fn of_snapshot(pages: Box<dyn Snapshot + 'a>) -> Self {
        Self { pages, page: VecDeque::new(), is_over: false, set_apart: None }
    }

    /// The same without one, which is not looked at.
    pub(crate) fn without(self, key: &'a Key) -> Self {
        Self { set_apart: Some(key), ..self }
    }

    async fn first(&mut self) -> Result<Option<&(Key, Row)>, StoreError> {
        while self.page.is_empty() && !self.is_over {
            let mut page: VecDeque<_> = self.pages.next().await?.into();
            self.is_over = page.is_empty();
            if let Some(apart) = self.set_apart {
                page.retain(|(key, _)| key != apart);
            }
            self.page = page;
        }
        Ok(self.page.front())
    }

    fn take(&mut self) -> Option<(Key, Row)> {
        self.page.pop_front()
    }
}

/// The pages of a store by scans.
struct Scans<'a> {
    store: &'a dyn Store,
    last: Option<Key>,
}

#[async_trait]
impl Snapshot for Scans<'_> {
    async fn next(&mut self) -> Result<Vec<(Key, Row)>, StoreError> {
        let scan = Scan {
            prefix: &[],
            after: self.last.as_ref(),
            rows_max: PAGE_ROWS,
            direction: Direction::Ascending,
        };
        let page = self.store.scan(scan).await?;
        if let Some((key, _)) = page.last() {
            self.last = Some(key.clone());
        }
        Ok(page)
    }
}

/// What is to be written next, as much as one commit takes.
#[derive(Default)]
struct Staged(Batch);

impl Staged {
    async fn put(&mut self, to: &dyn Store, key: Key, row: Row) -> Result<(), MigrateError> {
        self.make_room(to, key.as_bytes().len() + row.value.len()).await?;
        self.0.puts.push((key, row.value));
        Ok(())
    }

    async fn delete(&mut self, to: &dyn Store, key: Key) -> Result<(), MigrateError> {
        self.make_room(to, key.as_bytes().len()).await?;
        self.0.deletes.push(key);
        Ok(())
    }

    async fn make_room(&mut self, to: &dyn Store, bytes: usize) -> Result<(), MigrateError> {
        let rows = self.0.puts.len() + self.0.deletes.len();
        if rows >= BATCH_ROWS_MAX || self.0.bytes() + bytes > BATCH_BYTES_MAX {
            self.commit(to).await?;
        }
        Ok(())
    }

    async fn commit(&mut self, to: &dyn Store) -> Result<(), MigrateError> {
        let batch = std::mem::take(&mut self.0);
        if batch.is_read_only() {
            return Ok(());
        }
        match to.commit(batch).await {
            // The next pass sees whether it is there.
            Ok(_) | Err(CommitError::Unknown) => Ok(()),
            Err(error) => Err(MigrateError::Failed(error.to_string())),
        }
    }
}

/// Rows that are read at once: with the longest values, a quarter of a gigabyte.
const PAGE_ROWS: usize = 256;
