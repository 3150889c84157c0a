//! What engines share whose rows are kept elsewhere: workers that ask for them, on a thread of their
//! own with a runtime of its own, so that the engine answers whatever runtime asks it.

pub(crate) mod freshness;
pub(crate) mod queue;
pub(crate) mod requests;
pub(crate) mod tidings;
pub(crate) mod tls;
mod told;

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use self::requests::{Commit, Pages, Range, Read, RemoteSnapshot};
use self::tidings::Tidings;
use crate::store::{Excess, READ_KEYS_MAX, SCAN_ROWS_MAX};
use crate::{Batch, CommitError, Key, Observer, Revision, Row, Scan, Snapshot, Store, StoreError};

/// How caches are kept fresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// Caches may be used: they hear of other nodes' changes within a second, or are not used.
    #[default]
    Cached,
    /// Caches are not used: each read sees every commit that was acknowledged before it.
    Strong,
}

/// A store that is kept elsewhere by the engine `E`: its workers, for as long as it is open.
pub struct Remote<E> {
    tidings: Arc<Tidings>,
    reads: Reads,
    ways: RwLock<Option<Ways>>,
    closing: watch::Sender<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
    engine: PhantomData<fn() -> E>,
}

/// Workers that have been started.
pub(crate) struct Started {
    pub(crate) ways: Ways,
    pub(crate) tidings: Arc<Tidings>,
    pub(crate) workers: JoinSet<()>,
}

/// The ways to the workers.
#[derive(Clone)]
pub(crate) struct Ways {
    pub(crate) commits: mpsc::Sender<Commit>,
    pub(crate) points: mpsc::Sender<Read>,
    pub(crate) scans: mpsc::Sender<Read>,
    pub(crate) snapshots: mpsc::Sender<Pages>,
}

impl<E> Remote<E> {
    /// Starts workers on a thread with this name. `start` is told when the store closes.
    ///
    /// # Errors
    /// What `start` says, or why it could not say anything.
    pub(crate) async fn start<F, S>(name: &str, reads: Reads, start: F) -> Result<Self, String>
    where
        F: FnOnce(watch::Receiver<bool>) -> S + Send + 'static,
        S: Future<Output = Result<Started, String>>,
    {
        let (ready, opened) = oneshot::channel();
        let (closing, is_closing) = watch::channel(false);
        let thread = start_thread(name, move || serve(move || start(is_closing), ready));
        let thread = Mutex::new(Some(thread.map_err(|error| error.to_string())?));
        let opened = opened.await.unwrap_or_else(|_| Err("its thread ended".to_owned()));
        let (ways, tidings) = opened?;
        let ways = RwLock::new(Some(ways));
        Ok(Self { tidings, reads, ways, closing, thread, engine: PhantomData })
    }

    fn ways(&self) -> Option<Ways> {
        self.ways.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets the workers finish what is queued, and waits for their thread.
    fn end(&self) {
        drop(self.ways.write().unwrap_or_else(PoisonError::into_inner).take());
        self.closing.send_replace(true);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // An observer that holds the last reference is dropped on the workers' own thread.
        if let Some(thread) = thread.filter(|it| it.thread().id() != thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the thread of the store's connections ended by a panic");
        }
    }
}

#[async_trait]
impl<E: 'static> Store for Remote<E> {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        Excess::check("keys in a read", keys.len(), READ_KEYS_MAX)?;
        let (answer, outcome) = oneshot::channel();
        let read = Read::Keys(keys.to_vec(), answer);
        let ways = self.ways().ok_or_else(closed)?;
        ways.points.send(read).await.map_err(|_| closed())?;
        drop(ways);
        outcome.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
        Excess::check("rows in a scan", scan.rows_max, SCAN_ROWS_MAX)?;
        let (answer, outcome) = oneshot::channel();
        let read = Read::Range(Range::of(&scan), answer);
        let ways = self.ways().ok_or_else(closed)?;
        ways.scans.send(read).await.map_err(|_| closed())?;
        drop(ways);
        outcome.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        // One page is written while the next one is read.
        let (pages, snapshot) = mpsc::channel(1);
        let ways = self.ways().ok_or_else(closed)?;
        ways.snapshots.send(pages).await.map_err(|_| closed())?;
        Ok(Box::new(RemoteSnapshot(snapshot)))
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        batch.check()?;
        let (answer, outcome) = oneshot::channel();
        let refused = || CommitError::Unavailable(CLOSED.to_owned());
        let ways = self.ways().ok_or_else(refused)?;
        ways.commits.send(Commit { batch, answer }).await.map_err(|_| refused())?;
        drop(ways);
        // A worker that died without an answer may have committed.
        outcome.await.unwrap_or(Err(CommitError::Unknown))
    }

    fn watch(&self, observer: Arc<dyn Observer>) {
        self.tidings.watch(observer);
    }

    fn is_fresh(&self) -> bool {
        self.tidings.freshness.is_fresh()
    }

    fn feed_age(&self) -> Option<Duration> {
        (self.reads == Reads::Cached).then(|| self.tidings.freshness.age())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.end();
        Ok(())
    }
}

impl<E> Drop for Remote<E> {
    fn drop(&mut self) {
        self.end();
    }
}

type Opened = Result<(Ways, Arc<Tidings>), String>;

/// Runs the workers until the store is closed.
fn serve<S>(start: impl FnOnce() -> S, ready: oneshot::Sender<Opened>)
where
    S: Future<Output = Result<Started, String>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return drop(ready.send(Err(error.to_string()))),
    };
    runtime.block_on(async {
        match start().await {
            Ok(Started { ways, tidings, mut workers }) => {
                if ready.send(Ok((ways, tidings))).is_ok() {
                    while workers.join_next().await.is_some() {}
                }
            }
            Err(cause) => drop(ready.send(Err(cause))),
        }
    });
}

/// Starts the thread of the connections; this is the only place of these engines that does.
fn start_thread(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}

pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable(CLOSED.to_owned())
}

/// How many snapshots wait to be taken before those who ask wait themselves.
pub(crate) const SNAPSHOTS_WAITING_MAX: usize = 4;
const CLOSED: &str = "store is closed";
/// How many requests wait for a worker before those who ask wait themselves.
pub(crate) const WAITING_MAX: usize = 1_024;
