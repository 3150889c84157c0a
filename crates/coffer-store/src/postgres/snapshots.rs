//! Snapshots of all rows: a transaction that sees one moment, on a connection made for it.

use std::sync::Arc;

use super::link::{Failure, Link};
use super::{reads, statements};
use crate::StoreError;
use crate::remote::queue::Queue;
use crate::remote::requests::{Pages, Range};

/// What the connection of snapshots is for.
pub(super) const STATEMENTS: &[&str] = &[statements::SCAN_ASCENDING];

/// Takes the snapshots that are asked for, one after the other, until none can be any more.
pub(super) async fn run(queue: Arc<Queue<Pages>>, mut link: Link) {
    while let Some(pages) = queue.take(1, 1, |_| 1).await.pop() {
        let copied = copy(&mut link, &pages).await;
        // Its transaction ends with it, whatever came of that.
        link.give_up();
        if let Err(error) = copied {
            drop(pages.send(Err(error)).await);
        }
    }
}

async fn copy(link: &mut Link, pages: &Pages) -> Result<(), StoreError> {
    let refused = |failure: Failure| StoreError::Unavailable(failure.cause());
    let session = link.session().await.map_err(refused)?;
    let begun = session.client.batch_execute(statements::BEGIN_SNAPSHOT).await;
    begun.map_err(|error| refused(error.into()))?;
    let mut last = None;
    loop {
        let range = Range::behind(last.as_ref(), PAGE_ROWS);
        let rows = reads::scan(session, &range).await.map_err(refused)??;
        let is_over = rows.is_empty();
        last = rows.last().map(|(key, _)| key.clone());
        // Who asked may have stopped waiting.
        if pages.send(Ok(rows)).await.is_err() || is_over {
            return Ok(());
        }
    }
}

/// With the longest values, 64 MiB.
const PAGE_ROWS: usize = 64;
