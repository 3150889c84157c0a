//! The archive: compresses segments that were closed, away from everything else.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::buffer::lock;
use crate::journal::Shared;
use crate::segment;

/// The segments that wait to be compressed. One that is forgotten, because there are too many or
/// because the process ends, is found by the next start.
pub(crate) struct Archive {
    state: Mutex<State>,
    wake: Condvar,
    /// How many of the last ones are left as they are: whoever follows the journal reads them
    /// without opening each one whole.
    kept_plain: usize,
}

struct State {
    waiting: VecDeque<u64>,
    must_stop: bool,
}

impl Archive {
    /// An archive with these segments to compress, all but the last few.
    pub(crate) fn of(waiting: impl IntoIterator<Item = u64>, kept_plain: usize) -> Self {
        let state = State { waiting: waiting.into_iter().collect(), must_stop: false };
        Self { state: Mutex::new(state), wake: Condvar::new(), kept_plain }
    }

    /// Adds a segment.
    pub(crate) fn put(&self, number: u64) {
        let mut state = lock(&self.state);
        if state.waiting.len() < WAITING_MAX {
            state.waiting.push_back(number);
            self.wake.notify_one();
        }
    }

    pub(crate) fn stop(&self) {
        lock(&self.state).must_stop = true;
        self.wake.notify_one();
    }

    /// Compresses segments as they come, until it is to stop.
    pub(crate) fn work(&self, shared: &Shared) {
        while let Some(number) = self.next() {
            if let Err(error) = compress(shared, number) {
                // It stays as it is, and is as good as evidence.
                tracing::error!(%error, journal.segment = number,
                    "cannot compress segment {number} of the journal: {error}");
            }
        }
    }

    fn next(&self) -> Option<u64> {
        let state = lock(&self.state);
        let kept = self.kept_plain;
        let nothing = |state: &mut State| state.waiting.len() <= kept && !state.must_stop;
        let state = self.wake.wait_while(state, nothing);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.must_stop { None } else { state.waiting.pop_front() }
    }
}

/// Puts the closed form of a segment in the place of its frames.
fn compress(shared: &Shared, number: u64) -> io::Result<()> {
    let folder = &shared.folder;
    let Some(plain) = folder.read_plain(number)? else { return Ok(()) };
    let closed = segment::close(&plain, &shared.key)?;
    folder.write_whole(&folder.closed(number), &closed)?;
    folder.sync()?;
    fs::remove_file(folder.plain(number))
}

const WAITING_MAX: usize = 4096;
