//! The pool of connections that read, each on a snapshot held open between reads.

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::Connection;

use super::{CLOSED, EmbeddedOptions, OpenCause, connection};
use crate::StoreError;

/// Reads on snapshots. Keeping one open saves most of a point read's time.
///
/// INVARIANT: a read never sees less than what was committed before it began: `committed` is
/// called before a commit is acknowledged, and a reader with an older snapshot renews it.
pub(super) struct Readers {
    slots: Vec<Mutex<Slot>>,
    generation: AtomicU64,
}

struct Slot {
    connection: Option<Connection>,
    /// The generation that the open snapshot is at least as new as; `None` if none is open.
    snapshot: Option<u64>,
}

impl Readers {
    /// Opens the pool.
    pub(super) fn open(file: &Path, options: &EmbeddedOptions) -> Result<Self, OpenCause> {
        let slot = || -> Result<Mutex<Slot>, OpenCause> {
            let connection = connection::open_reader(file, options)?;
            Ok(Mutex::new(Slot { connection: Some(connection), snapshot: None }))
        };
        let slots = (0..options.readers_max.max(1)).map(|_| slot()).collect::<Result<_, _>>()?;
        Ok(Self { slots, generation: AtomicU64::new(0) })
    }

    /// Runs a read on a snapshot that holds every acknowledged commit.
    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Unavailable(CLOSED.to_owned());
        let mut slot = self.free_slot().ok_or_else(closed)?;
        let generation = self.generation.load(Ordering::SeqCst);
        let Slot { connection, snapshot } = &mut *slot;
        let connection = connection.as_ref().ok_or_else(closed)?;
        if *snapshot != Some(generation) {
            *snapshot = None;
            if !connection.is_autocommit() {
                connection::execute(connection, "COMMIT")?;
            }
            // The snapshot itself is taken by the first statement that reads.
            connection::execute(connection, "BEGIN")?;
        }
        let outcome = read(connection);
        match &outcome {
            Ok(_) => *snapshot = Some(generation),
            Err(_) => {
                *snapshot = None;
                connection::roll_back(connection);
            }
        }
        Ok(outcome?)
    }

    /// Makes the snapshots that are open stale.
    pub(super) fn committed(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Ends the snapshots that are open, so that the log under them can be folded away.
    pub(super) fn release_snapshots(&self) {
        for slot in &self.slots {
            release(&mut lock(slot));
        }
    }

    /// Closes the connections; reads afterwards are refused.
    pub(super) fn close(&self) {
        for slot in &self.slots {
            let mut slot = lock(slot);
            release(&mut slot);
            slot.connection = None;
        }
    }

    /// The calling thread's own slot, or another that nobody uses, or its own once it is free.
    ///
    /// A snapshot that is renewed begins with nothing read yet, so after a commit a thread that came
    /// to another slot each time would pay for that once for each of them.
    fn free_slot(&self) -> Option<MutexGuard<'_, Slot>> {
        let own = OWN_SLOT.with(|own| *own) % self.slots.len();
        let (before, from) = self.slots.split_at(own);
        for slot in from.iter().chain(before) {
            match slot.try_lock() {
                Ok(slot) => return Some(slot),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        from.first().map(lock)
    }
}

fn release(slot: &mut Slot) {
    slot.snapshot = None;
    if let Some(connection) = &slot.connection {
        connection::roll_back(connection);
    }
}

thread_local! {
    static OWN_SLOT: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// How many threads have read.
static THREADS: AtomicUsize = AtomicUsize::new(0);

fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
