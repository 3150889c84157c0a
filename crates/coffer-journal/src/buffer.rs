//! What waits to be written: frames without their tags, copied in by whoever appends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use coffer_model::Timestamp;

use crate::delta::{Patterns, Slot};
use crate::error::JournalError;
use crate::frame::{self, FRAME_OVERHEAD_BYTES, Form};
use crate::key::TAG_BYTES;

/// The place of a record among those appended in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub(crate) u64);

/// Frames that wait for whoever flushes first.
pub(crate) struct Buffer(Mutex<Waiting>);

/// What is appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A record by itself.
    Record,
    /// A record that is likely to be like others.
    Like(Slot),
    /// A note of the journal's own.
    Note,
}

struct Waiting {
    /// Room for the tag before the first frame, then frames.
    bytes: Vec<u8>,
    /// The number of the last ticket given out.
    tickets: u64,
}

impl Buffer {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Waiting { bytes: empty(), tickets: 0 }))
    }

    /// Copies a record in, where there is room for it beside the `retained` bytes.
    pub(crate) fn append(
        &self,
        what: What,
        time: Timestamp,
        record: &[u8],
        retained: usize,
    ) -> Result<Ticket, JournalError> {
        if record.len() > frame::RECORD_BYTES_MAX {
            return Err(JournalError::TooLong(record.len()));
        }
        let mut waiting = lock(&self.0);
        let start = waiting.bytes.len();
        if start + retained + record.len() + 1 + FRAME_OVERHEAD_BYTES > BUFFER_BYTES_MAX {
            return Err(JournalError::Full);
        }
        match what {
            What::Like(slot) if Patterns::takes(record) => {
                frame::begin(Form::Pattern, time, &mut waiting.bytes);
                waiting.bytes.push(slot.0);
            }
            What::Like(_) | What::Record => frame::begin(Form::Record, time, &mut waiting.bytes),
            What::Note => frame::begin(Form::Note, time, &mut waiting.bytes),
        }
        waiting.bytes.extend_from_slice(record);
        if let Err(length) = frame::finish(start, &mut waiting.bytes) {
            waiting.bytes.truncate(start);
            return Err(JournalError::TooLong(length));
        }
        waiting.tickets += 1;
        Ok(Ticket(waiting.tickets))
    }

    /// Moves all that waits behind what is pending; gives the last ticket that is pending now.
    pub(crate) fn take(&self, pending: &mut Vec<u8>) -> u64 {
        let mut waiting = lock(&self.0);
        if pending.len() <= TAG_BYTES {
            std::mem::swap(pending, &mut waiting.bytes);
        } else if let Some(frames) = waiting.bytes.get(TAG_BYTES..) {
            pending.extend_from_slice(frames);
        }
        clear(&mut waiting.bytes);
        waiting.tickets
    }

    /// The last ticket given out.
    pub(crate) fn last(&self) -> Ticket {
        Ticket(lock(&self.0).tickets)
    }
}

/// A buffer of no frames.
pub(crate) fn empty() -> Vec<u8> {
    vec![0; TAG_BYTES]
}

/// Empties a buffer, and gives back what one burst has made it grow by.
pub(crate) fn clear(bytes: &mut Vec<u8>) {
    bytes.truncate(TAG_BYTES);
    bytes.resize(TAG_BYTES, 0);
    shrink(bytes);
}

/// Gives back what one burst has made a buffer grow by.
pub(crate) fn shrink(bytes: &mut Vec<u8>) {
    bytes.shrink_to(BUFFER_BYTES_KEPT);
}

/// Locks what no panic can leave half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What waits and could not be written, at most.
pub(crate) const BUFFER_BYTES_MAX: usize = 2 * 1024 * 1024;
const BUFFER_BYTES_KEPT: usize = 256 * 1024;
