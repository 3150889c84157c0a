//! What workers are asked for, and who waits for it.

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::key::prefix_end;
use crate::{
    Batch, CommitError, Direction, KEY_BYTES_MAX, Key, Revision, Row, Scan, Snapshot, StoreError,
};

/// A batch, and who waits for its outcome.
pub(crate) struct Commit {
    pub(crate) batch: Batch,
    pub(crate) answer: oneshot::Sender<Outcome>,
}

pub(crate) type Outcome = Result<Revision, CommitError>;

/// A question, and who waits for its answer.
pub(crate) enum Read {
    Keys(Vec<Key>, oneshot::Sender<Result<Vec<Option<Row>>, StoreError>>),
    Range(Range, oneshot::Sender<Result<Vec<(Key, Row)>, StoreError>>),
}

/// Where the pages of a snapshot go, one after the other; an empty one is the last.
pub(crate) type Pages = mpsc::Sender<Page>;

pub(crate) type Page = Result<Vec<(Key, Row)>, StoreError>;

/// A snapshot that a worker reads.
pub(crate) struct RemoteSnapshot(pub(crate) mpsc::Receiver<Page>);

#[async_trait]
impl Snapshot for RemoteSnapshot {
    async fn next(&mut self) -> Page {
        // A worker that ended without saying that this was all was cut off.
        self.0.recv().await.unwrap_or_else(|| Err(super::closed()))
    }
}

/// A scan: the keys from one on, to before another one.
#[derive(Clone)]
pub(crate) struct Range {
    pub(crate) from: Vec<u8>,
    pub(crate) to: Vec<u8>,
    pub(crate) rows_max: usize,
    pub(crate) direction: Direction,
}

impl Read {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Keys(keys, _) => keys.len(),
            Self::Range(range, _) => range.rows_max,
        }
    }

    pub(crate) fn refuse(self, error: StoreError) {
        // Who asks may have stopped waiting.
        match self {
            Self::Keys(_, answer) => drop(answer.send(Err(error))),
            Self::Range(_, answer) => drop(answer.send(Err(error))),
        }
    }
}

impl Range {
    /// All keys behind one, in order.
    pub(crate) fn behind(after: Option<&Key>, rows_max: usize) -> Self {
        Self::of(&Scan { prefix: &[], after, rows_max, direction: Direction::Ascending })
    }

    pub(crate) fn of(scan: &Scan<'_>) -> Self {
        let mut from = scan.prefix.to_vec();
        // Longer than any key, so that it comes after each.
        let mut to = prefix_end(scan.prefix).unwrap_or_else(|| vec![u8::MAX; KEY_BYTES_MAX + 1]);
        match (scan.after.map(Key::as_bytes), scan.direction) {
            (Some(after), Direction::Ascending) if after >= from.as_slice() => {
                from = first_after(after);
            }
            (Some(after), Direction::Descending) if after < to.as_slice() => to = after.to_vec(),
            _ => {}
        }
        Self { from, to, rows_max: scan.rows_max, direction: scan.direction }
    }
}

/// The first key after one: that one and a zero.
pub(crate) fn first_after(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}
