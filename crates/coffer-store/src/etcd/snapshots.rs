//! Snapshots of all rows: those of one revision of the cluster's.

use std::sync::Arc;

use super::failure::Failure;
use super::link::Link;
use super::reads::RangePages;
use crate::StoreError;
use crate::remote::queue::Queue;
use crate::remote::requests::{Pages, Range};

/// Takes the snapshots that are asked for, one after the other, until none can be any more.
pub(super) async fn run(queue: Arc<Queue<Pages>>, link: Link) {
    while let Some(pages) = queue.take(1, 1, |_| 1).await.pop() {
        if let Err(error) = copy(&link, &pages).await {
            drop(pages.send(Err(error)).await);
        }
    }
}

async fn copy(link: &Link, pages: &Pages) -> Result<(), StoreError> {
    let mut all = RangePages::of(&link.cluster.layout, &Range::behind(None, usize::MAX));
    loop {
        let rows = all.next(link, usize::MAX).await.map_err(refused)??;
        let is_over = rows.is_empty();
        // Who asked may have stopped waiting.
        if pages.send(Ok(rows)).await.is_err() || is_over {
            return Ok(());
        }
    }
}

fn refused(failure: Failure) -> StoreError {
    StoreError::Unavailable(match failure {
        Failure::Compacted => COMPACTED.to_owned(),
        failure => failure.cause(),
    })
}

const COMPACTED: &str = "the cluster has compacted the revision that was being read; have it keep \
                         revisions for longer (--auto-compaction-retention)";
