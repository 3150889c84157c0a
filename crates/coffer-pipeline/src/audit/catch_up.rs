//! What a crash came between: a commit stands, and the journal was not told of it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record};

use super::AuditRecord;
use super::slice::{batches, before};
use super::trail::Trail;
use crate::context::Scope;
use crate::world::World;

/// Tells the journal of the last changes that it does not know of; gives how many records they left.
/// To be called when all of the journal has been shipped, and before any request.
///
/// A change is told of right after its commit, so a crash can only come before those that were in
/// flight: what is looked at are the seconds before the last change.
///
/// # Errors
/// A store that cannot be read, or a journal that takes no record.
pub async fn catch_up(world: &World, trail: &Trail) -> Result<usize, Fault> {
    let changes = last_changes(world).await?;
    let Some(last) = changes.first().map(|newest| newest.event_time) else { return Ok(0) };
    let since = last.minus(LOOKED_AT);
    let mut by_scope: BTreeMap<_, Vec<Arc<AuditRecord>>> = BTreeMap::new();
    for change in changes {
        let scope = (change.recipient_account_id, change.aws_region.clone());
        by_scope.entry(scope).or_default().push(change);
    }
    let mut missing = 0;
    for ((account, region), changes) in by_scope {
        let known = shipped(world, &Scope { account, region }, since, last).await?;
        let untold = changes.iter().map(Arc::as_ref);
        let untold = untold.filter(|change| !known.contains(&change.event_id()));
        let untold: Vec<&AuditRecord> = untold.collect();
        missing += untold.len();
        trail.append_changes(untold).map_err(Fault::unavailable)?;
    }
    Ok(missing)
}

/// The records of the last changes, newest first.
async fn last_changes(world: &World) -> Result<Vec<Arc<AuditRecord>>, Fault> {
    let prefix = Key::of(AuditRecord::TABLE, &[]).prefix();
    let mut changes: Vec<Arc<AuditRecord>> = Vec::new();
    let mut before: Option<Key> = None;
    while changes.len() < CHANGES_MAX {
        let order = Direction::Descending;
        let rows = &world.tables;
        let rows = rows.scan_each::<AuditRecord>(&prefix, before.as_ref(), ROWS_AT_ONCE, order);
        let rows = rows.await.map_err(Fault::unavailable)?;
        let is_end = rows.len() < ROWS_AT_ONCE;
        before = rows.last().map(|(key, _)| key.clone());
        for (key, row) in rows {
            match row {
                Ok((record, _)) => changes.push(record),
                Err(error) => tracing::warn!(%error, %key, "an audit record cannot be read"),
            }
        }
        let times = (changes.first(), changes.last());
        let (Some(newest), Some(oldest)) = times else { break };
        if is_end || newest.event_time.since(oldest.event_time) > LOOKED_AT {
            break;
        }
    }
    let newest = changes.first().map(|newest| newest.event_time);
    changes.retain(|change| newest.is_some_and(|it| it.since(change.event_time) <= LOOKED_AT));
    Ok(changes)
}

/// The ids of the events of an account and region that the journal has told the store of.
async fn shipped(
    world: &World,
    scope: &Scope,
    since: Timestamp,
    last: Timestamp,
) -> Result<HashSet<String>, Fault> {
    let (mut known, mut from) = (HashSet::new(), before(since));
    while from < last {
        let mut records = Vec::new();
        let reached = batches(&world.tables, scope, from, last, &mut records).await?;
        known.extend(records.iter().map(|record| record.event_id()));
        if reached <= from {
            break;
        }
        from = reached;
    }
    Ok(known)
}

const LOOKED_AT: Duration = Duration::from_secs(10);
/// Many more than can be in flight.
const CHANGES_MAX: usize = 100_000;
const ROWS_AT_ONCE: usize = 512;
