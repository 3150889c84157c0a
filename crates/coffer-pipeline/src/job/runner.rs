//! Claims due jobs and runs each on the same road's last rooms as a request.

mod backlog;
mod claims;
mod errands;
mod held;
mod left_behind;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use coffer_model::Timestamp;
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record, Revision, TableError, Transaction};
use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use tracing::Instrument as _;

use self::errands::run_errand;
use self::held::{Held, is_held};
use super::{Errand, Job, JobRecord, Verdict};
use crate::call::Call;
use crate::context::{Caller, RequestContext};
use crate::operation::Access;
use crate::permissions::Permissions;
use crate::road::{Decision, decide};
use crate::spans;
use crate::world::World;

pub use self::backlog::{Backlog, backlog};
pub use self::claims::Claims;
pub use self::errands::{ClaimedErrand, Errands};
pub use self::left_behind::release_claims;

/// A kind of job and how to run it.
pub struct JobEntry {
    /// The kind, [`Job::KIND`] or [`Errand::KIND`].
    pub kind: &'static str,
    is_errand: bool,
    run: for<'a> fn(&'a World, &'a Held) -> Running<'a>,
    give_up: GiveUp,
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;
type GiveUp = for<'a> fn(&'a mut Call<'_>, &'a JobRecord) -> Running<'a>;

impl JobEntry {
    /// The row of a kind of job.
    pub const fn of<J: Job>() -> Self {
        Self {
            kind: J::KIND,
            is_errand: false,
            run: |world, held| Box::pin(run::<J>(world, held)),
            give_up: |_, _| Box::pin(std::future::ready(Ok(()))),
        }
    }

    /// The row of a kind of errand.
    pub const fn of_errand<E: Errand>() -> Self {
        Self {
            kind: E::KIND,
            is_errand: true,
            run: |world, held| Box::pin(run_errand::<E>(world, held)),
            give_up: |call, record| Box::pin(give_up::<E>(call, record)),
        }
    }
}

/// Runs the jobs that are due, oldest first, at most `jobs_max` of them.
///
/// Returns how many were run and when the next one becomes due. A job that fails is put off, and
/// after [`ATTEMPTS_MAX`] attempts kept as failed; one whose row cannot be read is set aside. None
/// of them stops those behind it.
///
/// # Errors
/// A store that cannot be read, or that takes no claim.
pub async fn run_due(
    world: &World,
    entries: &[JobEntry],
    jobs_max: usize,
) -> Result<(usize, Option<Timestamp>), Fault> {
    let errands = Arc::new(Errands::new(usize::MAX));
    let run_here = |errand: ClaimedErrand| -> Sent<'_> { Box::pin(errand.run(world, entries)) };
    run_due_beside(world, entries, jobs_max, &errands, &run_here).await
}

/// What ends when an errand has been sent off.
pub type Sent<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Runs the jobs that are due, as [`run_due`] does, but gives errands away, as far as there is room
/// for them: they are to be run beside all else.
///
/// # Errors
/// See [`run_due`].
pub async fn run_due_beside<'a>(
    world: &World,
    entries: &[JobEntry],
    jobs_max: usize,
    errands: &Arc<Errands>,
    send: &(dyn Fn(ClaimedErrand) -> Sent<'a> + Sync),
) -> Result<(usize, Option<Timestamp>), Fault> {
    let mut done = 0;
    let mut after = None;
    let mut next_before: Option<Timestamp> = None;
    let is_exclusive = world.tables.store().is_exclusive();
    loop {
        let (now, steady) = (world.clock.now(), world.clock.steady());
        let waiting = first_waiting(world, after.as_ref()).await?;
        let last = waiting.last().filter(|(last, _)| last.due <= now);
        let last_due = last.map(|(last, _)| last.key());
        let (mut found, mut next) = (0, next_before);
        for (record, revision) in waiting {
            let job = (record.as_ref(), revision);
            let free_in = world.claims.free_in(job, is_exclusive, now, steady);
            let free_at = now.plus(free_in);
            next = Some(next.map_or(free_at, |next| next.min(free_at)));
            if !free_in.is_zero() || done >= jobs_max {
                continue;
            }
            let entry = entries.iter().find(|entry| entry.kind == record.kind);
            let place = match entry.is_some_and(|entry| entry.is_errand) {
                true => match errands.place(&record.id) {
                    Some(place) => Some(place),
                    // Those behind it need not wait until there is room.
                    None => continue,
                },
                false => None,
            };
            done += 1;
            found += 1;
            let Some(held) = Held::claim(world, record, revision, now).await? else { continue };
            match place {
                Some(place) => send(ClaimedErrand::new(held, place)).await,
                None => run_claimed(world, entries, &held).await,
            }
        }
        if found > 0 {
            continue;
        }
        let Some(last) = last_due.filter(|_| done < jobs_max) else { return Ok((done, next)) };
        // Others may be due behind those that somebody is at.
        (after, next_before) = (Some(last), next);
    }
}

