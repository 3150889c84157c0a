//! The one thread that writes: it takes all commits that wait into one transaction.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread;

use rusqlite::{Connection, Error, ErrorCode};
use tokio::sync::{mpsc, oneshot};

use super::checkpointer::Checkpointer;
use super::directory::DirectoryLock;
use super::{OpenCause, Shared, connection};
use crate::{Batch, CommitError, Revision, StoreError};

/// What the writer is asked to do.
pub(super) enum Command {
    /// Apply a batch.
    Commit(Batch, oneshot::Sender<Outcome>),
    /// Finish what is queued and end.
    Close(oneshot::Sender<Result<(), StoreError>>),
}

type Outcome = Result<Revision, CommitError>;

/// The state of the writer's thread.
pub(super) struct Writer {
    connection: Connection,
    commands: mpsc::Receiver<Command>,
    shared: Arc<Shared>,
    checkpointer: Checkpointer,
    log_pages: Arc<AtomicU64>,
    revision: Revision,
    /// Revisions up to this one are noted on disk as used, so that a restart goes on after it.
    /// It is noted a block ahead: noting each would write one page more per transaction.
    reserved: Revision,
    _lock: DirectoryLock,
}

/// A transaction that did not come to a good end.
pub(super) enum Failure {
    /// Nothing of it is there.
    Failed(Error),
    /// All of it or nothing is there, now or after a crash.
    Unclear(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Writer {
    /// Takes over the writing connection.
    pub(super) fn new(
        mut connection: Connection,
        revision: Revision,
        commands: mpsc::Receiver<Command>,
        shared: Arc<Shared>,
        checkpointer: Checkpointer,
        lock: DirectoryLock,
    ) -> Result<Self, OpenCause> {
        let log_pages = Arc::new(AtomicU64::new(0));
        let pages = Arc::clone(&log_pages);
        connection.wal_hook(Some(move |_: &mut _, count| {
            pages.store(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let reserved = revision;
        Ok(Self {
            connection,
            commands,
            shared,
            checkpointer,
            log_pages,
            revision,
            reserved,
            _lock: lock,
        })
    }

    /// Serves commands until it is told to close or nobody is left to send one.
    pub(super) fn run(mut self) {
        let mut closings = Vec::new();
        while let Some(command) = self.commands.blocking_recv() {
            let mut group = Vec::new();
            let mut bytes = 0;
            let mut next = Some(command);
            while let Some(command) = next.take() {
                match command {
                    Command::Commit(batch, answer) => {
                        bytes += batch.bytes();
                        group.push((batch, answer));
                    }
                    Command::Close(answer) => {
                        // What was sent before is still received; nothing more can be sent.
                        self.commands.close();
                        closings.push(answer);
                    }
                }
                if group.len() < GROUP_COMMITS_MAX && bytes < GROUP_BYTES_MAX {
                    next = self.next_of_group();
                }
            }
            self.commit(group);
        }
        let closed = self.finish();
        for answer in closings {
            // Who closes may have stopped waiting.
            drop(answer.send(closed.clone()));
        }
    }

    /// What else is to be in the group that is being gathered.
    ///
    /// Where threads share a core, those that are about to send are let go on first: else the first
    /// of many commits that come together would have a transaction and a sync of its own, and where
    /// the disk is fast the next few too. Where nobody else wants to run, this takes no time.
    fn next_of_group(&mut self) -> Option<Command> {
        self.commands.try_recv().ok().or_else(|| {
            thread::yield_now();
            self.commands.try_recv().ok()
        })
    }

    /// Commits a group and answers each of it, after the observers have heard.
    fn commit(&mut self, group: Vec<(Batch, oneshot::Sender<Outcome>)>) {
        let (batches, answers): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let outcomes = match self.write(&batches) {
            Ok(outcomes) => outcomes,
            Err(failure) => {
                let error = recover(&self.connection, failure);
                self.checkpointer.fold_now();
                batches.iter().map(|_| Err(error.clone())).collect()
            }
        };
        self.shared.readers.committed();
        self.tell(&batches, &outcomes);
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A caller that has gone away does not take its commit back.
            drop(answer.send(outcome));
        }
        self.checkpointer.log_grew_to(self.log_pages.load(Ordering::Relaxed));
    }

    fn write(&mut self, batches: &[Batch]) -> Result<Vec<Outcome>, Failure> {
        let _gate = self.shared.gate.lock().unwrap_or_else(PoisonError::into_inner);
        connection::execute(&self.connection, "BEGIN IMMEDIATE")?;
        let mut outcomes = Vec::with_capacity(batches.len());
        for batch in batches {
            outcomes.push(if !connection::holds(&self.connection, &batch.expectations)? {
                Err(CommitError::Conflict)
            } else if batch.is_read_only() {
                Ok(self.revision)
            } else {
                // A number taken by a transaction that fails is not used again.
                self.revision = Revision::new(self.revision.number() + 1);
                connection::write(&self.connection, batch, self.revision)?;
                Ok(self.revision)
            });
        }
        let reserved = if self.revision > self.reserved {
            let reserved = Revision::new(self.revision.number() + REVISIONS_PER_BLOCK);
            connection::reserve(&self.connection, reserved)?;
            reserved
        } else {
            self.reserved
        };
        connection::execute(&self.connection, "COMMIT").map_err(unclear_unless_full)?;
        self.reserved = reserved;
        Ok(outcomes)
    }

    fn tell(&self, batches: &[Batch], outcomes: &[Outcome]) {
        let observers = self.shared.observers.read().unwrap_or_else(PoisonError::into_inner);
        if observers.is_empty() {
            return;
        }
        for (batch, outcome) in batches.iter().zip(outcomes) {
            let revision = match outcome {
                Ok(revision) => *revision,
                Err(CommitError::Unknown) => self.revision,
                Err(_) => continue,
            };
            if !batch.is_read_only() {
                let keys = batch.changed_keys();
                observers.iter().for_each(|observer| observer.changed(&keys, revision));
            }
        }
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        self.checkpointer.stop();
        self.shared.readers.close();
        self.shared.observers.write().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(connection::checkpoint_fully(&self.connection)?)
    }
}

/// Gets ready for the next transaction, and finds out what became of the last one.
pub(super) fn recover(connection: &Connection, failure: Failure) -> CommitError {
    connection::roll_back(connection);
    let error = match failure {
        Failure::Failed(error) => error,
        // The log may hold the whole transaction, and a crash would bring it back. A commit
        // that goes through overwrites it, and then it is known not to be there.
        Failure::Unclear(error) => match connection::barrier(connection) {
            Ok(()) => error,
            Err(_) => {
                connection::roll_back(connection);
                tracing::error!(error = %error, "store does not know if it committed: {error}");
                return CommitError::Unknown;
            }
        },
    };
    tracing::error!(error = %error, "store can't commit: {error}");
    CommitError::Unavailable(error.to_string())
}

/// A full disk leaves the end of the transaction unwritten, which is as good as nothing; after
/// any other error the end may have reached the disk.
fn unclear_unless_full(error: Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy) => Failure::Failed(error),
        _ => Failure::Unclear(error),
    }
}

const GROUP_COMMITS_MAX: usize = 256;
const GROUP_BYTES_MAX: usize = 8 * 1_024 * 1_024;
const REVISIONS_PER_BLOCK: u64 = 1 << 20;
