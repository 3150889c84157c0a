//! What the store has of jobs that are not done in time.

use std::time::Duration;

use coffer_protocol::Fault;
use coffer_store::{Direction, Scan, StoreError};

use super::first_waiting;
use crate::job::JobRecord;
use crate::world::World;

/// Jobs that are not done in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many are tried no more; those beyond a thousand are not counted.
    pub given_up: usize,
    /// For how long the one has been due that has been so for longest.
    pub overdue: Duration,
}

/// Looks at the jobs of the store.
///
/// # Errors
/// A store that cannot be read.
pub async fn backlog(world: &World) -> Result<Backlog, Fault> {
    let prefix = JobRecord::given_up().prefix();
    let direction = Direction::Ascending;
    let scan = Scan { prefix: &prefix, after: None, rows_max: GIVEN_UP_MAX, direction };
    let given_up = world.tables.store().scan(scan).await;
    let given_up = given_up.map_err(|error: StoreError| Fault::unavailable(error.to_string()))?;
    let waiting = first_waiting(world, None).await?;
    let due = waiting.first().map(|(record, _)| record.due);
    let overdue = due.map_or(Duration::ZERO, |due| world.clock.now().since(due));
    Ok(Backlog { given_up: given_up.len(), overdue })
}

const GIVEN_UP_MAX: usize = 1_000;
