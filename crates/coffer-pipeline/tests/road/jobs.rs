//! The job runner, one rule at a time.

use std::sync::Arc;
use std::time::Duration;

use coffer_pipeline::job::runner::{ATTEMPTS_MAX, Backlog, JobEntry, backlog, run_due};
use coffer_pipeline::{Clock, Job, JobRecord};
use coffer_store::{Faults, Sim, Transaction};

use crate::service::{Echo, JOBS, SLOW_YIELDS};
use crate::world::{Harness, scope};

fn harness() -> Harness {
    Harness::new(Arc::new(Sim::with_faults(3, Faults { yields_max: 1, ..Faults::default() })), 3)
}

async fn ask(harness: &Harness, item: &str) {
    assert_eq!(harness.append("asked", item).await.status, 200);
}

#[tokio::test]
async fn a_failing_or_panicking_job_does_not_hold_up_those_behind_it() {
    let harness = harness();
    for item in ["bad-1", "panic-2", "good-3"] {
        ask(&harness, item).await;
    }
    let (done, next) = run_due(harness.world(), JOBS, 64).await.unwrap();
    assert_eq!(done, 3);
    assert_eq!(harness.list("echo").await, ["good-3"]);
    // Two seconds after the first failure, four after the second.
    assert_eq!(next.unwrap().since(harness.clock.now()), Duration::from_secs(2));
    harness.clock.advance(Duration::from_secs(2)).unwrap();
    let (done, next) = run_due(harness.world(), JOBS, 64).await.unwrap();
    assert_eq!(done, 2);
    assert_eq!(next.unwrap().since(harness.clock.now()), Duration::from_secs(4));
    let waiting = harness.waiting().await;
    assert!(waiting.iter().all(|job| job.attempts == 2 && !job.claimed && !job.failed));
}

#[tokio::test]
async fn what_jobs_ask_for_is_done_in_the_same_sweep() {
    let harness = harness();
    ask(&harness, "chain-1").await;
    let (done, next) = run_due(harness.world(), JOBS, 64).await.unwrap();
    assert_eq!((done, next), (2, None));
    assert_eq!(harness.list("echo").await, ["chain-1", "end-1"]);
}

#[tokio::test]
async fn a_job_that_wants_to_run_again_in_the_past_waits_behind_those_that_are_due() {
    let harness = harness();
    ask(&harness, "again-1").await;
    harness.clock.advance(Duration::from_secs(1)).unwrap();
    ask(&harness, "good-2").await;
    harness.clock.advance(Duration::from_secs(1)).unwrap();
    for _ in 0..3 {
        assert_eq!(run_due(harness.world(), JOBS, 1).await.unwrap().0, 1);
    }
    assert_eq!(harness.list("echo").await, ["again-1", "good-2", "again-1"]);
}

#[tokio::test]
async fn a_sweep_runs_no_more_than_it_may() {
    let harness = harness();
    for number in 0..5 {
        ask(&harness, &format!("good-{number}")).await;
    }
    assert_eq!(run_due(harness.world(), JOBS, 2).await.unwrap().0, 2);
    assert_eq!(harness.waiting().await.len(), 3);
}

#[tokio::test]
async fn a_runner_whose_lease_ended_while_it_worked_changes_nothing() {
    let harness = harness();
    ask(&harness, "slow-1").await;
    let second = async {
        while !harness.waiting().await.iter().any(|job| job.claimed) {
            tokio::task::yield_now().await;
        }
        for _ in 0..SLOW_YIELDS / 4 {
            tokio::task::yield_now().await;
        }
        harness.clock.advance(Duration::from_secs(61)).unwrap();
        run_due(harness.world(), JOBS, 1).await.unwrap()
    };
    let first = run_due(harness.world(), JOBS, 1);
    let (first, (seconds, _)) = futures_util::future::join(first, second).await;
    assert_eq!((first.unwrap().0, seconds), (1, 1));
    assert_eq!(harness.list("echo").await, ["slow-1"]);
    assert!(harness.waiting().await.is_empty() && harness.given_up().await.is_empty());
    assert_eq!(harness.audited(Echo::KIND).await.len(), 1);
}

