//! How long the claims of others, and forgotten ones of this process, have stood as they are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_store::{Key, Record, Revision};

use super::held::LEASE;
use crate::job::JobRecord;

/// The claims that this process has seen, each since when.
///
/// A claim's row says when its lease ends by the clock of whoever holds it, which may differ from
/// this one's, or be set back. Whoever holds it moves the row well within the lease, so a claim has
/// ended when it was seen to stand in its place for a whole lease, by a clock that nobody sets.
#[derive(Debug, Default)]
pub struct Claims {
    seen: Mutex<HashMap<Key, Seen>>,
}

#[derive(Debug)]
struct Seen {
    /// That of the row; nothing where this process has put it there and was not told.
    revision: Option<Revision>,
    since: Duration,
    last: Duration,
}

impl Claims {
    /// Notes a claim that this process has made or renewed, and the revision of its row where that is
    /// known.
    pub(super) fn made(&self, record: &JobRecord, revision: Option<Revision>, steady: Duration) {
        let claim = Seen { revision, since: steady, last: steady };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        keep(&mut seen, &record.key(), claim);
    }

    /// How long a waiting job is not to be claimed yet: until it is due, or nobody holds it.
    pub(super) fn free_in(
        &self,
        (record, revision): (&JobRecord, Revision),
        is_exclusive: bool,
        now: Timestamp,
        steady: Duration,
    ) -> Duration {
        let due_in = record.due.since(now);
        if !record.claimed {
            return due_in;
        }
        let has_stood = steady.saturating_sub(self.see(&record.key(), revision, steady));
        let ends_in = LEASE.saturating_sub(has_stood);
        // Where nobody else claims jobs, the clock that says now has made the claim as well.
        if is_exclusive { ends_in.min(due_in) } else { ends_in }
    }

    /// Notes that a claim stands, and gives since when it does.
    fn see(&self, key: &Key, revision: Revision, steady: Duration) -> Duration {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claim) = seen.get_mut(key)
            && claim.may_be(revision, steady)
        {
            (claim.revision, claim.last) = (Some(revision), steady);
            return claim.since;
        }
        let claim = Seen { revision: Some(revision), since: steady, last: steady };
        keep(&mut seen, key, claim);
        steady
    }
}

impl Seen {
    /// Whether it is the claim whose row has this revision now. One whose revision is not known is
    /// this process's own, in whose very place another one can't be for two leases.
    fn may_be(&self, revision: Revision, steady: Duration) -> bool {
        match self.revision {
            Some(known) => known == revision,
            None => steady.saturating_sub(self.since) < 2 * LEASE,
        }
    }
}

/// Keeps a claim, where there is room: one that is not kept is seen for the first time once more, which
/// makes it last longer.
fn keep(seen: &mut HashMap<Key, Seen>, key: &Key, claim: Seen) {
    if seen.len() >= CLAIMS_MAX {
        seen.retain(|_, other| claim.last.saturating_sub(other.last) < LEASE);
    }
    if seen.len() < CLAIMS_MAX {
        seen.insert(key.clone(), claim);
    }
}

/// Claims that are known at one time; many more than all servers of a store hold.
const CLAIMS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use coffer_model::AccountId;

    use super::*;

    fn job(id: usize, claimed: bool) -> JobRecord {
        JobRecord {
            id: id.to_string(),
            kind: "test.job".to_owned(),
            account: AccountId::dev(),
            region: "us-east-1".parse().unwrap(),
            due: Timestamp::from_millis(1_000_000),
            attempts: 1,
            claimed,
            last_error: None,
            failed: false,
            payload: serde_json::Value::Null,
        }
    }

    /// After how many more seconds a claim of revision `number` is free, at so many.
    fn free_in(claims: &Claims, held: &JobRecord, number: u64, now: i64, seconds: u64) -> u64 {
        let (revision, steady) = (Revision::new(number), Duration::from_secs(seconds));
        let now = Timestamp::from_millis(now);
        claims.free_in((held, revision), false, now, steady).as_secs()
    }

    #[test]
    fn a_claim_ends_when_it_has_stood_for_a_lease_whatever_its_row_says() {
        let (claims, held) = (Claims::default(), job(1, true));
        let (long_before, long_after) = (1, 1_000_000_000);
        let at = |seconds, number, now| free_in(&claims, &held, number, now, seconds);
        assert_eq!(at(100, 7, long_after), 60, "by the other's clock it may have just begun");
        assert_eq!(at(159, 7, long_after), 1);
        assert_eq!(at(159, 8, long_after), 60, "it was renewed in the same place");
        assert_eq!(at(218, 8, long_before), 1);
        assert_eq!(at(219, 8, long_before), 0, "its end by the clock need not be waited for");
    }

    #[test]
    fn a_job_that_nobody_holds_goes_by_its_due_time() {
        let (claims, waiting) = (Claims::default(), job(1, false));
        assert_eq!(free_in(&claims, &waiting, 1, 998_000, 0), 2);
        assert_eq!(free_in(&claims, &waiting, 1, 1_000_000, 0), 0);
        let mine = (&job(1, true), Revision::new(1));
        let free_in = |millis| {
            claims.free_in(mine, true, Timestamp::from_millis(millis), Duration::ZERO).as_secs()
        };
        assert_eq!((free_in(998_000), free_in(1_000_000)), (2, 0), "nobody else can hold it");
        assert_eq!(free_in(1), 60, "the clock was set back");
    }

    #[test]
    fn a_claim_of_ones_own_is_known_from_its_beginning() {
        let (claims, held) = (Claims::default(), job(1, true));
        claims.made(&held, None, Duration::from_secs(10));
        assert_eq!(free_in(&claims, &held, 3, 1, 69), 1);
        assert_eq!(free_in(&claims, &held, 3, 1, 70), 0);
        claims.made(&held, Some(Revision::new(4)), Duration::from_secs(71));
        assert_eq!(free_in(&claims, &held, 4, 1, 130), 1, "it was made anew");
        assert_eq!(free_in(&claims, &held, 5, 1, 131), 60, "it is another one's by now");
    }

    #[test]
    fn no_more_claims_are_known_than_may_be() {
        let claims = Claims::default();
        let see = |id, seconds| {
            free_in(&claims, &job(id, true), 1, 1, seconds);
            claims.seen.lock().unwrap().len()
        };
        for id in 0..CLAIMS_MAX {
            see(id, 1);
        }
        assert_eq!(see(CLAIMS_MAX, 2), CLAIMS_MAX);
        assert_eq!(see(CLAIMS_MAX, 62), 1, "those that have gone are forgotten");
    }
}
