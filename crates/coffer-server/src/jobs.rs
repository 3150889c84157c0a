//! The job runner: wakes when a job may be due, and runs what is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use coffer_model::{Region, Timestamp};
use coffer_pipeline::job::runner::{
    ClaimedErrand, Errands, Sent, backlog, release_claims, run_due_beside,
};
use coffer_pipeline::retention::{self, CleanUp};
use tokio::sync::watch;

use crate::clock_watch::ClockWatch;
use crate::serve::State;
use crate::{runtime, trail};

/// How often a backup is made that nobody asks for, and in which region that is.
pub(crate) struct BackupPlan {
    pub(crate) every: Duration,
    pub(crate) region: Region,
}

/// Runs due jobs until `stop` says so. The pause between looks is short, because a job may be
/// asked for, or the clock of `coffer dev` moved, at any time.
pub(crate) async fn run_jobs(
    state: Arc<State>,
    plan: Option<BackupPlan>,
    mut stop: watch::Receiver<bool>,
) {
    let mut next_clean_up = Timestamp::EPOCH;
    let mut shipped = runtime::instant();
    let mut followed = runtime::instant();
    let mut planned = None;
    let mut looked = None;
    let mut clock = ClockWatch::new();
    let errands = Arc::new(Errands::new(ERRANDS_MAX));
    let send = |errand: ClaimedErrand| -> Sent<'_> {
        let state = Arc::clone(&state);
        // What the process does not live to see the end of is done again by the next one.
        drop(runtime::spawn(async move {
            errand.run(state.road.world(), coffer_services::JOBS).await;
            state.metrics.jobs_run.inc();
        }));
        Box::pin(std::future::ready(()))
    };
    take_over(&state).await;
    loop {
        clock.look();
        if shipped.elapsed() >= trail::SHIP_EVERY {
            trail::ship(state.road.world()).await;
            shipped = runtime::instant();
        }
        if followed.elapsed() >= FOLLOW_EVERY {
            follow(&state).await;
            followed = runtime::instant();
        }
        if let Some(plan) = &plan
            && is_time(planned, PLAN_EVERY)
        {
            plan_backup(&state, plan).await;
            planned = Some(runtime::instant());
        }
        if is_time(looked, LOOK_BACK_EVERY) {
            look_back(&state).await;
            looked = Some(runtime::instant());
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

fn is_time(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

/// Finds out, for the metrics, what is not done in time.
async fn look_back(state: &State) {
    let world = state.road.world();
    let found = match backlog(world).await {
        Ok(backlog) => coffer_services::coffer::last_backup(world).await.map(|it| (backlog, it)),
        Err(fault) => Err(fault),
    };
    match found {
        Ok((backlog, last_backup)) => state.metrics.state.found(&backlog, last_backup),
        Err(fault) => tracing::warn!(cause = fault.for_log(), "the backlog of jobs is not known"),
    }
}

/// Asks for a backup where it is time for one.
async fn plan_backup(state: &State, plan: &BackupPlan) {
    let world = state.road.world();
    let planned = coffer_services::coffer::plan_backup(world, plan.every, &plan.region).await;
    if let Err(fault) = planned {
        tracing::warn!(cause = fault.for_log(), "no backup was asked for");
    }
}

/// Makes due what an earlier process was at when it ended.
async fn take_over(state: &State) {
    match release_claims(state.road.world()).await {
        Ok(0) => {}
        Ok(claims) => tracing::info!(claims, "jobs of an earlier process are taken up"),
        Err(fault) => {
            tracing::warn!(
                cause = fault.for_log(),
                "jobs of an earlier process wait for the ends of their leases"
            );
        }
    }
}

/// Goes along with a change of the root key, where other servers may make one.
async fn follow(state: &State) {
    let world = state.road.world();
    let store = world.tables.store();
    if store.is_exclusive() {
        return;
    }
    if let Err(cause) = world.root_key.follow(store.as_ref()).await {
        tracing::error!(cause, "a change of the root key cannot be followed: {cause}");
    }
}

/// Drops old records, once an hour of the clock of decisions or until none are left; returns when to
/// do so next.
async fn clean_up(state: &State, due: Timestamp) -> Timestamp {
    let world = state.road.world();
    let now = world.clock.now();
    // It is later than ever only by a clock that was set back.
    if now < due && due <= now.plus(CLEAN_UP_EVERY) {
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
/// Between two looks at the root key in force.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
/// Between two looks at whether it is time for a backup.
const PLAN_EVERY: Duration = Duration::from_secs(10);
/// Between two looks at what is not done in time.
const LOOK_BACK_EVERY: Duration = Duration::from_secs(5);
const LOOK_PAUSE: Duration = Duration::from_millis(200);
const TROUBLE_PAUSE: Duration = Duration::from_secs(2);
