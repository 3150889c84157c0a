//! The engine that forgets: an ordered map with faults by seed, for tests and throw-away servers.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::key::prefix_end;
use crate::store::{Excess, READ_KEYS_MAX, SCAN_ROWS_MAX};
use crate::{
    Batch, CommitError, Direction, Key, Observer, Revision, Row, Scan, Snapshot, Store, StoreError,
};

/// A store in memory. Without faults it only keeps nothing; with them it does, by its seed, what
/// a store on a bad day does. In one thread the same seed makes the same faults.
pub struct Sim {
    state: Mutex<State>,
    is_exclusive: bool,
}

/// What goes wrong, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Commits that are refused as conflicts though their expectations hold.
    pub conflicts_per_mille: u16,
    /// Commits whose outcome is not told; half of them are applied.
    pub unknowns_per_mille: u16,
    /// Reads, scans and commits that are refused as unavailable.
    pub unavailable_per_mille: u16,
    /// How many times a call lets others go first, at most, at each of its steps.
    pub yields_max: u16,
}

impl Sim {
    /// An empty store without faults.
    pub fn new() -> Self {
        Self::with_faults(0, Faults::default())
    }

    /// An empty store without faults that is one process's alone.
    pub fn alone() -> Self {
        Self { is_exclusive: true, ..Self::new() }
    }

    /// An empty store with the faults of this seed.
    pub fn with_faults(seed: u64, faults: Faults) -> Self {
        let state = State {
            rows: BTreeMap::new(),
            revision: Revision::ZERO,
            faults,
            chance: Chance(seed),
            observers: Vec::new(),
            in_flight: BTreeMap::new(),
            begun: 0,
            crashes: 0,
            is_closed: false,
        };
        Self { state: Mutex::new(state), is_exclusive: false }
    }

    /// Changes what goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Crashes and starts again: what was acknowledged is still there, what was under way is
    /// there or not, and its callers are not told.
    pub fn crash(&self) {
        let mut state = self.state();
        state.crashes += 1;
        for batch in std::mem::take(&mut state.in_flight).into_values() {
            if state.chance.comes_up(500) {
                // A batch whose expectations no longer hold is one of those that are not there.
                drop(state.apply(&batch));
            }
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.state().rows.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn delay(&self) {
        let yields = {
            let mut state = self.state();
            let yields_max = u64::from(state.faults.yields_max);
            if yields_max == 0 { 0 } else { state.chance.next() % (yields_max + 1) }
        };
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
    }
}

impl Default for Sim {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Store for Sim {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        Excess::check("keys in a read", keys.len(), READ_KEYS_MAX)?;
        self.delay().await;
        let mut state = self.state();
        state.check_available().map_err(StoreError::Unavailable)?;
        Ok(keys.iter().map(|key| state.rows.get(key).cloned()).collect())
    }

    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
        Excess::check("rows in a scan", scan.rows_max, SCAN_ROWS_MAX)?;
        self.delay().await;
        let mut state = self.state();
        state.check_available().map_err(StoreError::Unavailable)?;
        Ok(state.scan(&scan))
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.delay().await;
        let mut state = self.state();
        state.check_available().map_err(StoreError::Unavailable)?;
        Ok(Box::new(SimSnapshot(state.rows.clone())))
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        batch.check()?;
        let under_way = UnderWay::begin(self, batch)?;
        self.delay().await;
        let outcome = self.state().land(under_way.id);
        self.delay().await;
        let has_crashed = self.state().crashes != under_way.crashes;
        if has_crashed { Err(CommitError::Unknown) } else { outcome }
    }

    fn watch(&self, observer: Arc<dyn Observer>) {
        self.state().observers.push(observer);
    }

    fn is_exclusive(&self) -> bool {
        self.is_exclusive
    }

    async fn close(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        state.is_closed = true;
        state.observers.clear();
        Ok(())
    }
}

struct SimSnapshot(BTreeMap<Key, Row>);

#[async_trait]
impl Snapshot for SimSnapshot {
    async fn next(&mut self) -> Result<Vec<(Key, Row)>, StoreError> {
        tokio::task::yield_now().await;
        Ok(std::iter::from_fn(|| self.0.pop_first()).take(SNAPSHOT_ROWS).collect())
    }
}

/// A commit between its call and its answer; if it is dropped early, nothing of it is kept.
struct UnderWay<'a> {
    sim: &'a Sim,
    id: u64,
    crashes: u64,
}

