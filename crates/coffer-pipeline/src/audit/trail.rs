//! The node's journal of audit records, and what happens where it can't be written.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use coffer_journal::{Found, Journal, JournalError, JournalKey, OpenError, Settings, Slot, Ticket};
use coffer_model::Timestamp;

use super::AuditRecord;
use super::pace::Pace;
use super::ship::Follower;

/// Where this server's audit records go, beside those that commits keep.
#[derive(Debug, Default)]
pub struct AuditPlace {
    /// The node's journal; nothing where no journal is kept.
    pub trail: Option<Trail>,
    /// The folder that trails' log files are exported to: a folder in it for each bucket.
    pub exports: Option<PathBuf>,
}

/// The node's journal.
pub struct Trail {
    journal: Journal,
    folder: PathBuf,
    node: String,
    sync: Sync,
    on_failure: OnFailure,
    pace: Pace,
    shipped_through: AtomicI64,
    shipped: AtomicU64,
    follower: Mutex<Option<Follower>>,
}

impl std::fmt::Debug for Trail {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Trail").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// When an answer goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sync {
    /// When the operating system has the record; the disk has it within 50 ms.
    #[default]
    Soon,
    /// When the disk has it.
    Always,
}

/// What happens to a request whose record can't be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// It is refused.
    #[default]
    Refuse,
    /// It is answered, and the log says that records are missing.
    Continue,
}

/// How a trail is opened.
#[derive(Debug)]
pub struct TrailOptions<'a> {
    /// The journal's folder.
    pub folder: &'a Path,
    /// The secret that its chain is made with.
    pub key: &'a [u8; 32],
    /// A name for this node, where the folder has none yet: a fresh UUID.
    pub fresh_node: &'a str,
    /// When an answer goes out.
    pub sync: Sync,
    /// What happens to a request whose record can't be kept.
    pub on_failure: OnFailure,
    /// The present time.
    pub now: Timestamp,
}

impl Trail {
    /// Opens the journal in its folder, which is made where it is missing; with what was found
    /// amiss there.
    ///
    /// # Errors
    /// A folder that cannot be read or written, or that another process has open.
    pub fn open(options: &TrailOptions<'_>) -> Result<(Self, Vec<Found>), TrailError> {
        let folder = options.folder;
        let key = JournalKey::new(options.key);
        let (journal, found) = Journal::open(folder, key, Settings::default(), options.now)
            .map_err(TrailError::Journal)?;
        let node = node_of(folder, options.fresh_node).map_err(|error| {
            TrailError::Node(format!("cannot read or write `{}`: {error}", folder.display()))
        })?;
        let trail = Self {
            journal,
            folder: folder.to_owned(),
            node,
            sync: options.sync,
            on_failure: options.on_failure,
            pace: Pace::default(),
            shipped_through: AtomicI64::new(i64::MIN),
            shipped: AtomicU64::new(0),
            follower: Mutex::new(None),
        };
        Ok((trail, found))
    }

    /// Copies a record into the journal's buffer; [`Trail::settle`] before the answer goes out.
    ///
    /// # Errors
    /// See [`Journal::append`].
    pub fn append(
        &self,
        time: Timestamp,
        slot: Slot,
        record: &[u8],
    ) -> Result<Ticket, JournalError> {
        self.pace.count(time);
        self.journal.append_like(time, slot, record)
    }

    /// Whether records come so fast that one write should serve several.
    pub(crate) fn is_busy(&self) -> bool {
        self.pace.is_busy()
    }

    /// Keeps the records of a commit that stands. Where that cannot be done it still stands, and its
    /// rows tell of it: what is missing then is the proof that nobody has removed them.
    pub(crate) fn keep_committed(&self, records: &[AuditRecord]) {
        // The disk has the rows, so nobody waits for it once more.
        if let Err(cause) = self.append_changes(records) {
            tracing::error!(cause, "the journal lacks the records of a change: {cause}");
        }
    }

