//! The engine inside the process: SQLite in the data directory, one writer, group commit.

mod beside;
mod checkpointer;
mod connection;
mod directory;
mod log;
mod readers;
mod snapshot;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

pub use self::beside::Beside;
pub use self::directory::{DirectoryLock, is_store_file};
use self::readers::Readers;
use self::snapshot::EmbeddedSnapshot;
use self::writer::{Command, Writer};
use crate::store::{Excess, READ_KEYS_MAX, SCAN_ROWS_MAX};
use crate::{Batch, CommitError, Key, Observer, Revision, Row, Scan, Snapshot, Store, StoreError};

/// A store in one directory of this machine, for one process at a time.
///
/// Commits go through one writer thread, which takes all that wait into one transaction and one
/// sync of the disk. Reads run where they are called, on snapshots that are renewed after each
/// commit.
pub struct Embedded {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    options: EmbeddedOptions,
}

/// What an embedded store may use.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The data directory; it is made if it is missing.
    pub directory: PathBuf,
    /// How many reads run at the same time.
    pub readers_max: usize,
    /// How long the write-ahead log gets before it is folded into the file.
    pub log_bytes_max: u64,
    /// How large the file may get; commits beyond it are refused as unavailable.
    pub file_bytes_max: Option<u64>,
}

impl EmbeddedOptions {
    /// The options for most stores.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            directory: directory.into(),
            readers_max: (2 * cores).clamp(READERS_MIN, READERS_MAX),
            log_bytes_max: 64 << 20,
            file_bytes_max: None,
        }
    }
}

impl Embedded {
    /// Opens the store in `directory`, or makes one.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(&EmbeddedOptions::new(directory.as_ref()))
    }

    /// Opens the store that `options` describe, or makes one.
    pub fn open_with(options: &EmbeddedOptions) -> Result<Self, OpenError> {
        let failed = |cause: OpenCause| OpenError { directory: options.directory.clone(), cause };
        let lock = DirectoryLock::take(&options.directory).map_err(failed)?;
        let (shared, writer, commands) = assemble(options, lock).map_err(failed)?;
        let writer = start_thread("store-writer", move || writer.run())
            .map_err(|error| failed(OpenCause::Io(error.to_string())))?;
        Ok(Self { commands, shared, writer: Mutex::new(Some(writer)), options: options.clone() })
    }

    /// Waits for the writer thread; true unless it had to be left alone.
    fn join_writer(&self) -> bool {
        let handle = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match handle {
            // An observer that holds the last reference is dropped on the writer's own thread.
            Some(handle) if handle.thread().id() != thread::current().id() => handle.join().is_ok(),
            Some(_) => false,
            None => true,
        }
    }
}

#[async_trait]
impl Store for Embedded {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        Excess::check("keys in a read", keys.len(), READ_KEYS_MAX)?;
        self.shared.readers.with(|connection| connection::read(connection, keys))
    }

    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
        Excess::check("rows in a scan", scan.rows_max, SCAN_ROWS_MAX)?;
        self.shared.readers.with(|connection| connection::scan(connection, &scan))
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        if self.commands.is_closed() {
            return Err(StoreError::Unavailable(CLOSED.to_owned()));
        }
        let file = self.options.directory.join(directory::STORE_FILE);
        Ok(Box::new(EmbeddedSnapshot::take(&file, &self.options)?))
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        batch.check()?;
        let (answer, outcome) = oneshot::channel();
        let sent = self.commands.send(Command::Commit(batch, answer)).await;
        sent.map_err(|_| CommitError::Unavailable(CLOSED.to_owned()))?;
        // A writer that died without an answer may have committed.
        outcome.await.unwrap_or(Err(CommitError::Unknown))
    }

    fn watch(&self, observer: Arc<dyn Observer>) {
        self.shared.observers.write().unwrap_or_else(PoisonError::into_inner).push(observer);
    }

    fn is_exclusive(&self) -> bool {
        // By the lock of the directory.
        true
    }

    async fn close(&self) -> Result<(), StoreError> {
        let (answer, outcome) = oneshot::channel();
        if self.commands.send(Command::Close(answer)).await.is_err() {
            return Ok(());
        }
        let closed = outcome.await.unwrap_or_else(|_| Err(StoreError::Unavailable(CLOSED.into())));
        if self.join_writer() { closed } else { Err(StoreError::Unavailable(CLOSED.into())) }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // The writer finishes what is queued and releases the directory once no sender is left.
        let (unconnected, _) = mpsc::channel(1);
        self.commands = unconnected;
        self.join_writer();
    }
}

/// What the writer, the checkpointer and the callers have in common.
struct Shared {
    readers: Readers,
    observers: RwLock<Vec<Arc<dyn Observer>>>,
    /// Held while a transaction is open, so that the checkpointer can keep the writer out.
    gate: Mutex<()>,
}

fn assemble(
    options: &EmbeddedOptions,
    lock: DirectoryLock,
) -> Result<(Arc<Shared>, Writer, mpsc::Sender<Command>), OpenCause> {
    let file = lock.store_file()?;
    let (connection, revision) = connection::open_writer(&file, options)?;
    lock.sync().map_err(|error| OpenCause::Io(error.to_string()))?;
    let shared = Arc::new(Shared {
        readers: Readers::open(&file, options)?,
        observers: RwLock::default(),
        gate: Mutex::default(),
    });
    let checkpointer = checkpointer::start(&file, options, Arc::clone(&shared))?;
    let (commands, queue) = mpsc::channel(QUEUE_COMMITS_MAX);
    let writer = Writer::new(connection, revision, queue, Arc::clone(&shared), checkpointer, lock)?;
    Ok((shared, writer, commands))
}

/// Starts a thread; this is the only place of the crate that does. SQLite blocks while it waits
/// for the disk, which must never happen on a thread that serves requests.
fn start_thread(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}

/// Why a store could not be opened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    /// The data directory.
    pub directory: PathBuf,
    /// What is wrong with it.
    pub cause: OpenCause,
}

/// What keeps a store from being opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenCause {
    /// Another process, or another store of this one, has it open; its id, where it can be read.
    Locked(Option<u32>),
    /// A newer release wrote it: the format's version, and the greatest that is known here.
    Newer(i64, i64),
    /// The file is not a store.
    Foreign,
    /// The operating system or the engine refused.
    Io(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot open store `{}`: ", self.directory.display())?;
        let advice = "stop the other server or choose another --data";
        match &self.cause {
            OpenCause::Locked(Some(pid)) => write!(formatter, "lock held by pid {pid}; {advice}"),
            OpenCause::Locked(None) => write!(formatter, "lock held by another process; {advice}"),
            OpenCause::Newer(version, known) => write!(
                formatter,
                "its format is version {version} and this release knows up to {known}; \
                 start the release that wrote it, or a newer one"
            ),
            OpenCause::Foreign => write!(
                formatter,
                "`{}` is not a coffer store; choose another --data",
                directory::STORE_FILE
            ),
            OpenCause::Io(cause) => formatter.write_str(cause),
        }
    }
}

impl std::error::Error for OpenError {}

const CLOSED: &str = "store is closed";
const QUEUE_COMMITS_MAX: usize = 256;
const READERS_MIN: usize = 4;
const READERS_MAX: usize = 32;

#[cfg(test)]
mod tests;
