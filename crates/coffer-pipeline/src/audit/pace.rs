//! How fast records come: whether one write to the journal is to wait for those of other requests.

use std::sync::atomic::{AtomicU64, Ordering};

use coffer_model::Timestamp;

/// Counts the records of this millisecond and of the one before it.
///
/// Threads that count at the same moment may lose a count to each other: it is a guess about the
/// next moment in any case.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU64);

impl Pace {
    /// Counts a record.
    pub(super) fn count(&self, now: Timestamp) {
        let millis = u64::try_from(now.as_millis()).unwrap_or(0) & MILLIS_MAX;
        let counted = Counted::unpacked(self.0.load(Ordering::Relaxed)).with_one_at(millis);
        self.0.store(counted.packed(), Ordering::Relaxed);
    }

    /// Whether so many come that one write should serve several.
    pub(super) fn is_busy(&self) -> bool {
        let Counted { before, count, .. } = Counted::unpacked(self.0.load(Ordering::Relaxed));
        before.max(count) >= BUSY_PER_MILLISECOND
    }
}

/// What is counted, in one number: 40 bits of time, and 12 for each of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counted {
    millis: u64,
    before: u64,
    count: u64,
}

impl Counted {
    fn with_one_at(self, millis: u64) -> Self {
        match millis.checked_sub(self.millis) {
            Some(0) => Self { count: COUNT_MAX.min(self.count + 1), ..self },
            Some(1) => Self { millis, before: self.count, count: 1 },
            _ => Self { millis, before: 0, count: 1 },
        }
    }

    fn unpacked(number: u64) -> Self {
        let (before, count) = ((number >> COUNT_BITS) & COUNT_MAX, number & COUNT_MAX);
        Self { millis: number >> (2 * COUNT_BITS), before, count }
    }

    fn packed(self) -> u64 {
        (self.millis << (2 * COUNT_BITS)) | (self.before << COUNT_BITS) | self.count
    }
}

/// Below this a write for each record takes a small part of one processor, and each answer goes out
/// sooner by what it would have waited.
const BUSY_PER_MILLISECOND: u64 = 16;
const COUNT_BITS: u32 = 12;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;
const MILLIS_MAX: u64 = (1 << 40) - 1;

#[cfg(test)]
mod tests {
    use coffer_model::Timestamp;

    use super::Pace;

    fn count(pace: &Pace, millis: i64, records: usize) {
        (0..records).for_each(|_| pace.count(Timestamp::from_millis(1_700_000_000_000 + millis)));
    }

    #[test]
    fn it_is_busy_as_long_as_many_come() {
        let pace = Pace::default();
        assert!(!pace.is_busy());
        count(&pace, 0, 15);
        assert!(!pace.is_busy());
        count(&pace, 0, 1);
        assert!(pace.is_busy());
        count(&pace, 1, 1);
        assert!(pace.is_busy(), "the millisecond before had many");
        count(&pace, 2, 1);
        assert!(!pace.is_busy());
        count(&pace, 3, 100_000);
        assert!(pace.is_busy());
        count(&pace, 5, 1);
        assert!(!pace.is_busy(), "there was a pause");
        count(&pace, 4, 1);
        assert!(!pace.is_busy(), "a clock that goes back begins anew");
    }
}
