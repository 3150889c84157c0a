//! The keeper: syncs what was written, brings the head up to date. The one file that starts
//! threads: fsync takes milliseconds, which no thread that serves requests has.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::Waker;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::buffer::lock;
use crate::head::Head;
use crate::journal::Shared;

/// What the keeper is told.
pub(crate) struct Keeping {
    is_dirty: AtomicBool,
    pub(crate) state: Mutex<State>,
    pub(crate) wake: Condvar,
}

#[derive(Default)]
pub(crate) struct State {
    /// Who waits for the next sync.
    pub(crate) waiting: Vec<Waker>,
    pub(crate) must_stop: bool,
    pub(crate) has_stopped: bool,
}

/// The journal's threads.
pub(crate) struct Threads {
    keeper: Option<JoinHandle<()>>,
    archive: Option<JoinHandle<()>>,
}

impl Keeping {
    pub(crate) fn new() -> Self {
        Self {
            is_dirty: AtomicBool::new(false),
            state: Mutex::new(State::default()),
            wake: Condvar::new(),
        }
    }

    /// Says that something was written; wakes the keeper only if it knew of nothing.
    pub(crate) fn has_written(&self) {
        if !self.is_dirty.swap(true, Ordering::AcqRel) {
            // With the lock, or the keeper may be just about to sleep.
            let _state = lock(&self.state);
            self.wake.notify_one();
        }
    }
}

/// Starts the keeper and the archiver.
pub(crate) fn start(shared: &Arc<Shared>) -> io::Result<Threads> {
    let thread = |name: &str, body: fn(&Shared)| {
        let shared = Arc::clone(shared);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || body(&shared))
    };
    let keeper = thread("journal-keeper", keep)?;
    let archive = thread("journal-archive", |shared| shared.archive.work(shared))?;
    Ok(Threads { keeper: Some(keeper), archive: Some(archive) })
}

impl Threads {
    /// Ends both, after a last sync and head.
    pub(crate) fn stop(&mut self, shared: &Shared) {
        lock(&shared.keeping.state).must_stop = true;
        shared.keeping.wake.notify_one();
        shared.archive.stop();
        for thread in [self.keeper.take(), self.archive.take()].into_iter().flatten() {
            if thread.join().is_err() {
                tracing::error!("a thread of the journal died");
            }
        }
    }
}

/// How a turn of the keeper begins.
enum Turn {
    Sync,
    Head,
    Last,
}

fn keep(shared: &Shared) {
    let mut syncs_since_head = 0;
    loop {
        let turn = next_turn(shared, syncs_since_head > 0);
        let synced = match turn {
            Turn::Head => Ok(()),
            Turn::Sync | Turn::Last => sync_and_tell(shared),
        };
        if matches!(turn, Turn::Sync) {
            syncs_since_head += 1;
        }
        let is_head_due = syncs_since_head >= SYNCS_PER_HEAD || !matches!(turn, Turn::Sync);
        if synced.is_ok() && is_head_due {
            syncs_since_head = 0;
            if let Err(error) = write_head(shared) {
                tracing::error!(%error, "cannot write the journal's head: {error}");
            }
        }
        if matches!(turn, Turn::Last) {
            let mut state = lock(&shared.keeping.state);
            state.has_stopped = true;
            state.waiting.drain(..).for_each(Waker::wake);
            return;
        }
    }
}

/// Sleeps until there is something to do.
fn next_turn(shared: &Shared, is_head_stale: bool) -> Turn {
    let keeping = &shared.keeping;
    let mut state = lock(&keeping.state);
    let is_idle = |state: &mut State| {
        state.waiting.is_empty() && !state.must_stop && !keeping.is_dirty.load(Ordering::Acquire)
    };
    if is_head_stale {
        let slept = keeping.wake.wait_timeout_while(state, HEAD_AFTER, is_idle);
        let (awake, timeout) = slept.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return Turn::Head;
        }
        state = awake;
    } else {
        state = keeping.wake.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner);
    }
    let nobody_waits = |state: &mut State| state.waiting.is_empty() && !state.must_stop;
    let slept = keeping.wake.wait_timeout_while(state, shared.settings.sync_after, nobody_waits);
    let (state, _) = slept.unwrap_or_else(PoisonError::into_inner);
    keeping.is_dirty.store(false, Ordering::Release);
    if state.must_stop { Turn::Last } else { Turn::Sync }
}

/// Syncs, and tells those who wait how it went. After a failure it is tried again in the next
/// turn; until then every flush says that the journal is failing.
fn sync_and_tell(shared: &Shared) -> io::Result<()> {
    let synced = sync(shared);
    let was_failing = shared.is_failing.load(Ordering::Acquire);
    match &synced {
        Ok(()) if was_failing => {
            *lock(&shared.failure) = None;
            shared.is_failing.store(false, Ordering::Release);
            tell_of_failure(shared);
        }
        Ok(()) => {}
        Err(error) => {
            *lock(&shared.failure) = Some(error.to_string());
            shared.is_failing.store(true, Ordering::Release);
            shared.keeping.is_dirty.store(true, Ordering::Release);
            if !was_failing {
                tracing::error!(%error, "cannot sync the journal: {error}");
            }
        }
    }
    let waiting = std::mem::take(&mut lock(&shared.keeping.state).waiting);
    waiting.into_iter().for_each(Waker::wake);
    synced
}

/// Notes that the disk had refused. What it was given then it may have thrown away, without a later
/// sync saying so; that was written again.
fn tell_of_failure(shared: &Shared) {
    let (sequence, time) = {
        let writer = lock(&shared.writer);
        (writer.sequence, writer.last_time)
    };
    tracing::warn!(journal.sequence = sequence, "the journal is on the disk again");
    let text = format!("not synced: the disk refused records up to {sequence} for a while");
    if let Err(error) = shared.note(time, &text) {
        tracing::error!(%error, "cannot note in the journal: {error}");
    }
}

/// Makes all that is written durable.
pub(crate) fn sync(shared: &Shared) -> io::Result<()> {
    let (mut unsynced, file, point, ticket) = {
        let mut writer = lock(&shared.writer);
        let unsynced = std::mem::take(&mut writer.unsynced);
        (unsynced, Arc::clone(&writer.file), writer.point(), writer.ticket)
    };
    let is_new = lock(&shared.head).point.segment != point.segment || unsynced.is_beyond(&file);
    let synced = unsynced.sync();
    let synced = synced.and_then(|()| if is_new { shared.folder.sync() } else { Ok(()) });
    if let Err(error) = synced {
        lock(&shared.writer).unsynced.put_back(unsynced);
        return Err(error);
    }
    // Before whoever waits is told: what it was waiting for is within the point.
    lock(&shared.head).point = point;
    shared.synced.fetch_max(ticket, Ordering::AcqRel);
    Ok(())
}

/// Writes the head, of what was synced last.
pub(crate) fn write_head(shared: &Shared) -> io::Result<()> {
    let head = lock(&shared.head);
    let point = head.point;
    let bytes = Head {
        anchor: head.anchor,
        segment: point.segment,
        sequence: point.sequence,
        offset: point.offset,
        tag: point.tag,
    };
    // Under the lock, so that no older head is written over a newer one.
    shared.folder.write_head(&bytes.to_bytes(&shared.key))
}

/// How long a head may lag behind while nothing is written.
const HEAD_AFTER: Duration = Duration::from_millis(200);
/// Syncs between two heads while much is written: 200 ms of them.
const SYNCS_PER_HEAD: u32 = 5;
