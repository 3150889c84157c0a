//! Claims: whoever runs a job holds its row, which stands at the end of a lease.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_protocol::Fault;
use coffer_store::{CommitError, Record, Revision, Transaction};

use super::ATTEMPTS_MAX;
use crate::call::Call;
use crate::job::JobRecord;
use crate::world::World;

/// A job that is held, and its row as it stands: it moves whenever the claim is renewed.
pub(super) struct Held {
    record: Mutex<JobRecord>,
}

impl Held {
    /// Moves the row to the end of a lease; nothing where somebody else was first, or where every
    /// attempt so far ended with neither verdict nor failure, as when a job takes the process down.
    ///
    /// # Errors
    /// A store that cannot be written: no other job could be claimed either.
    pub(super) async fn claim(
        world: &World,
        record: Arc<JobRecord>,
        revision: Revision,
        now: Timestamp,
    ) -> Result<Option<Self>, Fault> {
        let mut claimed = JobRecord::clone(&record);
        if record.attempts < ATTEMPTS_MAX {
            claimed.attempts += 1;
            claimed.claimed = true;
            claimed.due = lease_end(&record, now);
        } else {
            claimed.claimed = false;
            claimed.failed = true;
            claimed.last_error = Some(format!("claimed {ATTEMPTS_MAX} times without an end"));
        }
        let Some(revision) = move_row(world, &record, Some(revision), &claimed).await? else {
            return Ok(None);
        };
        if claimed.failed {
            tracing::error!(job.kind = record.kind, job.id = record.id, "job given up");
            return Ok(None);
        }
        world.claims.made(&claimed, Some(revision), world.clock.steady());
        Ok(Some(Self { record: Mutex::new(claimed) }))
    }

    /// Moves the row to the end of a new lease; false where somebody else has it by now.
    ///
    /// # Errors
    /// A store that cannot be read or written: the lease goes on to its end.
    pub(super) async fn renew(&self, world: &World) -> Result<bool, Fault> {
        let record = self.record();
        let found = world.tables.get_fresh::<JobRecord>(&record.key()).await;
        let found = found.map_err(|error| Fault::unavailable(error.to_string()))?;
        if found.record.is_none() {
            return Ok(false);
        }
        let renewed = Self::renewed(&record, world.clock.now());
        let moved = move_row(world, &record, found.revision, &renewed).await?;
        let is_ours = moved.is_some();
        if is_ours {
            self.moved_to(world, renewed, moved);
        }
        Ok(is_ours)
    }

    /// The row with a new lease, in another place than before.
    pub(super) fn renewed(record: &JobRecord, now: Timestamp) -> JobRecord {
        JobRecord { due: lease_end(record, now), attempts: 1, ..record.clone() }
    }

    /// Notes that the row has been moved by a commit, and its revision where that is known.
    pub(super) fn moved_to(&self, world: &World, record: JobRecord, revision: Option<Revision>) {
        world.claims.made(&record, revision, world.clock.steady());
        *self.record.lock().unwrap_or_else(PoisonError::into_inner) = record;
    }

    /// The row as it stands.
    pub(super) fn record(&self) -> JobRecord {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The end of a lease, which is another place than the row has.
fn lease_end(record: &JobRecord, now: Timestamp) -> Timestamp {
    let due = now.plus(LEASE);
    if due == record.due { due.plus(Duration::from_millis(1)) } else { due }
}

/// Puts a row in another one's place, where that is still as it was; nothing where it is not.
pub(super) async fn move_row(
    world: &World,
    from: &JobRecord,
    revision: Option<Revision>,
    to: &JobRecord,
) -> Result<Option<Revision>, Fault> {
    let mut transaction = Transaction::default();
    transaction.expect(&from.key(), revision);
    transaction.delete(from);
    transaction.put::<JobRecord>(to.clone(), None);
    match world.tables.commit(transaction).await {
        Ok(revision) => Ok(Some(revision)),
        Err(error @ (CommitError::Conflict | CommitError::Unknown)) => {
            tracing::debug!(job.kind = from.kind, %error, "job not claimed");
            Ok(None)
        }
        Err(error) => Err(Fault::unavailable(error)),
    }
}

/// Whether this claim still holds. The commit expects that it does, so a runner that was
/// overtaken, because its lease ended or because the job's end had landed already, changes nothing.
pub(super) async fn is_held(call: &mut Call<'_>, record: &JobRecord) -> Result<bool, Fault> {
    let is_held = call.get::<JobRecord>(&record.key()).await?.is_some();
    if !is_held {
        tracing::debug!(job.kind = record.kind, job.id = record.id, "job is no longer held");
    }
    Ok(is_held)
}

/// How long a claim holds before somebody else may claim the job, see [`super::Claims`].
pub(super) const LEASE: Duration = Duration::from_secs(60);
