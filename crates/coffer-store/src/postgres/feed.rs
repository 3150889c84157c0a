//! What other nodes have changed: asked for again and again, so that caches are never older than a
//! known time, and used only as long as that is so.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::link::{Failure, Link};
use super::statements;
use crate::remote::freshness::{FRESH_FOR, now};
use crate::remote::tidings::Tidings;
use crate::{Key, Revision};

/// What the connection is for.
pub(super) const STATEMENTS: &[&str] =
    &[statements::SNAPSHOT, statements::CHANGES, statements::FORGET_CHANGES];

/// Follows the changes until the store closes.
pub(super) async fn run(tidings: Arc<Tidings>, mut link: Link, mut closing: watch::Receiver<bool>) {
    let follow = async {
        loop {
            if let Err(failure) = follow(&tidings, &mut link).await {
                tidings.freshness.end();
                link.give_up();
                tracing::warn!(cause = failure.cause(), "changes of other nodes are not heard of");
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = follow => {}
        _ = closing.wait_for(|is_closing| *is_closing) => tidings.freshness.end(),
    }
}

/// Follows the changes from now on, for as long as none can be missed.
async fn follow(tidings: &Tidings, link: &mut Link) -> Result<(), Failure> {
    let session = link.session().await?;
    tidings.forget_told();
    let mut seen_at = now();
    let row = session.query(statements::SNAPSHOT, &[]).await?;
    let snapshot = row.first().map(|row| row.try_get::<_, String>(0)).transpose()?;
    let mut snapshot = snapshot.unwrap_or_default();
    // What was read before the snapshot may be older than it.
    tidings.forget_all();
    tidings.freshness.extend(seen_at);
    let mut polls: u32 = 0;
    loop {
        tokio::time::sleep(PAUSE).await;
        let began = now();
        if began.duration_since(seen_at) > KEPT_FOR / 2 {
            // This process stood still, and changes may have been forgotten in the meantime.
            tidings.freshness.end();
            return Ok(());
        }
        let rows = timeout(FRESH_FOR, session.query(statements::CHANGES, &[&snapshot])).await;
        let rows = rows.map_err(|_| Failure::Unclear("no answer in time".to_owned()))??;
        for row in &rows {
            snapshot = row.try_get(0)?;
            if let Some(node) = row.try_get::<_, Option<i64>>(1)? {
                let (revision, keys): (i64, Vec<&[u8]>) = (row.try_get(2)?, row.try_get(3)?);
                let revision = Revision::new(u64::try_from(revision).unwrap_or(0));
                let keys: Vec<Key> = keys.into_iter().map(Key::from_bytes).collect();
                tidings.hear(node, &keys, revision);
            }
        }
        seen_at = began;
        tidings.freshness.extend(seen_at);
        polls = polls.wrapping_add(1);
        if polls.is_multiple_of(FORGET_EVERY) {
            session.query(statements::FORGET_CHANGES, &[]).await?;
        }
    }
}

/// How long nothing is asked between two questions.
const PAUSE: Duration = Duration::from_millis(100);
/// How long changes are kept, as the statement says.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// After how many questions what is older is forgotten.
const FORGET_EVERY: u32 = 100;
