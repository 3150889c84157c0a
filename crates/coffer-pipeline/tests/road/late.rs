//! A commit that lands after its caller was told that nobody knows.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use coffer_store::{
    Batch, CommitError, Key, Observer, Revision, Row, Scan, Sim, Snapshot, Store, StoreError,
};

use serde_json::json;

use crate::world::Harness;

/// Holds the first commit back, and lets it land just before the second.
struct Late {
    sim: Sim,
    held: Mutex<Held>,
}

enum Held {
    NotYet,
    Now(Batch),
    Done,
}

#[async_trait]
impl Store for Late {
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
        let held = std::mem::replace(&mut *self.held.lock().unwrap(), Held::Done);
        match held {
            Held::NotYet => {
                *self.held.lock().unwrap() = Held::Now(batch);
                return Err(CommitError::Unknown);
            }
            Held::Now(first) => drop(self.sim.commit(first).await.unwrap()),
            Held::Done => {}
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

fn harness() -> Harness {
    Harness::new(Arc::new(Late { sim: Sim::new(), held: Mutex::new(Held::NotYet) }), 1)
}

#[tokio::test]
async fn a_late_commit_is_answered_once_and_applied_once() {
    let harness = harness();
    let answer = harness.add("shared", 5).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, br#"{"Value":5}"#);
    assert_eq!(harness.counter("shared").await, 5);
    assert_eq!(harness.audited("Add").await, [answer.request_id].into());
}

#[tokio::test]
async fn a_late_commit_is_not_taken_for_somebody_elses() {
    let harness = harness();
    let answer = harness.append("shared", "good-1").await;
    assert_eq!(answer.status, 200, "{:?}", answer.fault);
    assert_eq!(harness.list("shared").await, ["good-1"]);
    assert_eq!(harness.waiting().await.len(), 1);
}

#[tokio::test]
async fn a_late_commit_that_rests_on_nothing_is_not_applied_twice() {
    let harness = harness();
    let answer = harness.call("Tell", json!({"Name": "n", "Item": "i"})).await;
    assert_eq!(answer.status, 200, "{:?}", answer.fault);
    assert_eq!(harness.events().await, 1);
    assert_eq!(harness.audited("Tell").await, [answer.request_id].into());
}