    /// Hands to the operating system what the journal keeps of changes.
    pub(super) fn append_changes<'r>(
        &self,
        records: impl IntoIterator<Item = &'r AuditRecord>,
    ) -> Result<(), String> {
        let mut last = None;
        for record in records {
            let bytes = record.abridged().to_journal().map_err(|error| error.to_string())?;
            let appended = self.append(record.event_time, record.slot(), &bytes);
            last = Some(appended.map_err(|error| error.to_string())?);
        }
        let flushed = last.map_or(Ok(()), |ticket| self.journal.flush(ticket));
        flushed.map_err(|error| error.to_string())
    }

    /// Hands the record to the operating system, with all others that wait, and where so set waits
    /// for the disk.
    ///
    /// # Errors
    /// What kept the record from being written.
    pub async fn settle(&self, ticket: Ticket) -> Result<(), JournalError> {
        self.journal.flush(ticket)?;
        match self.sync {
            Sync::Soon => Ok(()),
            Sync::Always => self.journal.synced(ticket).await,
        }
    }

    /// What happens to a request whose record can't be kept.
    pub fn on_failure(&self) -> OnFailure {
        self.on_failure
    }

    /// The journal itself.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The journal's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The name of this node.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The time up to which all records of this node are in the store.
    pub fn shipped_through(&self) -> Option<Timestamp> {
        let millis = self.shipped_through.load(Ordering::Acquire);
        (millis != i64::MIN).then(|| Timestamp::from_millis(millis))
    }

    /// How many records the journal has that the store does not have yet; all of them before the first
    /// shipping.
    pub fn unshipped(&self) -> u64 {
        let shipped = self.shipped.load(Ordering::Acquire);
        self.journal.last().sequence.saturating_sub(shipped)
    }

    /// What follows the journal, for whoever ships now.
    pub(super) fn take_follower(&self) -> Option<Follower> {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn keep_follower(&self, follower: Follower) {
        *self.follower.lock().unwrap_or_else(PoisonError::into_inner) = Some(follower);
    }

    /// Notes that the store has the records before this one.
    pub(super) fn has_shipped_before(&self, sequence: u64) {
        self.shipped.fetch_max(sequence.saturating_sub(1), Ordering::AcqRel);
    }

    pub(super) fn has_shipped_through(&self, time: Timestamp) {
        self.shipped_through.fetch_max(time.as_millis(), Ordering::AcqRel);
    }
}

/// Why a trail could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrailError {
    /// The journal could not.
    Journal(OpenError),
    /// The node's name could not be read or written.
    Node(String),
}

impl std::fmt::Display for TrailError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Journal(error) => error.fmt(out),
            Self::Node(cause) => out.write_str(cause),
        }
    }
}

impl std::error::Error for TrailError {}

/// The name that the folder's node has, which is made to be `fresh` where there is none. A node
/// that gets another name ships its records again, and they are found to be the same events.
fn node_of(folder: &Path, fresh: &str) -> std::io::Result<String> {
    let path = folder.join(NODE_FILE);
    match std::fs::read_to_string(&path) {
        Ok(name) if is_name(name.trim()) => Ok(name.trim().to_owned()),
        Ok(_) => write_private(&path, fresh).map(|()| fresh.to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            write_private(&path, fresh).map(|()| fresh.to_owned())
        }
        Err(error) => Err(error),
    }
}

/// The name of the node whose journal is in a folder, where it has one.
pub fn node_in(folder: &Path) -> Option<String> {
    let name = std::fs::read_to_string(folder.join(NODE_FILE)).ok()?;
    Some(name.trim().to_owned()).filter(|name| is_name(name))
}

/// Writes a file that is its owner's alone, as all of the data directory is.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_graphic())
}

/// The purpose of the store's key that journals are chained with.
pub const JOURNAL_PURPOSE: &str = "coffer.audit-journal.v1";
const NODE_FILE: &str = "node";
