//! The buckets of all quotas, a bounded number of them.

use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use coffer_model::{AccountId, Region};
use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::RequestRate;

/// Buckets in shards, each with a lock of its own. A bucket that is full again is as good as none,
/// so those are forgotten when room is needed.
pub(super) struct Buckets {
    shards: Vec<Mutex<HashTable<Bucket>>>,
    hasher: RandomState,
}

/// Whose bucket it is.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) struct BucketKey<'a> {
    /// The quota's place among all.
    pub(super) quota: usize,
    /// The caller's account.
    pub(super) account: AccountId,
    /// The region that is asked.
    pub(super) region: &'a Region,
    /// The principal, where each has a bucket of its own.
    pub(super) principal: Option<&'a str>,
}

struct Bucket {
    hash: u64,
    quota: usize,
    account: AccountId,
    region: Region,
    principal: Option<Box<str>>,
    full_at_ns: u64,
}

impl Buckets {
    pub(super) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::default() }
    }

    /// Takes a request from a bucket, which is full where none is known; false where it is empty.
    pub(super) fn take(&self, key: &BucketKey<'_>, rate: RequestRate, now_ns: u64) -> bool {
        let hash = self.hasher.hash_one(key);
        let Some(mut shard) = self.shard(hash) else { return true };
        if let Some(bucket) = shard.find_mut(hash, |bucket| bucket.is_of(key)) {
            return rate.take(&mut bucket.full_at_ns, now_ns);
        }
        if shard.len() >= SHARD_BUCKETS_MAX {
            make_room(&mut shard, now_ns);
        }
        let mut full_at_ns = now_ns;
        let taken = rate.take(&mut full_at_ns, now_ns);
        let bucket = Bucket {
            hash,
            quota: key.quota,
            account: key.account,
            region: key.region.clone(),
            principal: key.principal.map(Box::from),
            full_at_ns,
        };
        shard.insert_unique(hash, bucket, |bucket| bucket.hash);
        taken
    }

    /// Puts a request back that was taken.
    pub(super) fn give_back(&self, key: &BucketKey<'_>, rate: RequestRate) {
        let hash = self.hasher.hash_one(key);
        let Some(mut shard) = self.shard(hash) else { return };
        if let Some(bucket) = shard.find_mut(hash, |bucket| bucket.is_of(key)) {
            rate.give_back(&mut bucket.full_at_ns);
        }
    }

    /// By the bits in the middle: the table goes by those at both ends.
    fn shard(&self, hash: u64) -> Option<MutexGuard<'_, HashTable<Bucket>>> {
        let index = usize::try_from((hash >> 32) & SHARDS_MASK).unwrap_or(0);
        Some(self.shards.get(index)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Forgets the buckets that are full; where too few are, also the fuller half of the others, which
/// lets their callers go on a little sooner.
fn make_room(shard: &mut HashTable<Bucket>, now_ns: u64) {
    shard.retain(|bucket| bucket.full_at_ns > now_ns);
    if shard.len() > SHARD_BUCKETS_MAX / 2 {
        let mut instants: Vec<u64> = shard.iter().map(|bucket| bucket.full_at_ns).collect();
        let middle = instants.len() / 2;
        let (_, median, _) = instants.select_nth_unstable(middle);
        let median = *median;
        shard.retain(|bucket| bucket.full_at_ns > median);
    }
}

impl Bucket {
    fn is_of(&self, key: &BucketKey<'_>) -> bool {
        self.quota == key.quota
            && self.account == key.account
            && self.region == *key.region
            && self.principal.as_deref() == key.principal
    }
}

const SHARDS: u64 = 16;
const SHARDS_MASK: u64 = SHARDS - 1;
/// With all shards, as many buckets as some 10 MB hold.
const SHARD_BUCKETS_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn of_principal<'a>(region: &'a Region, principal: &'a str) -> BucketKey<'a> {
        let account = AccountId::dev();
        BucketKey { quota: 0, account, region, principal: Some(principal) }
    }

    fn known(buckets: &Buckets) -> usize {
        buckets.shards.iter().map(|shard| shard.lock().unwrap().len()).sum()
    }

    #[test]
    fn buckets_are_apart_by_quota_account_region_and_principal() {
        let (buckets, rate) = (Buckets::new(), RequestRate::from(1));
        let (here, there) = (Region::global(), "eu-west-1".parse().unwrap());
        let (one, two) = (AccountId::from_number(1), AccountId::from_number(2));
        let key = BucketKey { quota: 0, account: one, region: &here, principal: None };
        let keys = [
            key,
            BucketKey { quota: 1, ..key },
            BucketKey { account: two, ..key },
            BucketKey { region: &there, ..key },
            BucketKey { principal: Some("a"), ..key },
            BucketKey { principal: Some("b"), ..key },
        ];
        for key in &keys {
            assert!(buckets.take(key, rate, 5), "{key:?}");
        }
        for key in &keys {
            assert!(!buckets.take(key, rate, 5), "{key:?}");
            buckets.give_back(key, rate);
            assert!(buckets.take(key, rate, 5), "{key:?}");
        }
        assert_eq!(known(&buckets), keys.len());
    }

    #[test]
    fn the_number_of_buckets_is_bounded_and_the_emptiest_stay() {
        let (buckets, rate) = (Buckets::new(), RequestRate::from(2));
        let region = Region::global();
        let max = usize::try_from(SHARDS).unwrap() * SHARD_BUCKETS_MAX;
        let busy = of_principal(&region, "busy");
        assert!(buckets.take(&busy, rate, 7) && buckets.take(&busy, rate, 7));
        for number in 0..max * 2 {
            let principal = number.to_string();
            assert!(buckets.take(&of_principal(&region, &principal), rate, 7));
        }
        assert!(known(&buckets) <= max);
        assert!(!buckets.take(&busy, rate, 7));
        // A second later all are full again, so that the first who comes has them forgotten.
        for number in 0..max * 2 {
            let principal = format!("later {number}");
            assert!(buckets.take(&of_principal(&region, &principal), rate, 1_000_000_007));
        }
        assert!(known(&buckets) <= max);
        assert!(buckets.take(&busy, rate, 1_000_000_007));
    }
}
