//! The time that a connection has to send the head of its next request.
//!
//! hyper asks for a timer anew for each request, and nearly always gives it back unused. Half a
//! second more or less makes no difference there, so these look at a clock that ticks, and ask for
//! no place among the runtime's own timers.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use hyper::rt::{Sleep, Timer};

use crate::runtime;

/// The clock of all connections, and who waits for it.
pub(crate) struct Ticks {
    start: Instant,
    /// Milliseconds since the start, as of the last tick.
    now: AtomicU64,
    sleepers: Mutex<Vec<Weak<Sleeper>>>,
}

/// The one sleep that a connection may be in.
struct Sleeper {
    /// In milliseconds since the start; `NEVER` where nobody waits.
    deadline: AtomicU64,
    waker: AtomicWaker,
}

impl Ticks {
    pub(crate) fn new() -> Arc<Self> {
        let (now, sleepers) = (AtomicU64::new(0), Mutex::default());
        Arc::new(Self { start: runtime::instant(), now, sleepers })
    }

    /// Ticks as long as it is polled.
    pub(crate) async fn run(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            self.tick(self.millis(runtime::instant()));
        }
    }

    /// The timer of one connection.
    pub(crate) fn timer(self: &Arc<Self>) -> HeadTimer {
        let deadline = AtomicU64::new(NEVER);
        let sleeper = Arc::new(Sleeper { deadline, waker: AtomicWaker::new() });
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        sleepers.push(Arc::downgrade(&sleeper));
        HeadTimer { ticks: Arc::clone(self), sleeper }
    }

    fn tick(&self, now: u64) {
        self.now.store(now, Ordering::Release);
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        sleepers.retain(|sleeper| {
            let Some(sleeper) = sleeper.upgrade() else { return false };
            if sleeper.deadline.load(Ordering::Acquire) <= now {
                sleeper.deadline.store(NEVER, Ordering::Release);
                sleeper.waker.wake();
            }
            true
        });
    }

    fn millis(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.start);
        u64::try_from(since.as_millis()).unwrap_or(NEVER)
    }
}

/// A timer for one connection, which waits for one thing at a time.
pub(crate) struct HeadTimer {
    ticks: Arc<Ticks>,
    sleeper: Arc<Sleeper>,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let deadline = self.ticks.millis(deadline);
        self.sleeper.deadline.store(deadline, Ordering::Release);
        let (ticks, sleeper) = (Arc::clone(&self.ticks), Arc::clone(&self.sleeper));
        Box::pin(HeadSleep { ticks, sleeper, deadline })
    }

    fn now(&self) -> Instant {
        self.ticks.start + Duration::from_millis(self.ticks.now.load(Ordering::Acquire))
    }
}

struct HeadSleep {
    ticks: Arc<Ticks>,
    sleeper: Arc<Sleeper>,
    deadline: u64,
}

impl Sleep for HeadSleep {}

impl Future for HeadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let is_over = || self.ticks.now.load(Ordering::Acquire) >= self.deadline;
        if is_over() {
            return Poll::Ready(());
        }
        self.sleeper.waker.register(context.waker());
        // A tick between the look and the registration has woken nobody.
        if is_over() { Poll::Ready(()) } else { Poll::Pending }
    }
}

const TICK: Duration = Duration::from_millis(500);
const NEVER: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_sleep_ends_with_the_first_tick_after_its_deadline() {
        let ticks = Ticks::new();
        let timer = ticks.timer();
        let mut sleep = timer.sleep(Duration::from_secs(30));
        assert!(sleep.as_mut().now_or_never().is_none());
        ticks.tick(29_999);
        assert!(sleep.as_mut().now_or_never().is_none());
        ticks.tick(30_000);
        assert!(sleep.as_mut().now_or_never().is_some());
        let mut next = timer.sleep(Duration::from_secs(30));
        assert!(next.as_mut().now_or_never().is_none());
        ticks.tick(60_000);
        assert!(next.as_mut().now_or_never().is_some());
    }

    #[tokio::test]
    async fn whoever_sleeps_is_woken() {
        let ticks = Ticks::new();
        let timer = ticks.timer();
        let sleeping = runtime::spawn(timer.sleep(Duration::from_millis(1)));
        tokio::select! {
            () = ticks.run() => {}
            slept = sleeping => assert!(slept.is_ok()),
        }
    }

    #[test]
    fn closed_connections_are_forgotten() {
        let ticks = Ticks::new();
        drop(ticks.timer());
        let kept = ticks.timer();
        ticks.tick(1);
        assert_eq!(ticks.sleepers.lock().unwrap().len(), 1);
        drop(kept);
    }
}
