//! Reads: from one revision, in answers that are not too long.

use std::sync::Arc;

use bytes::Bytes;

use super::failure::Failure;
use super::layout::{Layout, of_one, range};
use super::link::Link;
use super::messages::{KeyValue, RangeRequest, RangeResponse, SortOrder, TxnRequest};
use crate::remote::queue::Queue;
use crate::remote::requests::{Range, Read, first_after};
use crate::{Direction, Key, Revision, Row, StoreError};

/// Reads what is asked, until nothing more can be.
pub(super) async fn run(queue: Arc<Queue<Read>>, link: Arc<Link>) {
    while let Some(read) = queue.take(1, 1, |_| 1).await.pop() {
        // Who asks may have stopped waiting.
        match read {
            Read::Keys(keys, answer) => drop(answer.send(keys_of(&link, &keys).await)),
            Read::Range(range, answer) => drop(answer.send(range_of(&link, &range).await)),
        }
    }
}

async fn keys_of(link: &Link, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
    for _ in 0..COMPACTIONS_MAX {
        match read(link, keys).await {
            Err(Failure::Compacted) => {}
            read => return read.map_err(refused)?,
        }
    }
    Err(refused(Failure::Compacted))
}

async fn range_of(link: &Link, range: &Range) -> Result<Vec<(Key, Row)>, StoreError> {
    for _ in 0..COMPACTIONS_MAX {
        match scan(link, range).await {
            Err(Failure::Compacted) => {}
            scanned => return scanned.map_err(refused)?,
        }
    }
    Err(refused(Failure::Compacted))
}

fn refused(failure: Failure) -> StoreError {
    StoreError::Unavailable(failure.cause())
}

/// Reads some keys after the others, all as they were when the first ones were read.
async fn read(link: &Link, keys: &[Key]) -> Result<Result<Vec<Option<Row>>, StoreError>, Failure> {
    let layout = &link.cluster.layout;
    let mut revision = NOW;
    let mut rows = Vec::with_capacity(keys.len());
    for page in keys.chunks(PAGE_ROWS_MIN) {
        let of = |key: &Key| RangeRequest { revision, ..of_one(layout.row(key.as_bytes())) };
        let success = page.iter().map(|key| range(of(key))).collect();
        let question = TxnRequest { success, ..TxnRequest::default() };
        let answer = link.read(&question, PAGE_BYTES_MAX).await?;
        if revision == NOW {
            revision = answer.header.map_or(NOW, |header| header.revision);
        }
        if answer.responses.len() != page.len() {
            return Err(Failure::Unclear("an answer is not about what was asked".to_owned()));
        }
        for response in answer.responses {
            let found = response.range.and_then(|range| range.kvs.into_iter().next());
            match found.map(row).transpose() {
                Ok(row) => rows.push(row),
                Err(error) => return Ok(Err(error)),
            }
        }
    }
    Ok(Ok(rows))
}

/// Scans page by page, all as it was when the first one was read.
async fn scan(link: &Link, range: &Range) -> Result<Result<Vec<(Key, Row)>, StoreError>, Failure> {
    let mut pages = RangePages::of(&link.cluster.layout, range);
    let mut rows: Vec<(Key, Row)> = Vec::new();
    // To etcd the limit of 0 is none.
    while rows.len() < range.rows_max {
        match pages.next(link, range.rows_max - rows.len()).await? {
            Ok(page) if page.is_empty() => break,
            Ok(page) => rows.extend(page),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(rows))
}

/// The rows of a range in pages, all as they were when the first one was read.
pub(super) struct RangePages {
    question: RangeRequest,
    direction: Direction,
    page_rows: usize,
    is_over: bool,
}

impl RangePages {
    pub(super) fn of(layout: &Layout, range: &Range) -> Self {
        let question = RangeRequest {
            key: layout.row(&range.from),
            range_end: layout.row(&range.to),
            sort_order: match range.direction {
                Direction::Ascending => SortOrder::None.into(),
                Direction::Descending => SortOrder::Descend.into(),
            },
            ..RangeRequest::default()
        };
        let is_over = question.key >= question.range_end;
        Self { question, direction: range.direction, page_rows: PAGE_ROWS_FIRST, is_over }
    }

    /// The next page, of so many rows at most and one at least; an empty one is the end.
    pub(super) async fn next(
        &mut self,
        link: &Link,
        rows_max: usize,
    ) -> Result<Result<Vec<(Key, Row)>, StoreError>, Failure> {
        if self.is_over {
            return Ok(Ok(Vec::new()));
        }
        let page = self.ask(link, rows_max).await?;
        if self.question.revision == NOW {
            self.question.revision = page.header.map_or(NOW, |header| header.revision);
        }
        self.page_rows = next_page_rows(&page);
        let end = page.kvs.last().map(|last| last.key.clone());
        match (end, self.direction) {
            (Some(end), Direction::Ascending) if page.more => self.question.key = first_after(&end),
            (Some(end), Direction::Descending) if page.more => self.question.range_end = end,
            _ => self.is_over = true,
        }
        self.is_over |= self.question.key >= self.question.range_end;
        let layout = &link.cluster.layout;
        let mut rows = Vec::with_capacity(page.kvs.len());
        for found in page.kvs {
            let key = layout.key_of(&found.key);
            let key =
                key.ok_or_else(|| Failure::Unclear("a row is of another store".to_owned()))?;
            match row(found) {
                Ok(row) => rows.push((key, row)),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(rows))
    }

    async fn ask(&mut self, link: &Link, rows_max: usize) -> Result<RangeResponse, Failure> {
        loop {
            let limit = self.page_rows.min(rows_max).max(1);
            self.question.limit = i64::try_from(limit).unwrap_or(1);
            match link.read(&self.question, PAGE_BYTES_MAX).await {
                Err(Failure::TooLong) if self.page_rows > PAGE_ROWS_MIN => {
                    self.page_rows = PAGE_ROWS_MIN;
                }
                page => return page,
            }
        }
    }
}

/// So many rows as should not be longer than one page, going by this one.
fn next_page_rows(page: &RangeResponse) -> usize {
    let bytes: usize = page.kvs.iter().map(|row| row.key.len() + row.value.len()).sum();
    let row_bytes = (bytes / page.kvs.len().max(1)).max(1);
    (PAGE_BYTES / row_bytes).clamp(PAGE_ROWS_MIN, PAGE_ROWS_MAX)
}

fn row(found: KeyValue) -> Result<Row, StoreError> {
    match u64::try_from(found.mod_revision) {
        Ok(revision) => {
            Ok(Row { value: Bytes::from(found.value), revision: Revision::new(revision) })
        }
        Err(_) => Err(StoreError::Corrupt("a row has a revision below zero".to_owned())),
    }
}

/// The revision that etcd takes for the present one.
const NOW: i64 = 0;
/// How often one read begins anew because its revision was compacted in the meantime.
const COMPACTIONS_MAX: usize = 3;
/// So few that they always fit into one page.
const PAGE_ROWS_MIN: usize = 64;
const PAGE_ROWS_FIRST: usize = 256;
const PAGE_ROWS_MAX: usize = 1_024;
/// How long a page should be, and how long it may be: [`PAGE_ROWS_MIN`] of the longest rows.
const PAGE_BYTES: usize = 8 * 1_024 * 1_024;
const PAGE_BYTES_MAX: usize = 72 * 1_024 * 1_024;
