//! Tells the operator when somebody has set the machine's clock.

use std::time::Duration;

use coffer_model::Timestamp;

use crate::runtime;

/// The time of day beside a clock that nobody sets.
pub(crate) struct ClockWatch {
    seen: Timestamp,
    steady: std::time::Instant,
}

impl ClockWatch {
    /// Begins to watch.
    pub(crate) fn new() -> Self {
        Self { seen: runtime::real_now(), steady: runtime::instant() }
    }

    /// Looks at both, and logs by how much the time of day has gone another way.
    pub(crate) fn look(&mut self) {
        let (now, gone_by) = (runtime::real_now(), self.steady.elapsed());
        let jump_s = jump_s(self.seen, now, gone_by);
        *self = Self { seen: now, steady: self.steady + gone_by };
        let Some(seconds) = jump_s else { return };
        let way = if seconds > 0 { "forward" } else { "back" };
        tracing::warn!(
            clock.jump_seconds = seconds,
            "the clock was set {way} by {} seconds: signatures, sessions and what is due go by it",
            seconds.unsigned_abs()
        );
    }
}

/// By how many seconds the time of day has gone ahead of the time that has gone by, or fallen behind;
/// nothing where that is what clocks are corrected by all the time.
fn jump_s(before: Timestamp, now: Timestamp, gone_by: Duration) -> Option<i64> {
    let gone_by_ms = i64::try_from(gone_by.as_millis()).unwrap_or(i64::MAX);
    let shown_ms = now.as_millis().saturating_sub(before.as_millis());
    let jump_s = shown_ms.saturating_sub(gone_by_ms) / 1_000;
    (jump_s.unsigned_abs() >= JUMP_S_MIN).then_some(jump_s)
}

const JUMP_S_MIN: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_told_from_one_that_goes_on() {
        let before = Timestamp::from_millis(1_000_000);
        let after = |millis: i64, gone_by_ms: u64| {
            let now = Timestamp::from_millis(1_000_000 + millis);
            jump_s(before, now, Duration::from_millis(gone_by_ms))
        };
        assert_eq!(after(200, 200), None);
        assert_eq!(after(90_000, 90_010), None, "a process that was paused");
        assert_eq!(after(5_199, 200), None);
        assert_eq!(after(5_200, 200), Some(5));
        assert_eq!(after(-7_200_000, 250), Some(-7_200));
    }
}
