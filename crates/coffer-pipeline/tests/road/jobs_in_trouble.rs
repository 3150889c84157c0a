//! The job runner where rows cannot be read and the store takes no writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use coffer_pipeline::job::runner::{ATTEMPTS_MAX, run_due};
use coffer_pipeline::{Clock, JobRecord};
use coffer_store::{
    Batch, CommitError, Direction, Key, Observer, Record, Revision, Row, Scan, Sim, Snapshot,
    Store, StoreError, Transaction,
};

use crate::service::JOBS;
use crate::world::Harness;

/// A store whose disk is full for as long as there are refusals left.
struct Full {
    sim: Sim,
    /// Commits that are taken before the refusals begin.
    taken: AtomicUsize,
    refusals: AtomicUsize,
}

impl Full {
    fn new() -> Self {
        Self { sim: Sim::new(), taken: AtomicUsize::new(0), refusals: AtomicUsize::new(0) }
    }

    fn refuse(&self, taken: usize, refusals: usize) {
        self.taken.store(taken, Ordering::SeqCst);
        self.refusals.store(refusals, Ordering::SeqCst);
    }
}

fn takes_one(count: &AtomicUsize) -> bool {
    let less = |count: usize| count.checked_sub(1);
    count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
}

#[async_trait]
impl Store for Full {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        self.sim.read(keys).await
    }

    async fn scan(&self, scan: Scan<'_>) -> Result<Vec<(Key, Row)>, StoreError> {
        self.sim.scan(scan).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.sim.snapshot().await
    }

    async fn commit(&self, batch: Batch) -> Result<Revision, CommitError> {
        if !takes_one(&self.taken) && takes_one(&self.refusals) {
            return Err(CommitError::Unavailable("the disk is full".to_owned()));
        }
        self.sim.commit(batch).await
    }

    fn watch(&self, observer: Arc<dyn Observer>) {
        self.sim.watch(observer);
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.sim.close().await
    }
}

async fn unreadable(harness: &Harness) -> usize {
    let prefix = Key::of(JobRecord::TABLE, &["unreadable"]).prefix();
    let rows = harness.world().tables.scan_bytes(&prefix, None, 1_000, Direction::Ascending).await;
    rows.unwrap().len()
}

#[tokio::test]
async fn rows_that_are_no_jobs_are_set_aside_and_stop_nobody() {
    let harness = Harness::new(Arc::new(Sim::new()), 5);
    harness.append("asked", "good-1").await;
    let tables = &harness.world().tables;
    // More of them than a look takes in, all before the good one: sealed rubbish and plain rubbish.
    let mut transaction = Transaction::new();
    let place = |number: usize| Key::of(JobRecord::TABLE, &["waiting", "", &number.to_string()]);
    for number in 0..100 {
        transaction.put_bytes(&place(number), b"\x01{\"id\":7}".to_vec());
    }
    tables.commit(transaction).await.unwrap();
    let puts = vec![(place(100), "not even sealed".into())];
    tables.store().commit(Batch { puts, ..Batch::default() }).await.unwrap();

    let (done, next) = run_due(harness.world(), JOBS, 64).await.unwrap();
    assert_eq!((done, next), (1, None));
    assert_eq!(harness.list("echo").await, ["good-1"]);
    assert!(harness.waiting().await.is_empty());
    assert_eq!(unreadable(&harness).await, 101);
    let aside = tables.get_bytes(&JobRecord::unreadable(&place(100))).await.unwrap();
    assert_eq!(aside.unwrap().0, b"not even sealed");
}

#[tokio::test]
async fn a_store_that_takes_no_claim_ends_the_sweep_at_once() {
    let store = Arc::new(Full::new());
    let harness = Harness::new(store.clone(), 5);
    harness.append("asked", "good-1").await;
    store.refuse(0, usize::MAX);
    let refused = run_due(harness.world(), JOBS, 64).await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused}");
    assert_eq!(usize::MAX - store.refusals.load(Ordering::SeqCst), 1);
    store.refuse(0, 0);
    assert_eq!(run_due(harness.world(), JOBS, 64).await.unwrap().0, 1);
    assert_eq!(harness.list("echo").await, ["good-1"]);
}

#[tokio::test]
async fn a_job_is_not_given_up_for_a_store_that_is_down() {
    let store = Arc::new(Full::new());
    let harness = Harness::new(store.clone(), 5);
    harness.append("asked", "good-1").await;
    for count in 0..2 * ATTEMPTS_MAX {
        // The claim is taken, what the job does is not, that it failed is taken.
        store.refuse(1, 1);
        run_due(harness.world(), JOBS, 1).await.unwrap();
        let waiting = harness.waiting().await;
        assert_eq!(waiting.len(), 1);
        assert_eq!((waiting[0].attempts, waiting[0].failed), (0, false));
        let failed = harness.world().tallies.counts().jobs_failed;
        assert_eq!(failed, u64::from(count) + 1);
        harness.clock.advance(Duration::from_secs(2)).unwrap();
    }
    store.refuse(0, 0);
    run_due(harness.world(), JOBS, 1).await.unwrap();
    assert_eq!(harness.list("echo").await, ["good-1"]);
}
