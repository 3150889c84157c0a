//! Backups that nobody asks for: the job that does, and the look at whether it is time.

use std::time::Duration;

use coffer_model::{AccountId, Region};
use coffer_pipeline::identity::organization::FirstAccountRecord;
use coffer_pipeline::{Call, Job, JobRecord, Scope, Verdict, World};
use coffer_protocol::Fault;
use coffer_store::{CommitError, Record, Transaction};
use serde::{Deserialize, Serialize};

use super::backup::{self, BackupRecord};

/// Asks for a backup where the last one was begun too long ago.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlanBackup {
    /// In seconds.
    every: u64,
}

impl Job for PlanBackup {
    const KIND: &'static str = "coffer.plan-backup";

    async fn run(&self, call: &mut Call<'_>) -> Result<Verdict, Fault> {
        let last = call.get::<BackupRecord>(&BackupRecord::row()).await?;
        let every = Duration::from_secs(self.every);
        if last.as_ref().is_none_or(|last| last.is_outdated(call.now(), every)) {
            backup::ask(call, last.as_deref()).await?;
        }
        Ok(Verdict::Done)
    }
}

/// Sees to it that a backup is made where the last one was begun longer ago than this. Any number of
/// servers may do so: there is one job.
///
/// # Errors
/// A store that cannot be read or written.
pub async fn plan_backup(world: &World, every: Duration, region: &Region) -> Result<(), Fault> {
    let unavailable = |error: coffer_store::TableError| Fault::unavailable(error.to_string());
    let last = world.tables.get::<BackupRecord>(&BackupRecord::row()).await.map_err(unavailable)?;
    let last = last.record;
    if last.as_ref().is_some_and(|last| !last.is_outdated(world.clock.now(), every)) {
        return Ok(());
    }
    let first = world.tables.get::<FirstAccountRecord>(&FirstAccountRecord::row()).await;
    let first = first.map_err(unavailable)?.record;
    let account = first.map_or_else(AccountId::dev, |first| first.account);
    let scope = Scope { account, region: region.clone() };
    let job = PlanBackup { every: every.as_secs() };
    // The same row for everybody who finds that it is time.
    let due = last.map_or(coffer_model::Timestamp::EPOCH, |last| last.due(every));
    let job = JobRecord::new(PlanBackup::KIND.to_owned(), &scope, due, &job)?;
    let mut transaction = Transaction::new();
    transaction.expect(&job.key(), None);
    transaction.put::<JobRecord>(job, None);
    match world.tables.commit(transaction).await {
        Ok(_) | Err(CommitError::Conflict | CommitError::Unknown) => Ok(()),
        Err(error) => Err(Fault::unavailable(error)),
    }
}
