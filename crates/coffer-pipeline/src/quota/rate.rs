//! How often requests may come: so many at once, and then one in each interval.

use std::time::Duration;

/// The rate of a quota: a bucket of so many requests, which one flows into at each interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// Between two requests that flow in.
    interval_ns: u64,
    /// In which an empty bucket becomes full.
    span_ns: u64,
}

impl RequestRate {
    /// So many requests in a second, and so many at once.
    ///
    /// # Errors
    /// What is no rate, as the end of a sentence.
    pub fn new(per_second: f64, burst: u32) -> Result<Self, &'static str> {
        if !(PER_SECOND_MIN..=PER_SECOND_MAX).contains(&per_second) {
            return Err("give from 0.0001 to 1000000 requests per second");
        }
        if !(1..=BURST_MAX).contains(&burst) {
            return Err("give a burst of 1 to 1000000 requests");
        }
        let interval = Duration::try_from_secs_f64(per_second.recip());
        let interval = interval.map_err(|_| "give a number of requests per second")?;
        Ok(Self::each(interval, burst))
    }

    /// So many requests in a second, as many of them at once as a second gives, one at least.
    ///
    /// # Errors
    /// What is no rate, as the end of a sentence.
    pub fn of_a_second(per_second: f64) -> Result<Self, &'static str> {
        let Self { interval_ns, .. } = Self::new(per_second, 1)?;
        let burst = u32::try_from(SECOND_NS / interval_ns).unwrap_or(BURST_MAX);
        Self::new(per_second, burst.max(1))
    }

    /// One request in each interval, and so many at once.
    pub fn each(interval: Duration, burst: u32) -> Self {
        let interval_ns = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX).max(1);
        Self { interval_ns, span_ns: interval_ns.saturating_mul(u64::from(burst.max(1))) }
    }

    /// Takes a request from a bucket; false where there is none in it. A bucket is known by the
    /// instant at which it is full.
    pub(super) fn take(self, full_at_ns: &mut u64, now_ns: u64) -> bool {
        let empty = now_ns.saturating_add(self.span_ns);
        // After the clock was put back, it would be emptier than empty for as long.
        *full_at_ns = (*full_at_ns).clamp(now_ns, empty);
        let then = full_at_ns.saturating_add(self.interval_ns);
        let has_one = then <= empty;
        if has_one {
            *full_at_ns = then;
        }
        has_one
    }

    /// Puts a request back.
    pub(super) fn give_back(self, full_at_ns: &mut u64) {
        *full_at_ns = full_at_ns.saturating_sub(self.interval_ns);
    }
}

/// So many requests in a second, as many of them at once as a second gives.
impl From<u32> for RequestRate {
    fn from(per_second: u32) -> Self {
        let per_second = per_second.max(1);
        Self::each(Duration::from_secs(1) / per_second, per_second)
    }
}

/// One request in each interval.
impl From<Duration> for RequestRate {
    fn from(interval: Duration) -> Self {
        Self::each(interval, 1)
    }
}

const PER_SECOND_MIN: f64 = 0.000_1;
const PER_SECOND_MAX: f64 = 1e6;
const BURST_MAX: u32 = 1_000_000;
const SECOND_NS: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = SECOND_NS;

    /// How many requests are taken at one instant.
    fn taken(rate: RequestRate, full_at: &mut u64, now: u64) -> u32 {
        let mut count = 0;
        while rate.take(full_at, now) {
            count += 1;
        }
        count
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_the_rate() {
        let (rate, start) = (RequestRate::new(10.0, 25).unwrap(), 1_700_000_000 * SECOND);
        let mut full_at = 0;
        assert_eq!(taken(rate, &mut full_at, start), 25);
        assert_eq!(taken(rate, &mut full_at, start + SECOND / 10 - 1), 0);
        assert_eq!(taken(rate, &mut full_at, start + SECOND / 10), 1);
        assert_eq!(taken(rate, &mut full_at, start + SECOND), 9);
        assert_eq!(taken(rate, &mut full_at, start + 100 * SECOND), 25);
    }

    #[test]
    fn fractions_of_a_request_in_a_second_are_a_rate() {
        for rate in [RequestRate::new(0.25, 1).unwrap(), Duration::from_secs(4).into()] {
            let mut full_at = 0;
            let counts = (0..=8).map(|second| taken(rate, &mut full_at, (second + 9) * SECOND));
            assert_eq!(counts.collect::<Vec<_>>(), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
        }
        assert_eq!(RequestRate::from(3), RequestRate::each(Duration::from_nanos(333_333_333), 3));
    }

    #[test]
    fn what_was_put_back_can_be_taken_again() {
        let rate = RequestRate::from(2);
        let mut full_at = 0;
        assert_eq!(taken(rate, &mut full_at, SECOND), 2);
        rate.give_back(&mut full_at);
        assert_eq!(taken(rate, &mut full_at, SECOND), 1);
    }

    #[test]
    fn a_clock_that_is_put_back_holds_nobody_up_for_long() {
        let rate = RequestRate::from(10);
        let mut full_at = 0;
        assert_eq!(taken(rate, &mut full_at, 9_000 * SECOND), 10);
        assert_eq!(taken(rate, &mut full_at, 10 * SECOND), 0);
        assert_eq!(taken(rate, &mut full_at, 11 * SECOND), 10);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9, 1e9] {
            assert!(RequestRate::new(per_second, 1).is_err(), "{per_second}");
        }
        assert!(RequestRate::new(1.0, 0).is_err() && RequestRate::new(1.0, 1_000_001).is_err());
    }
}
