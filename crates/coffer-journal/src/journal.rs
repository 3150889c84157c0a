//! The journal: append, flush, and waiting for the disk.

use std::fs::File;
use std::path::Path;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use coffer_model::Timestamp;

use crate::archive::Archive;
use crate::buffer::{Buffer, Ticket, What, lock};
use crate::delta::Slot;
use crate::error::JournalError;
use crate::folder::Folder;
use crate::head::Anchor;
use crate::keeper::{self, Keeping, Threads};
use crate::key::JournalKey;
use crate::open::{self, Found, OpenError};
use crate::verify::Known;
use crate::writer::{Point, Writer, length};

/// A journal that is open for appending; closed, with all that was appended on the disk, when it is
/// dropped.
pub struct Journal {
    shared: Arc<Shared>,
    threads: Threads,
    lock_file: File,
}

/// How a journal is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The length at which a segment is closed.
    pub segment_bytes_max: u64,
    /// The time after which a segment is closed.
    pub segment_span_max: Duration,
    /// How long what was written waits for the disk.
    pub sync_after: Duration,
    /// How many closed segments are left uncompressed, for whoever follows the journal.
    pub segments_kept_plain: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            segment_bytes_max: 16 * 1024 * 1024,
            segment_span_max: Duration::from_secs(86_400),
            // The sync itself takes its time, and 50 ms are what is promised.
            sync_after: Duration::from_millis(40),
            segments_kept_plain: 16,
        }
    }
}

/// What the appending threads and the keeper share.
pub(crate) struct Shared {
    pub(crate) folder: Folder,
    pub(crate) key: JournalKey,
    pub(crate) settings: Settings,
    pub(crate) buffer: Buffer,
    pub(crate) writer: Mutex<Writer>,
    pub(crate) written: AtomicU64,
    pub(crate) synced: AtomicU64,
    pub(crate) retained_bytes: AtomicUsize,
    pub(crate) is_failing: AtomicBool,
    pub(crate) failure: Mutex<Option<String>>,
    pub(crate) keeping: Keeping,
    pub(crate) head: Mutex<HeadState>,
    pub(crate) archive: Archive,
}

/// What the head says, or is to say next.
pub(crate) struct HeadState {
    pub(crate) anchor: Anchor,
    pub(crate) point: Point,
}

impl Journal {
    /// Opens the journal in a folder, which is made where it is missing; `now` is the time of the
    /// notes about what was found there.
    ///
    /// # Errors
    /// A folder that cannot be read or written, or that another process has open.
    pub fn open(
        folder: &Path,
        key: JournalKey,
        settings: Settings,
        now: Timestamp,
    ) -> Result<(Self, Vec<Found>), OpenError> {
        let failed = |error: std::io::Error| OpenError::new(folder, &error);
        let place = Folder::new(folder);
        place.make().map_err(failed)?;
        let lock_file = open::take_lock(&place, folder)?;
        let opened = open::resume(&place, &key).map_err(failed)?;
        let open::Resumed { writer, anchor, found, to_archive } = opened;
        let (point, kept_plain) = (writer.point(), settings.segments_kept_plain);
        let shared = Arc::new(Shared {
            folder: place,
            key,
            settings,
            buffer: Buffer::new(),
            writer: Mutex::new(writer),
            written: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            retained_bytes: AtomicUsize::new(0),
            is_failing: AtomicBool::new(false),
            failure: Mutex::new(None),
            keeping: Keeping::new(),
            head: Mutex::new(HeadState { anchor, point }),
            archive: Archive::of(to_archive, kept_plain),
        });
        for note in &found {
            shared
                .note(now, &note.to_string())
                .map_err(|error| failed(std::io::Error::other(error.to_string())))?;
        }
        // Whatever the head says next, it says of what is on the disk, these notes included.
        keeper::sync(&shared).map_err(failed)?;
        keeper::write_head(&shared).map_err(failed)?;
        let threads = keeper::start(&shared).map_err(failed)?;
        Ok((Self { shared, threads, lock_file }, found))
    }

    /// Copies a record into the buffer. It is nowhere else before [`Journal::flush`] has returned.
    ///
    /// # Errors
    /// A record that is too long, or a buffer full of what could not be written.
    pub fn append(&self, time: Timestamp, record: &[u8]) -> Result<Ticket, JournalError> {
        self.shared.append(What::Record, time, record)
    }

    /// Appends as [`Journal::append`] does, a record that is likely to be like the others of its
    /// slot: then it takes less room.
    ///
    /// # Errors
    /// See [`Journal::append`].
    pub fn append_like(
        &self,
        time: Timestamp,
        slot: Slot,
        record: &[u8],
    ) -> Result<Ticket, JournalError> {
        self.shared.append(What::Like(slot), time, record)
    }

    /// Hands the record of a ticket, and all before it, to the operating system; returns at once
    /// where somebody else has done so. Of many that come at once, one writes for all.
    ///
    /// # Errors
    /// What keeps the record from being written. It stays in the buffer, and is written when that
    /// is possible again. Also an error while the disk refuses what was written earlier.
    pub fn flush(&self, ticket: Ticket) -> Result<(), JournalError> {
        self.shared.flush(ticket)
    }