impl<'a> UnderWay<'a> {
    fn begin(sim: &'a Sim, batch: Batch) -> Result<Self, CommitError> {
        let mut state = sim.state();
        state.check_available().map_err(CommitError::Unavailable)?;
        state.begun += 1;
        let id = state.begun;
        state.in_flight.insert(id, batch);
        Ok(Self { sim, id, crashes: state.crashes })
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.sim.state().in_flight.remove(&self.id);
    }
}

struct State {
    rows: BTreeMap<Key, Row>,
    revision: Revision,
    faults: Faults,
    chance: Chance,
    observers: Vec<Arc<dyn Observer>>,
    in_flight: BTreeMap<u64, Batch>,
    begun: u64,
    crashes: u64,
    is_closed: bool,
}

impl State {
    fn check_available(&mut self) -> Result<(), String> {
        if self.is_closed {
            return Err("store is closed".to_owned());
        }
        let is_unavailable = self.chance.comes_up(self.faults.unavailable_per_mille);
        if is_unavailable { Err("a simulated fault".to_owned()) } else { Ok(()) }
    }

    fn land(&mut self, id: u64) -> Result<Revision, CommitError> {
        // A crash has already decided about a batch that is no longer in flight.
        let batch = self.in_flight.remove(&id).ok_or(CommitError::Unknown)?;
        if self.chance.comes_up(self.faults.conflicts_per_mille) {
            return Err(CommitError::Conflict);
        }
        if !self.chance.comes_up(self.faults.unknowns_per_mille) {
            return self.apply(&batch);
        }
        if self.chance.comes_up(500) {
            self.apply(&batch)?;
        }
        Err(CommitError::Unknown)
    }

    /// Applies a batch, and tells the observers while nobody can read or commit.
    fn apply(&mut self, batch: &Batch) -> Result<Revision, CommitError> {
        let revision_of = |key| self.rows.get(key).map(|row| row.revision);
        if batch.expectations.iter().any(|(key, expected)| revision_of(key) != *expected) {
            return Err(CommitError::Conflict);
        }
        if batch.is_read_only() {
            return Ok(self.revision);
        }
        self.revision = Revision::new(self.revision.number() + 1);
        for key in &batch.deletes {
            self.rows.remove(key);
        }
        for (key, value) in &batch.puts {
            let row = Row { value: value.clone(), revision: self.revision };
            self.rows.insert(key.clone(), row);
        }
        if !self.observers.is_empty() {
            let keys = batch.changed_keys();
            self.observers.iter().for_each(|observer| observer.changed(&keys, self.revision));
        }
        Ok(self.revision)
    }

    fn scan(&self, scan: &Scan<'_>) -> Vec<(Key, Row)> {
        let prefix_end = prefix_end(scan.prefix);
        let mut from = Bound::Included(scan.prefix);
        let mut to = prefix_end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let after = scan.after.map(Key::as_bytes);
        match (after, scan.direction) {
            (Some(after), Direction::Ascending) if after >= scan.prefix => {
                from = Bound::Excluded(after);
            }
            (Some(after), Direction::Descending)
                if prefix_end.as_deref().is_none_or(|end| after < end) =>
            {
                to = Bound::Excluded(after);
            }
            _ => {}
        }
        if let (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to)) = (from, to)
            && from >= to
        {
            return Vec::new();
        }
        let rows = self.rows.range::<[u8], _>((from, to));
        let owned = |(key, row): (&Key, &Row)| (key.clone(), row.clone());
        match scan.direction {
            Direction::Ascending => rows.take(scan.rows_max).map(owned).collect(),
            Direction::Descending => rows.rev().take(scan.rows_max).map(owned).collect(),
        }
    }
}

/// Numbers that look random and are the same for the same seed (the splitmix64 generator, whose
/// constants these are).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn comes_up(&mut self, per_mille: u16) -> bool {
        per_mille > 0 && self.next() % 1_000 < u64::from(per_mille)
    }
}

const SNAPSHOT_ROWS: usize = 64;

#[cfg(test)]
mod tests;