#[tokio::test]
async fn a_runner_that_was_overtaken_and_then_fails_brings_no_second_job() {
    let harness = harness();
    ask(&harness, "hang-1").await;
    leave_a_run(&harness).await;
    harness.clock.advance(Duration::from_secs(61)).unwrap();
    leave_a_run(&harness).await;
    assert_eq!(harness.waiting().await.len(), 1);
    assert_eq!(harness.waiting().await[0].attempts, 2);
}

/// Drops a runner in the middle of a job that never ends, as a crash would.
async fn leave_a_run(harness: &Harness) {
    let left = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = run_due(harness.world(), JOBS, 1) => panic!("the job ended"),
        () = left => {}
    }
}

#[tokio::test]
async fn a_claimed_job_is_taken_again_after_its_lease_and_not_before() {
    let harness = harness();
    ask(&harness, "hang-1").await;
    leave_a_run(&harness).await;
    harness.clock.advance(Duration::from_secs(59)).unwrap();
    assert_eq!(run_due(harness.world(), JOBS, 1).await.unwrap().0, 0);
    harness.clock.advance(Duration::from_secs(1)).unwrap();
    leave_a_run(&harness).await;
    assert_eq!(harness.waiting().await[0].attempts, 2);
}

#[tokio::test]
async fn a_job_that_takes_its_runner_down_each_time_is_kept_as_failed_at_last() {
    let harness = harness();
    ask(&harness, "hang-1").await;
    for _ in 0..ATTEMPTS_MAX {
        leave_a_run(&harness).await;
        harness.clock.advance(Duration::from_secs(60)).unwrap();
    }
    ask(&harness, "good-2").await;
    let sweep = tokio::time::timeout(SWEEP_MAX, run_due(harness.world(), JOBS, 64)).await;
    assert_eq!(sweep.unwrap().unwrap().1, None);
    let given_up = harness.given_up().await;
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].attempts, ATTEMPTS_MAX);
    assert_eq!(backlog(harness.world()).await.unwrap().given_up, 1);
    assert!(given_up[0].last_error.as_ref().unwrap().contains("without an end"));
    assert_eq!(harness.list("echo").await, ["good-2"]);
}

#[tokio::test]
async fn the_backlog_is_as_old_as_the_oldest_job_that_is_due() {
    let harness = harness();
    let overdue = async || backlog(harness.world()).await.unwrap();
    assert_eq!(overdue().await, Backlog::default());
    ask(&harness, "good-1").await;
    harness.clock.advance(Duration::from_secs(40)).unwrap();
    ask(&harness, "good-2").await;
    assert_eq!(overdue().await.overdue, Duration::from_secs(40));
    run_due(harness.world(), JOBS, 64).await.unwrap();
    assert_eq!(overdue().await, Backlog::default());
}

#[tokio::test]
async fn a_kind_of_job_that_nobody_knows_is_put_off_and_kept() {
    let harness = harness();
    let record = JobRecord::new(
        "id".to_owned(),
        &scope(),
        harness.clock.now(),
        &Echo { item: "good-1".to_owned() },
    );
    let mut transaction = Transaction::new();
    transaction.put(record.unwrap(), None);
    harness.world().tables.commit(transaction).await.unwrap();
    let none: &[JobEntry] = &[];
    assert_eq!(run_due(harness.world(), none, 64).await.unwrap().0, 1);
    let waiting = harness.waiting().await;
    assert!(waiting[0].last_error.as_ref().unwrap().contains("no such kind of job"));
    harness.clock.advance(Duration::from_secs(2)).unwrap();
    run_due(harness.world(), JOBS, 64).await.unwrap();
    assert_eq!(harness.list("echo").await, ["good-1"]);
}

const SWEEP_MAX: Duration = Duration::from_secs(5);
