//! The job runner: wakes when a job may be due, and runs what is.

use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::job::runner::{ClaimedErrand, Errands, Sent, run_due_beside};
use coffer_pipeline::retention::{self, CleanUp};
use tokio::sync::watch;

use crate::serve::State;
use crate::{runtime, trail};

/// Runs due jobs until `stop` says so. The pause between looks is short, because a job may be
/// asked for, or the clock of `coffer dev` moved, at any time.
pub(crate) async fn run_jobs(state: Arc<State>, mut stop: watch::Receiver<bool>) {
    let mut next_clean_up = Timestamp::EPOCH;
    let mut shipped = runtime::instant();
    let errands = Arc::new(Errands::new(ERRANDS_MAX));
    let send = |errand: ClaimedErrand| -> Sent<'_> {
        let state = Arc::clone(&state);
        // What the process does not live to see the end of is done again after its lease.
        drop(runtime::spawn(async move {
            errand.run(state.road.world(), coffer_services::JOBS).await;
            state.metrics.jobs_run.inc();
        }));
        Box::pin(std::future::ready(()))
    };
    loop {
        if shipped.elapsed() >= trail::SHIP_EVERY {
            trail::ship(state.road.world()).await;
            shipped = runtime::instant();
        }
        next_clean_up = clean_up(&state, next_clean_up).await;
        let world = state.road.world();
        let run = run_due_beside(world, coffer_services::JOBS, JOBS_MAX, &errands, &send).await;
        let pause = match run {
            Ok((done, _)) => {
                state.metrics.jobs_run.inc_by(u64::try_from(done).unwrap_or(u64::MAX));
                if done < JOBS_MAX { LOOK_PAUSE } else { Duration::ZERO }
            }
            Err(fault) => {
                tracing::error!(cause = fault.for_log(), "cannot look for due jobs");
                TROUBLE_PAUSE
            }
        };
        let must_stop = tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => true,
            () = tokio::time::sleep(pause) => false,
        };
        if must_stop {
            // So that the store knows how far the journal had come.
            return trail::ship(state.road.world()).await;
        }
    }
}

/// Drops old records, once an hour of the clock of decisions or until none are left; returns when to
/// do so next.
async fn clean_up(state: &State, due: Timestamp) -> Timestamp {
    let world = state.road.world();
    let now = world.clock.now();
    if now < due {
        return due;
    }
    trail::drop_old(world, now);
    match retention::drop_old(world).await {
        Ok(CleanUp { dropped, has_more }) => {
            if dropped > 0 {
                tracing::info!(dropped, "records older than 90 days were dropped");
            }
            // A busy server makes more of them in an hour than one clean-up drops.
            if has_more { now } else { now.plus(CLEAN_UP_EVERY) }
        }
        Err(fault) => {
            tracing::warn!(cause = fault.for_log(), "old records were not dropped");
            now.plus(CLEAN_UP_EVERY)
        }
    }
}

/// Errands at one time: enough that a slow database does not hold up the others.
const ERRANDS_MAX: usize = 32;
const CLEAN_UP_EVERY: Duration = Duration::from_secs(3600);
/// Jobs between two looks at whether to stop.
const JOBS_MAX: usize = 64;
const LOOK_PAUSE: Duration = Duration::from_millis(200);
const TROUBLE_PAUSE: Duration = Duration::from_secs(2);
