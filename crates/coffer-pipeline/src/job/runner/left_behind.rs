//! Claims that an earlier process has left behind.

use std::sync::Arc;

use coffer_protocol::Fault;
use coffer_store::{Direction, Revision};

use super::BATCH_MAX;
use super::held::{LEASE, move_row};
use crate::job::JobRecord;
use crate::world::World;

/// Gives back the claims of earlier processes, so that their jobs need not wait for the ends of the
/// leases; returns how many those were. To be called before this process claims any.
///
/// It is done on a store that nobody else can have open: who claimed a job there has ended. On one
/// that several nodes share, a claim may be that of a node which is alive, so the lease decides.
///
/// # Errors
/// A store that cannot be read, or that takes no commit: the leases go on to their ends.
pub async fn release_claims(world: &World) -> Result<usize, Fault> {
    if !world.tables.store().is_exclusive() {
        return Ok(0);
    }
    let now = world.clock.now();
    // Claims stand at the ends of their leases, and those that have ended hold nobody up.
    let last = now.plus(LEASE);
    let mut after = JobRecord::waiting_at(now, "");
    let mut released = 0;
    loop {
        let prefix = JobRecord::waiting().prefix();
        let tables = &world.tables;
        let rows =
            tables.scan_each::<JobRecord>(&prefix, Some(&after), BATCH_MAX, Direction::Ascending);
        let rows = rows.await.map_err(|error| Fault::unavailable(error.to_string()))?;
        let Some((key, _)) = rows.last() else { return Ok(released) };
        after = key.clone();
        // Rows that cannot be read are for whoever looks for due jobs.
        for (record, revision) in rows.into_iter().filter_map(|(_, found)| found.ok()) {
            if record.due > last {
                return Ok(released);
            }
            released += usize::from(release(world, record, revision).await?);
        }
    }
}

/// Makes a job due that was claimed; its attempts still count, so that one which takes the process
/// down each time is given up.
async fn release(world: &World, record: Arc<JobRecord>, revision: Revision) -> Result<bool, Fault> {
    if !record.claimed {
        return Ok(false);
    }
    let due = JobRecord { due: world.clock.now(), claimed: false, ..JobRecord::clone(&record) };
    Ok(move_row(world, &record, Some(revision), &due).await?.is_some())
}
