//! What the process has counted that no record tells of.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the process has started.
#[derive(Debug, Default)]
pub struct Tallies {
    jobs_failed: AtomicU64,
    rotations_given_up: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TallyCounts {
    /// Runs of jobs that failed.
    pub jobs_failed: u64,
    /// Rotations that are tried no more before their next window.
    pub rotations_given_up: u64,
}

impl Tallies {
    /// The counts now.
    pub fn counts(&self) -> TallyCounts {
        TallyCounts {
            jobs_failed: self.jobs_failed.load(Ordering::Relaxed),
            rotations_given_up: self.rotations_given_up.load(Ordering::Relaxed),
        }
    }

    /// A run of a job failed.
    pub(crate) fn job_failed(&self) {
        self.jobs_failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Rotations were given up by a commit that stands.
    pub(crate) fn rotations_given_up(&self, count: u64) {
        if count > 0 {
            self.rotations_given_up.fetch_add(count, Ordering::Relaxed);
        }
    }
}
