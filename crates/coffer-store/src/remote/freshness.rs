//! How long what a node knows may be taken for what the database has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The end of the time in which nothing can have changed without the node having heard of it, or
/// less than [`FRESH_FOR`] ago.
pub(crate) struct Freshness {
    since: Instant,
    /// In milliseconds.
    until: AtomicU64,
    /// When all was known for the last time.
    last: AtomicU64,
}

impl Freshness {
    pub(crate) fn new() -> Self {
        Self { since: now(), until: AtomicU64::new(0), last: AtomicU64::new(0) }
    }

    /// Whether what is known may be used.
    pub(crate) fn is_fresh(&self) -> bool {
        self.elapsed_ms(now()) < self.until.load(Ordering::SeqCst)
    }

    /// All that had changed at `seen_at` has been heard of.
    pub(crate) fn extend(&self, seen_at: Instant) {
        let until = self.elapsed_ms(seen_at + FRESH_FOR);
        self.until.fetch_max(until, Ordering::SeqCst);
        self.last.fetch_max(self.elapsed_ms(seen_at), Ordering::SeqCst);
    }

    /// How long ago all was known for the last time; at first, how long there has been nothing.
    pub(crate) fn age(&self) -> Duration {
        let last = self.last.load(Ordering::SeqCst);
        Duration::from_millis(self.elapsed_ms(now()).saturating_sub(last))
    }

    /// Changes may have been missed.
    pub(crate) fn end(&self) {
        self.until.store(0, Ordering::SeqCst);
    }

    fn elapsed_ms(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.since).as_millis()).unwrap_or(u64::MAX)
    }
}

/// The monotonic clock, which tells how long ago something was and never what time it is.
#[expect(
    clippy::disallowed_methods,
    reason = "how old knowledge is, is no part of any decision: it is not used or used"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How long a change may have been there without a node having heard of it.
pub(crate) const FRESH_FOR: Duration = Duration::from_secs(1);