/// The first of the jobs that wait behind a place, and can be read.
async fn first_waiting(
    world: &World,
    after: Option<&Key>,
) -> Result<Vec<(Arc<JobRecord>, Revision)>, Fault> {
    let unavailable = |error: TableError| Fault::unavailable(error.to_string());
    let prefix = JobRecord::waiting().prefix();
    let mut after = after.cloned();
    loop {
        let rows = world.tables.scan_each::<JobRecord>(
            &prefix,
            after.as_ref(),
            BATCH_MAX,
            Direction::Ascending,
        );
        let rows = rows.await.map_err(unavailable)?;
        let is_last = rows.len() < BATCH_MAX;
        let mut waiting = Vec::with_capacity(rows.len());
        for (key, found) in rows {
            match found {
                Ok(job) => waiting.push(job),
                Err(error) => set_aside(world, &key, &error).await,
            }
            after = Some(key);
        }
        if is_last || !waiting.is_empty() {
            return Ok(waiting);
        }
    }
}

/// Takes a row that cannot be read out of the way of the others, as it is: another release, or a
/// backup's key, may make sense of it.
async fn set_aside(world: &World, key: &Key, error: &TableError) {
    let aside = JobRecord::unreadable(key);
    tracing::error!(%error, "a job that cannot be read was set aside under `{aside}`");
    let rows = world.tables.store().read(std::slice::from_ref(key)).await;
    let Some(row) = rows.ok().and_then(|rows| rows.into_iter().next().flatten()) else { return };
    let mut transaction = Transaction::new();
    transaction.expect(key, Some(row.revision));
    transaction.delete_key(key);
    transaction.put_bytes(&aside, row.value.to_vec());
    if let Err(error) = world.tables.commit(transaction).await {
        // It is found again by the next look.
        tracing::warn!(%error, "it is still in its place");
    }
}

async fn run_claimed(world: &World, entries: &[JobEntry], held: &Held) {
    let span = spans::job(&held.record().kind);
    attend(world, entries, held).instrument(span).await;
}

async fn attend(world: &World, entries: &[JobEntry], held: &Held) {
    let record = held.record();
    let entry = entries.iter().find(|entry| entry.kind == record.kind);
    let outcome = match entry {
        // A job that panics is a job that failed: those behind it are still to be run.
        Some(entry) => AssertUnwindSafe((entry.run)(world, held))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(Fault::internal("the job panicked"))),
        None => Err(Fault::internal("no such kind of job")),
    };
    let Err(fault) = outcome else { return };
    world.tallies.job_failed();
    let cause = fault.for_log();
    spans::tell_failure(fault.code);
    tracing::warn!(job.kind = record.kind, job.id = record.id, cause, "job failed");
    // A store that is down for a while says nothing about the job, so the attempt does not count.
    let attempts = record.attempts - u32::from(fault.is_unavailable()).min(record.attempts);
    let record = held.record();
    let kept = match put_off(world, &record, &cause, attempts, entry.map(|it| it.give_up)).await {
        // What cannot even be given up is kept as failed all the same.
        Err(fault) if !fault.is_unavailable() => {
            put_off(world, &record, &cause, attempts, None).await
        }
        kept => kept,
    };
    if let Err(fault) = kept {
        // The lease ends by itself and the job is claimed again.
        tracing::warn!(job.id = record.id, cause = fault.for_log(), "job's failure not kept");
    }
}

async fn put_off(
    world: &World,
    record: &JobRecord,
    cause: &str,
    attempts: u32,
    give_up: Option<GiveUp>,
) -> Result<(), Fault> {
    let verdict = PutOff { record, cause, attempts, give_up };
    decide(world, &Deciding::new(world, record, &verdict)).await
}

async fn run<J: Job>(world: &World, held: &Held) -> Result<(), Fault> {
    let record = held.record();
    let job: J = payload_of(&record, J::KIND)?;
    decide(world, &Deciding::new(world, &record, &Carried { record: &record, job })).await
}

