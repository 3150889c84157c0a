//! What the process lends to every request and job: store, keys, entropy, clock.

use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_seal::{Entropy, SessionSealer};
use coffer_store::Tables;

use crate::root_key::RootKeyRing;

/// The lasting surroundings of every decision.
pub struct World {
    /// The typed tables.
    pub tables: Tables,
    /// The operator's root key, which may be changed while the server serves.
    pub root_key: RootKeyRing,
    /// What seals session tokens.
    pub sessions: SessionSealer,
    /// The source of chance.
    pub entropy: Arc<dyn Entropy>,
    /// The clock of decisions.
    pub clock: Arc<dyn Clock>,
    /// Whether this is `coffer dev`: every 12-digit access key with secret `test` is a root.
    pub dev: bool,
    /// Where decisions that conflicted time and again wait for each other.
    pub turns: Turns,
}

/// One decision at a time, for those that would else go on taking each other's place.
#[derive(Debug, Default)]
pub struct Turns(tokio::sync::Mutex<()>);

impl Turns {
    /// Waits for its turn, which lasts until what is given is dropped. First come, first served.
    pub(crate) async fn take(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.lock().await
    }
}

/// The clock that gives a decision its `now`.
pub trait Clock: Send + Sync + 'static {
    /// The time of decisions.
    fn now(&self) -> Timestamp;

    /// The real time, against which signatures are checked.
    fn real_now(&self) -> Timestamp;

    /// Moves the time of decisions forward, where this clock can be moved.
    fn advance(&self, span: Duration) -> Result<Timestamp, NotMovable>;
}

/// The clock follows the real time and nobody moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotMovable;
