//! Decoded records that are kept in memory: bounded, and never older than the engine.

use std::any::Any;
use std::hash::BuildHasher;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use super::{CacheCounts, CacheLimits, Versioned};
use crate::{Key, Observer, Revision};

/// Records of any type by key, and the knowledge that a key has none.
///
/// INVARIANT: what is in here is what the engine had after the last change that the cache was
/// told of. A reader takes a ticket before it asks the engine; what it read is taken in only if
/// no change was heard of in that shard since.
pub(super) struct RecordCache {
    /// Seeded anew in each process, so whoever chooses a key cannot choose its hash.
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    changes: AtomicU64,
}

/// The time at which a read of the engine began, counted in changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(u64);

type Cached = Versioned<dyn Any + Send + Sync>;

impl RecordCache {
    /// An empty cache.
    pub(super) fn new(limits: CacheLimits) -> Self {
        let shard = || {
            Mutex::new(Shard {
                entries: Vec::new(),
                free: Vec::new(),
                by_key: HashTable::new(),
                hand: 0,
                bytes: 0,
                bytes_max: limits.bytes_max / SHARDS,
                records_max: limits.records_max.div_ceil(SHARDS),
                changed_at: 0,
                hits: 0,
                misses: 0,
            })
        };
        Self {
            hasher: RandomState::default(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            changes: AtomicU64::new(0),
        }
    }

    /// What is known of a key.
    pub(super) fn get(&self, key: &Key) -> Option<Cached> {
        let hash = self.hasher.hash_one(key);
        self.shard(hash)?.get(hash, key)
    }

    /// Notes that a read of the engine begins now.
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.changes.load(Ordering::SeqCst))
    }

    /// Keeps what was read since the ticket was taken, unless it may be out of date.
    pub(super) fn put(&self, key: &Key, cached: Cached, value_bytes: usize, ticket: Ticket) {
        let hash = self.hasher.hash_one(key);
        let bytes = ENTRY_BYTES + key.as_bytes().len() + DECODED_PER_ENCODED * value_bytes;
        if let Some(mut shard) = self.shard(hash)
            && shard.changed_at <= ticket.0
        {
            shard.put(Entry { hash, key: key.clone(), cached, bytes, is_used: false });
        }
    }

    /// Drops what is known of these keys, because it may have changed.
    pub(super) fn forget(&self, keys: &[Key]) {
        for key in keys {
            let hash = self.hasher.hash_one(key);
            if let Some(mut shard) = self.shard(hash) {
                // Under the shard's lock: a ticket taken from here on is of a read that sees the
                // change, and one taken before is refused.
                shard.changed_at = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
                shard.remove(hash, key);
            }
        }
    }

    /// Drops everything, because anything may have changed.
    fn forget_all(&self) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.changed_at = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
            shard.clear_all();
        }
    }

    /// How often something was known of a key that was asked for, and how often not.
    pub(super) fn counts(&self) -> CacheCounts {
        let mut all = CacheCounts::default();
        for shard in &self.shards {
            // Under the lock that a look takes anyway, so that counting costs it nothing.
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            all.hits = all.hits.wrapping_add(shard.hits);
            all.misses = all.misses.wrapping_add(shard.misses);
            all.bytes += shard.bytes;
            all.records += shard.by_key.len();
        }
        all
    }

    fn shard(&self, hash: u64) -> Option<MutexGuard<'_, Shard>> {
        let index = usize::try_from(hash >> SHARD_SHIFT).ok()? % SHARDS;
        Some(self.shards.get(index)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for RecordCache {
    fn changed(&self, keys: &[Key], _revision: Revision) {
        self.forget(keys);
    }

    fn missed(&self) {
        self.forget_all();
    }
}

/// A part of the cache under one lock, which evicts by the CLOCK rule: the hand goes round, spares
/// an entry that was used since it last came by, and evicts the first that was not.
struct Shard {
    entries: Vec<Option<Entry>>,
    free: Vec<usize>,
    by_key: HashTable<usize>,
    hand: usize,
    bytes: usize,
    bytes_max: usize,
    records_max: usize,
    changed_at: u64,
    hits: u64,
    misses: u64,
}

struct Entry {
    hash: u64,
    key: Key,
    cached: Cached,
    bytes: usize,
    is_used: bool,
}

impl Shard {
    fn get(&mut self, hash: u64, key: &Key) -> Option<Cached> {
        let entries = &self.entries;
        let Some(slot) = self.by_key.find(hash, |slot| is_of(entries, *slot, key)) else {
            self.misses = self.misses.wrapping_add(1);
            return None;
        };
        let entry = self.entries.get_mut(*slot)?.as_mut()?;
        entry.is_used = true;
        self.hits = self.hits.wrapping_add(1);
        Some(entry.cached.clone())
    }

    fn put(&mut self, entry: Entry) {
        self.remove(entry.hash, &entry.key);
        if entry.bytes > self.bytes_max || self.records_max == 0 {
            return;
        }
        while self.bytes + entry.bytes > self.bytes_max || self.by_key.len() >= self.records_max {
            self.evict_one();
        }
        self.bytes += entry.bytes;
        let hash = entry.hash;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        if let Some(place) = self.entries.get_mut(slot) {
            *place = Some(entry);
        }
        let entries = &self.entries;
        let hash_of = |slot: &usize| match entries.get(*slot) {
            Some(Some(entry)) => entry.hash,
            _ => 0,
        };
        self.by_key.insert_unique(hash, slot, hash_of);
    }

    fn remove(&mut self, hash: u64, key: &Key) {
        let entries = &self.entries;
        let Ok(found) = self.by_key.find_entry(hash, |slot| is_of(entries, *slot, key)) else {
            return;
        };
        let (slot, _) = found.remove();
        self.clear(slot);
    }

    /// Evicts the first entry that the hand finds unused; at the latest it is the one where the
    /// hand set out, after a whole round. There must be an entry.
    fn evict_one(&mut self) {
        for _ in 0..=2 * self.entries.len() {
            let slot = self.hand;
            self.hand = (self.hand + 1) % self.entries.len().max(1);
            let Some(Some(entry)) = self.entries.get_mut(slot) else { continue };
            if !mem::take(&mut entry.is_used) {
                let hash = entry.hash;
                if let Ok(found) = self.by_key.find_entry(hash, |other| *other == slot) {
                    found.remove();
                }
                self.clear(slot);
                return;
            }
        }
    }

    fn clear_all(&mut self) {
        self.entries.clear();
        self.free.clear();
        self.by_key.clear();
        (self.hand, self.bytes) = (0, 0);
    }

    fn clear(&mut self, slot: usize) {
        if let Some(entry) = self.entries.get_mut(slot).and_then(Option::take) {
            self.bytes -= entry.bytes;
            self.free.push(slot);
        }
    }
}

fn is_of(entries: &[Option<Entry>], slot: usize, key: &Key) -> bool {
    matches!(entries.get(slot), Some(Some(entry)) if entry.key == *key)
}

const SHARDS: usize = 32;
/// The hash table looks at the lowest and the highest bits of a hash, so shards take others.
const SHARD_SHIFT: u32 = 32;
/// What an entry takes beside its key and its record, about.
const ENTRY_BYTES: usize = 160;
/// How much larger a record is decoded than encoded, about.
const DECODED_PER_ENCODED: usize = 2;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn key(number: usize) -> Key {
        Key::of("t", &[&number.to_string()])
    }

    fn cached(number: usize) -> Cached {
        Versioned { record: Some(Arc::new(number)), revision: Some(Revision::new(1)) }
    }

    fn cache(bytes_max: usize, records_max: usize) -> RecordCache {
        RecordCache::new(CacheLimits { bytes_max, records_max })
    }

    fn held(cache: &RecordCache) -> (usize, usize) {
        let shards = cache.shards.iter().map(|shard| shard.lock().unwrap());
        let count = |shard: MutexGuard<'_, Shard>| {
            let entries: Vec<&Entry> = shard.entries.iter().flatten().collect();
            assert_eq!(entries.len(), shard.by_key.len());
            assert_eq!(entries.iter().map(|entry| entry.bytes).sum::<usize>(), shard.bytes);
            (entries.len(), shard.bytes)
        };
        shards.map(count).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    #[test]
    fn it_never_holds_more_than_it_may() {
        for (bytes_max, records_max) in
            [(1 << 20, 320), (64 << 10, 1 << 20), (0, 100), (1 << 20, 0)]
        {
            let cache = cache(bytes_max, records_max);
            for number in 0..5_000 {
                cache.put(&key(number), cached(number), number % 300, cache.ticket());
                if number % 7 == 0 {
                    cache.forget(&[key(number / 2)]);
                }
            }
            let (records, bytes) = held(&cache);
            assert!(records <= records_max && bytes <= bytes_max, "{records} {bytes}");
            assert_eq!(records > 100, bytes_max > 0 && records_max > 0, "{records}");
        }
    }

    #[test]
    fn what_is_used_stays_longer_than_what_is_not() {
        let cache = cache(1 << 20, 320);
        cache.put(&key(0), cached(0), 10, cache.ticket());
        for number in 1..5_000 {
            assert!(cache.get(&key(0)).is_some(), "after {number}");
            cache.put(&key(number), cached(number), 10, cache.ticket());
        }
    }

    #[test]
    fn after_missed_changes_nothing_is_known() {
        let cache = cache(1 << 20, 1_000);
        let before = cache.ticket();
        (0..500).for_each(|number| cache.put(&key(number), cached(number), 10, before));
        cache.missed();
        assert_eq!(held(&cache), (0, 0));
        (0..500).for_each(|number| cache.put(&key(number), cached(number), 10, before));
        assert_eq!(held(&cache), (0, 0), "read before the changes were missed");
        (0..500).for_each(|number| cache.put(&key(number), cached(number), 10, cache.ticket()));
        assert_eq!(held(&cache).0, 500);
    }

    #[test]
    fn a_read_that_began_before_a_change_is_not_taken_in() {
        let cache = cache(1 << 20, 1_000);
        let before = cache.ticket();
        cache.forget(&[key(1)]);
        cache.put(&key(1), cached(1), 10, before);
        assert!(cache.get(&key(1)).is_none());
        cache.put(&key(1), cached(1), 10, cache.ticket());
        assert!(cache.get(&key(1)).is_some());
        cache.forget(&[key(1)]);
        assert!(cache.get(&key(1)).is_none());
    }
}