/// Reads a job out of its row.
fn payload_of<P: DeserializeOwned>(record: &JobRecord, kind: &str) -> Result<P, Fault> {
    P::deserialize(&record.payload)
        .map_err(|error| Fault::internal(format!("cannot read job {kind}: {error}")))
}

/// A step of a job, as something to be decided.
trait Step: Sync {
    type Outcome: Send;

    fn run(&self, call: &mut Call<'_>)
    -> impl Future<Output = Result<Self::Outcome, Fault>> + Send;
}

struct Carried<'a, J> {
    record: &'a JobRecord,
    job: J,
}

impl<J: Job> Step for Carried<'_, J> {
    type Outcome = ();

    async fn run(&self, call: &mut Call<'_>) -> Result<(), Fault> {
        if !is_held(call, self.record).await? {
            return Ok(());
        }
        let verdict = self.job.run(call).await?;
        conclude(call, self.record, verdict).await
    }
}

/// Stages what becomes of the row.
async fn conclude(call: &mut Call<'_>, record: &JobRecord, verdict: Verdict) -> Result<(), Fault> {
    call.delete::<JobRecord>(&record.key()).await?;
    match verdict {
        Verdict::Done => Ok(()),
        Verdict::Again(due) => {
            let again = JobRecord {
                // Not before those that are due by now, or it would hold them up.
                due: due.max(call.now()),
                attempts: 0,
                claimed: false,
                last_error: None,
                ..record.clone()
            };
            call.put(again).await
        }
    }
}

/// Gives an errand up.
async fn give_up<E: Errand>(call: &mut Call<'_>, record: &JobRecord) -> Result<(), Fault> {
    let errand: E = payload_of(record, E::KIND)?;
    errand.give_up(call).await
}

struct PutOff<'a> {
    record: &'a JobRecord,
    cause: &'a str,
    attempts: u32,
    give_up: Option<GiveUp>,
}

impl Step for PutOff<'_> {
    type Outcome = ();

    async fn run(&self, call: &mut Call<'_>) -> Result<(), Fault> {
        if !is_held(call, self.record).await? {
            return Ok(());
        }
        call.delete::<JobRecord>(&self.record.key()).await?;
        let attempts = self.attempts;
        let failed = attempts >= ATTEMPTS_MAX;
        if let Some(give_up) = self.give_up.filter(|_| failed) {
            give_up(call, self.record).await?;
        }
        let doublings = attempts.saturating_sub(1).min(BACK_OFF_DOUBLINGS_MAX);
        let pause = BACK_OFF.saturating_mul(1 << doublings);
        call.put(JobRecord {
            due: call.now().plus(pause),
            attempts,
            claimed: false,
            last_error: Some(self.cause.to_owned()),
            failed,
            ..self.record.clone()
        })
        .await
    }
}

struct Deciding<'a, S> {
    context: RequestContext,
    kind: &'a str,
    service: &'static str,
    step: &'a S,
}

impl<'a, S: Step> Deciding<'a, S> {
    fn new(world: &World, record: &'a JobRecord, step: &'a S) -> Self {
        let service = match record.kind.split_once('.') {
            Some(("ssm", _)) => "ssm",
            Some(("secretsmanager", _)) => "secretsmanager",
            Some(("kms", _)) => "kms",
            Some(("sts", _)) => "sts",
            _ => "coffer",
        };
        let context = RequestContext {
            request_id: coffer_seal::random_uuid(world.entropy.as_ref()),
            caller: Arc::new(Caller::service(record.account, service)),
            identity: None,
            permissions: Arc::new(Permissions::unbounded()),
            scope: record.scope(),
            now: world.clock.now(),
            source_ip: format!("{service}.amazonaws.com").into(),
            user_agent: format!("{service}.amazonaws.com"),
            is_secure: true,
            tls: None,
        };
        Self { context, kind: &record.kind, service, step }
    }
}

impl<S: Step> Decision for Deciding<'_, S> {
    type Outcome = S::Outcome;

    fn access(&self) -> Access {
        Access::Write
    }

    fn context(&self) -> &RequestContext {
        &self.context
    }

    fn names(&self) -> (&'static str, &str) {
        (self.service, self.kind)
    }

    async fn run(&self, call: &mut Call<'_>) -> Result<S::Outcome, Fault> {
        self.step.run(call).await
    }
}

/// The pause after a first failure; doubled after each further one.
const BACK_OFF: Duration = Duration::from_secs(2);
const BACK_OFF_DOUBLINGS_MAX: u32 = 9;
/// Attempts before a job is kept as failed.
pub const ATTEMPTS_MAX: u32 = 12;
const BATCH_MAX: usize = 64;
