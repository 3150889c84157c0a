//! Jobs that a process was at when it ended, and the next process on the same store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coffer_pipeline::Clock;
use coffer_pipeline::job::runner::{ATTEMPTS_MAX, release_claims, run_due};
use coffer_store::{Embedded, Sim, Store};

use crate::service::JOBS;
use crate::world::Harness;

/// A process on the store of a directory, some seconds after the first one began.
fn process(directory: &Path, seconds: u64) -> Harness {
    let harness = Harness::new(Arc::new(Embedded::open(directory).unwrap()), 7);
    harness.clock.advance(Duration::from_secs(seconds)).unwrap();
    harness
}

async fn ask(harness: &Harness, item: &str) {
    assert_eq!(harness.append("asked", item).await.status, 200);
}

async fn claims(harness: &Harness) -> usize {
    harness.waiting().await.iter().filter(|job| job.claimed).count()
}

/// Leaves a runner in the middle of a job that never ends, as a crash would, once so many
/// are claimed.
async fn leave_a_run(harness: &Harness, number: usize) {
    let left = async {
        while claims(harness).await < number {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = run_due(harness.world(), JOBS, 1) => panic!("the job ended"),
        () = left => {}
    }
}

async fn release(harness: &Harness) -> usize {
    release_claims(harness.world()).await.unwrap()
}

#[tokio::test]
async fn on_a_store_of_one_process_the_next_one_need_not_wait_for_the_lease() {
    let directory = tempfile::tempdir().unwrap();
    let first = process(directory.path(), 0);
    ask(&first, "hang-1").await;
    leave_a_run(&first, 1).await;
    drop(first);
    let second = process(directory.path(), 1);
    assert_eq!(claims(&second).await, 1);
    assert_eq!(release(&second).await, 1);
    assert_eq!((claims(&second).await, release(&second).await), (0, 0));
    leave_a_run(&second, 1).await;
    let held = second.waiting().await.into_iter().find(|job| job.claimed).unwrap();
    assert_eq!(held.attempts, 2);
}

#[tokio::test]
async fn jobs_that_are_not_due_yet_are_left_where_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let first = process(directory.path(), 0);
    ask(&first, "bad-1").await;
    run_due(first.world(), JOBS, 1).await.unwrap();
    let due = first.waiting().await[0].due;
    drop(first);
    let second = process(directory.path(), 1);
    assert_eq!(release(&second).await, 0);
    assert!(due > second.clock.now());
    assert_eq!(second.waiting().await[0].due, due);
}

#[tokio::test]
async fn more_claims_than_one_look_takes_in_are_all_released() {
    let directory = tempfile::tempdir().unwrap();
    let first = process(directory.path(), 0);
    for number in 0..150 {
        ask(&first, &format!("hang-{number}")).await;
    }
    for number in 1..=150 {
        leave_a_run(&first, number).await;
    }
    drop(first);
    let second = process(directory.path(), 1);
    assert_eq!(release(&second).await, 150);
    assert_eq!(claims(&second).await, 0);
}

#[tokio::test]
async fn a_job_that_takes_each_process_down_is_given_up_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let first = process(directory.path(), 0);
    ask(&first, "hang-1").await;
    drop(first);
    for number in 0..u64::from(ATTEMPTS_MAX) {
        let harness = process(directory.path(), number);
        assert_eq!(release(&harness).await, usize::from(number > 0));
        leave_a_run(&harness, 1).await;
    }
    let last = process(directory.path(), 20);
    assert_eq!(release(&last).await, 1);
    run_due(last.world(), JOBS, 1).await.unwrap();
    assert!(last.waiting().await.is_empty());
    assert_eq!(last.given_up().await.len(), 1);
}

#[tokio::test]
async fn on_a_store_that_nodes_share_a_claim_holds_until_its_lease_ends() {
    let store: Arc<dyn Store> = Arc::new(Sim::new());
    let first = Harness::new(store.clone(), 7);
    ask(&first, "hang-1").await;
    leave_a_run(&first, 1).await;
    let second = Harness::new(store, 7);
    // Its clock is ahead of that of the first one, whose lease has just begun.
    second.clock.advance(Duration::from_secs(300)).unwrap();
    assert_eq!(release(&second).await, 0);
    assert_eq!(run_due(second.world(), JOBS, 1).await.unwrap().0, 0);
    second.clock.advance(Duration::from_secs(59)).unwrap();
    assert_eq!(run_due(second.world(), JOBS, 1).await.unwrap().0, 0);
    assert_eq!(claims(&second).await, 1);
    second.clock.advance(Duration::from_secs(1)).unwrap();
    let taken = run_due(second.world(), JOBS, 1);
    let left = tokio::time::timeout(Duration::from_millis(200), taken).await;
    assert!(left.is_err(), "it is at the job, which hangs");
    assert_eq!(second.waiting().await[0].attempts, 2);
}