    /// Waits until the disk has the record of a ticket that was flushed; of many that wait, one
    /// sync serves all.
    pub fn synced(&self, ticket: Ticket) -> Synced<'_> {
        Synced { shared: &self.shared, ticket }
    }

    /// Waits until the disk has all that was appended so far, and gives the last record that it has.
    ///
    /// # Errors
    /// What keeps the records from the disk.
    pub async fn secured(&self) -> Result<Known, JournalError> {
        let last = self.shared.buffer.last();
        self.flush(last)?;
        self.synced(last).await?;
        let point = lock(&self.shared.head).point;
        Ok(Known { sequence: point.sequence, tag: point.tag })
    }

    /// The end of the chain as the operating system has it.
    pub fn last(&self) -> Known {
        let writer = lock(&self.shared.writer);
        Known { sequence: writer.sequence, tag: writer.tag }
    }

    /// Why the journal is not being kept as it should be, where it is not.
    pub fn failure(&self) -> Option<String> {
        lock(&self.shared.failure).clone()
    }

    /// Whether there are records that could not be written or synced, and that wait for the disk.
    pub fn is_failing(&self) -> bool {
        self.shared.is_failing.load(Ordering::Acquire)
            || self.shared.retained_bytes.load(Ordering::Relaxed) > 0
    }

    /// Drops the closed segments whose records are all older than `oldest`; gives their number.
    /// What is left verifies from its new beginning. Blocks while it reads and writes files.
    ///
    /// # Errors
    /// A folder that cannot be read or written.
    pub fn retain_since(&self, oldest: Timestamp) -> std::io::Result<usize> {
        crate::retain::retain_since(&self.shared, oldest)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let last = self.shared.buffer.last();
        if let Err(error) = self.shared.flush(last) {
            tracing::error!(%error, "the journal's last records are lost: {error}");
        }
        self.threads.stop(&self.shared);
        // A child that was forked and has not come to its exec yet holds the same open file, and
        // would keep the lock for that long.
        if let Err(error) = self.lock_file.unlock() {
            tracing::warn!(%error, "cannot unlock the journal: {error}");
        }
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Journal").field("folder", &self.shared.folder).finish_non_exhaustive()
    }
}

impl Shared {
    fn append(&self, what: What, time: Timestamp, record: &[u8]) -> Result<Ticket, JournalError> {
        let retained = self.retained_bytes.load(Ordering::Relaxed);
        match self.buffer.append(what, time, record, retained) {
            // Many appended and none has flushed yet: this one does it for them.
            Err(JournalError::Full) => {
                self.flush(self.buffer.last())?;
                self.buffer.append(what, time, record, 0)
            }
            appended => appended,
        }
    }

    /// Keeps a note of the journal's own.
    pub(crate) fn note(&self, now: Timestamp, text: &str) -> Result<(), JournalError> {
        let ticket = self.append(What::Note, now, text.as_bytes())?;
        self.flush(ticket)
    }

    pub(crate) fn flush(&self, ticket: Ticket) -> Result<(), JournalError> {
        if self.written.load(Ordering::Acquire) < ticket.0 {
            self.write(ticket)?;
        }
        if self.is_failing.load(Ordering::Acquire) {
            let cause = lock(&self.failure).clone();
            return cause.map_or(Ok(()), |cause| Err(JournalError::NotSynced(cause)));
        }
        Ok(())
    }

    fn write(&self, ticket: Ticket) -> Result<(), JournalError> {
        let mut writer = lock(&self.writer);
        if writer.ticket >= ticket.0 {
            return Ok(());
        }
        let upto = self.buffer.take(&mut writer.pending);
        let written = writer.write(&self.key, upto);
        let retained = if written.is_ok() { 0 } else { writer.pending.len() };
        self.retained_bytes.store(retained, Ordering::Relaxed);
        written.map_err(|error| JournalError::not_written(&error))?;
        self.written.store(upto, Ordering::Release);
        let Settings { segment_bytes_max, segment_span_max, .. } = self.settings;
        if writer.is_full(segment_bytes_max, segment_span_max) {
            self.rotate(&mut writer);
        }
        drop(writer);
        self.keeping.has_written();
        Ok(())
    }

    /// Goes on in a new segment. Where none can be made the present one grows beyond its length.
    fn rotate(&self, writer: &mut Writer) {
        match writer.rotate(&self.folder, &self.key) {
            Ok(left) => self.archive.put(left),
            Err(error) => {
                tracing::error!(%error, "cannot begin a segment of the journal: {error}");
            }
        }
    }
}

/// Waits until the disk has a record, see [`Journal::synced`].
#[must_use = "nothing waits until this is awaited"]
pub struct Synced<'a> {
    shared: &'a Shared,
    ticket: Ticket,
}

impl Future for Synced<'_> {
    type Output = Result<(), JournalError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.shared.keeping.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shared.synced.load(Ordering::Acquire) >= self.ticket.0 {
            return Poll::Ready(Ok(()));
        }
        if self.shared.is_failing.load(Ordering::Acquire)
            && let Some(cause) = lock(&self.shared.failure).clone()
        {
            return Poll::Ready(Err(JournalError::NotSynced(cause)));
        }
        if state.has_stopped {
            return Poll::Ready(Err(JournalError::NotSynced("the journal was closed".to_owned())));
        }
        state.waiting.push(context.waker().clone());
        self.shared.keeping.wake.notify_one();
        Poll::Pending
    }
}

impl Settings {
    /// Segments of another length, all of them compressed when they are closed: for tests and examples
    /// that want several.
    #[must_use]
    pub fn with_segment_bytes_max(self, bytes: usize) -> Self {
        Self { segment_bytes_max: length(bytes), segments_kept_plain: 0, ..self }
    }
}
