//! The one file that reads the clock, draws entropy and spawns tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use coffer_model::Timestamp;
use coffer_pipeline::{Clock, NotMovable};
use coffer_seal::{Entropy, SystemEntropy};

/// The real time.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn real_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The real time in nanoseconds since 1970, as traces have it.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn unix_nanoseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A point of the monotonic clock, for durations.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn instant() -> Instant {
    Instant::now()
}

/// The process's source of chance.
pub fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy::new())
}

/// Spawns a task of the process.
#[expect(clippy::disallowed_methods, reason = "the one place where tasks are spawned")]
pub fn spawn<F>(task: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(task)
}

/// The clock of `coffer server`: the real time, which nobody moves.
#[derive(Debug)]
pub struct RealClock {
    started: Instant,
}

impl Default for RealClock {
    fn default() -> Self {
        Self { started: instant() }
    }
}

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        real_now()
    }

    fn steady(&self) -> Duration {
        self.started.elapsed()
    }

    fn real_now(&self) -> Timestamp {
        real_now()
    }

    fn both(&self) -> (Timestamp, Timestamp) {
        let now = real_now();
        (now, now)
    }

    fn advance(&self, _: Duration) -> Result<Timestamp, NotMovable> {
        Err(NotMovable)
    }
}

/// The clock of `coffer dev`: the real time and an offset that only grows.
#[derive(Debug, Default)]
pub struct MovableClock {
    ahead_ms: AtomicI64,
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let ahead = u64::try_from(self.ahead_ms.load(Ordering::Acquire)).unwrap_or(0);
        real_now().plus(Duration::from_millis(ahead))
    }

    fn real_now(&self) -> Timestamp {
        real_now()
    }

    fn advance(&self, span: Duration) -> Result<Timestamp, NotMovable> {
        let span_ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let grow = |ahead: i64| Some(ahead.saturating_add(span_ms).min(AHEAD_MS_MAX));
        // The closure always gives a value, so this never fails.
        self.ahead_ms.fetch_update(Ordering::AcqRel, Ordering::Acquire, grow).unwrap_or_default();
        Ok(self.now())
    }
}

/// A thousand years.
const AHEAD_MS_MAX: i64 = 1000 * 365 * 86_400_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use coffer_pipeline::Clock;

    use super::MovableClock;

    #[test]
    fn a_moved_clock_stays_moved() {
        let clock = MovableClock::default();
        let day = Duration::from_secs(86_400);
        let moved = clock.advance(31 * day).unwrap();
        assert!(moved.since(clock.real_now()) > 30 * day);
        assert!(clock.now() >= moved);
        assert!(clock.real_now() < moved);
    }
}
