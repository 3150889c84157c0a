//! Errands at work beside the loop of jobs, and how each of them runs.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coffer_protocol::Fault;
use coffer_store::Record;

use super::held::{Held, is_held};
use super::{Deciding, JobEntry, Step, conclude, payload_of, run_claimed};
use crate::call::Call;
use crate::job::errand::{Errand, Prepared};
use crate::job::{JobRecord, Verdict};
use crate::road::decide;
use crate::world::World;

/// The errands that this process is at: each once, and not too many of them.
#[derive(Debug)]
pub struct Errands {
    at_work: Mutex<BTreeSet<String>>,
    errands_max: usize,
}

/// An errand that was claimed, to be run beside the loop of jobs.
pub struct ClaimedErrand {
    held: Held,
    place: Place,
}

/// An errand's place among those at work, until it is dropped.
pub(super) struct Place {
    errands: Arc<Errands>,
    id: String,
}

impl Errands {
    /// Room for so many at one time.
    pub fn new(errands_max: usize) -> Self {
        Self { at_work: Mutex::default(), errands_max }
    }

    /// A place for an errand; nothing where there is none, or where this process is at it already:
    /// its lease may have ended by a clock that was moved.
    pub(super) fn place(self: &Arc<Self>, id: &str) -> Option<Place> {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        if at_work.len() >= self.errands_max || !at_work.insert(id.to_owned()) {
            return None;
        }
        Some(Place { errands: Arc::clone(self), id: id.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let at_work = self.errands.at_work.lock();
        at_work.unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl ClaimedErrand {
    pub(super) fn new(held: Held, place: Place) -> Self {
        Self { held, place }
    }

    /// Runs it to its verdict, or puts it off.
    pub async fn run(self, world: &World, entries: &[JobEntry]) {
        run_claimed(world, entries, &self.held).await;
        drop(self.place);
    }
}

/// Runs an errand for as long as it wants to go on at once, with the claim held throughout.
pub(super) async fn run_errand<E: Errand>(world: &World, held: &Held) -> Result<(), Fault> {
    let errand: E = payload_of(&held.record(), E::KIND)?;
    for _ in 0..ROUNDS_MAX {
        match round(world, held, &errand).await? {
            Some(record) => held.moved_to(world, record, None),
            None => return Ok(()),
        }
    }
    Err(Fault::internal("the errand does not come to an end"))
}

/// Prepares, performs and concludes, with the claim renewed in between; gives the row as it stands
/// where the errand is to go on.
async fn round<E: Errand>(
    world: &World,
    held: &Held,
    errand: &E,
) -> Result<Option<JobRecord>, Fault> {
    let record = held.record();
    let preparing = Preparing { record: &record, errand };
    let order = match decide(world, &Deciding::new(world, &record, &preparing)).await? {
        Begun::Order(order) => order,
        Begun::Over(row) => return Ok(row),
    };
    let mut performing = pin!(E::perform(world, order));
    let report = loop {
        tokio::select! {
            biased;
            report = &mut performing => break report,
            () = tokio::time::sleep(RENEW_EVERY) => match held.renew(world).await {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(fault) => {
                    tracing::warn!(cause = fault.for_log(), "the claim of a job was not renewed");
                }
            }
        }
    };
    let record = held.record();
    let concluding = Concluding { record: &record, errand, report };
    decide(world, &Deciding::new(world, &record, &concluding)).await
}

struct Preparing<'a, E> {
    record: &'a JobRecord,
    errand: &'a E,
}

/// What a round comes to before anything is done outside.
enum Begun<O> {
    Order(O),
    Over(Option<JobRecord>),
}

impl<E: Errand> Step for Preparing<'_, E> {
    type Outcome = Begun<E::Order>;

    async fn run(&self, call: &mut Call<'_>) -> Result<Self::Outcome, Fault> {
        if !is_held(call, self.record).await? {
            return Ok(Begun::Over(None));
        }
        Ok(match self.errand.prepare(call).await? {
            Prepared::Order(order) => Begun::Order(order),
            Prepared::Over(verdict) => Begun::Over(settle(call, self.record, verdict).await?),
        })
    }
}

struct Concluding<'a, E: Errand> {
    record: &'a JobRecord,
    errand: &'a E,
    report: E::Report,
}

impl<E: Errand> Step for Concluding<'_, E> {
    type Outcome = Option<JobRecord>;

    async fn run(&self, call: &mut Call<'_>) -> Result<Self::Outcome, Fault> {
        if !is_held(call, self.record).await? {
            return Ok(None);
        }
        let verdict = self.errand.conclude(call, &self.report).await?;
        settle(call, self.record, verdict).await
    }
}

/// Stages what becomes of the row: one that is to go on at once stays held, and is given.
async fn settle(
    call: &mut Call<'_>,
    record: &JobRecord,
    verdict: Verdict,
) -> Result<Option<JobRecord>, Fault> {
    match verdict {
        Verdict::Again(due) if due <= call.now() => {
            call.delete::<JobRecord>(&record.key()).await?;
            let held = Held::renewed(record, call.now());
            call.put(held.clone()).await?;
            Ok(Some(held))
        }
        verdict => {
            conclude(call, record, verdict).await?;
            Ok(None)
        }
    }
}

/// How often the claim of an errand at work is renewed: well within its lease.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// Many more than any errand has steps.
const ROUNDS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Errands;

    #[test]
    fn an_errand_has_one_place_until_it_leaves_it() {
        let errands = Arc::new(Errands::new(2));
        let first = errands.place("a").unwrap();
        assert!(errands.place("a").is_none(), "this process is at it already");
        let second = errands.place("b").unwrap();
        assert!(errands.place("c").is_none(), "there is no room");
        drop(first);
        let third = errands.place("c").unwrap();
        assert!(errands.place("a").is_none());
        drop((second, third));
        assert!(errands.place("a").is_some());
    }
}
