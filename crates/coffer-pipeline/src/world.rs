//! What the process lends to every request and job: store, keys, entropy, clock.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coffer_model::Timestamp;
use coffer_protocol::Fault;
use coffer_seal::{Entropy, MessageKeys, SessionSealer};
use coffer_store::Tables;
use tracing::Instrument as _;

use crate::audit::trail::AuditPlace;
use crate::job::runner::Claims;
use crate::outside::{
    Backups, FunctionCodeSource, FunctionHost, FunctionOrder, FunctionOutcome, NotRun, Outside,
    ZipCode,
};
use crate::root_key::RootKeyRing;
use crate::spans;
use crate::tallies::Tallies;

/// The lasting surroundings of every decision.
pub struct World {
    /// The typed tables.
    pub tables: Tables,
    /// The operator's root key, which may be changed while the server serves.
    pub root_key: RootKeyRing,
    /// The keys of messages that were opened lately under keys of KMS.
    pub message_keys: MessageKeys,
    /// What seals session tokens.
    pub sessions: SessionSealer,
    /// The source of chance.
    pub entropy: Arc<dyn Entropy>,
    /// The clock of decisions.
    pub clock: Arc<dyn Clock>,
    /// Whether this is `coffer dev`: every 12-digit access key with secret `test` is a root.
    pub dev: bool,
    /// What is outside the process, for jobs.
    pub outside: Arc<dyn Outside>,
    /// What runs functions, for orders that follow a decision, and for jobs.
    pub functions: Arc<dyn FunctionHost>,
    /// What makes backups, for a job.
    pub backups: Arc<dyn Backups>,
    /// Where decisions that conflicted time and again wait for each other.
    pub turns: Turns,
    /// What is counted that no record tells of.
    pub tallies: Tallies,
    /// What is known of the claims of jobs.
    pub claims: Claims,
    /// Where audit records go, beside those that commits keep.
    pub audit: AuditPlace,
}

impl World {
    /// Runs a function that a decision has ordered.
    ///
    /// # Errors
    /// Why it was not run.
    pub async fn run_function(&self, order: FunctionOrder) -> Result<FunctionOutcome, NotRun> {
        if !self.functions.is_enabled() {
            return Err(NotRun::Off);
        }
        let span = spans::invoke(&order.function_arn);
        self.functions.invoke(order, self).instrument(span).await
    }
}

#[async_trait]
impl FunctionCodeSource for World {
    async fn zip(&self, code: &ZipCode) -> Result<Vec<u8>, String> {
        let bytes = usize::try_from(code.bytes).map_err(|error| error.to_string())?;
        let mut zip = Vec::with_capacity(bytes.min(ZIP_BYTES_MAX));
        for row in &code.rows {
            let part = self.tables.get_bytes(row).await.map_err(|error| error.to_string())?;
            let (part, _) = part.ok_or("a part of the zip is not in the store any more")?;
            zip.extend_from_slice(&part);
        }
        if zip.len() == bytes { Ok(zip) } else { Err("the zip is not whole".to_owned()) }
    }
}

/// As large as a zip may be.
const ZIP_BYTES_MAX: usize = 50 << 20;

/// Where decisions wait for each other: those that would else go on taking each other's place, and
/// those that have much to compute.
#[derive(Debug)]
pub struct Turns {
    decisions: tokio::sync::Mutex<()>,
    threads: tokio::sync::Semaphore,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            decisions: tokio::sync::Mutex::new(()),
            threads: tokio::sync::Semaphore::new(THREADS_ASIDE_MAX),
        }
    }
}

impl Turns {
    /// Waits for its turn, which lasts until what is given is dropped. First come, first served.
    pub(crate) async fn take(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.decisions.lock().await
    }

    /// Computes something on a thread beside those that answer requests.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let _permit = self.threads.acquire().await.map_err(Fault::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Fault::internal)
    }
}

/// Threads that compute aside at one time: enough that one long computation does not hold up all
/// others, few enough to leave processors for the requests.
const THREADS_ASIDE_MAX: usize = 2;

/// The clock that gives a decision its `now`.
pub trait Clock: Send + Sync + 'static {
    /// The time of decisions.
    fn now(&self) -> Timestamp;

    /// The real time, against which signatures are checked.
    fn real_now(&self) -> Timestamp;

    /// The time of decisions and the real time, both of one moment.
    fn both(&self) -> (Timestamp, Timestamp) {
        (self.now(), self.real_now())
    }

    /// How long this clock has run: it goes on evenly, whatever is done to the time.
    fn steady(&self) -> Duration {
        self.now().since(Timestamp::EPOCH)
    }

    /// Moves the time of decisions forward, where this clock can be moved.
    fn advance(&self, span: Duration) -> Result<Timestamp, NotMovable>;
}

/// The clock follows the real time and nobody moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotMovable;
