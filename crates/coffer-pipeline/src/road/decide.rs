//! Decide: authorize, run, then one commit with the audit record and the jobs; on conflict all of
//! it again, bounded.

use coffer_protocol::Fault;
use coffer_seal::RootKeys;
use coffer_store::{CommitError, Record, Transaction};
use tracing::Instrument as _;

use super::{Decoded, authorize};
use crate::audit::{AuditDraft, AuditRecord, Shared, write_for_owners};
use crate::call::{Call, Outcome, Trace};
use crate::context::RequestContext;
use crate::operation::{Access, Operation};
use crate::root_key::StoreKeyRow;
use crate::spans;
use crate::world::World;

/// What is to be decided: an operation's decoded request, or a claimed job.
pub trait Decision: Sync {
    /// What it gives.
    type Outcome: Send;

    /// Whether it may stage writes.
    fn access(&self) -> Access;

    /// The request, or the job's stand-in for one.
    fn context(&self) -> &RequestContext;

    /// The service and the name for the audit record.
    fn names(&self) -> (&'static str, &str);

    /// The record of what it gives, for its commit.
    ///
    /// # Errors
    /// What cannot be written.
    fn record(&self, outcome: &Self::Outcome, trace: &Trace) -> Result<AuditRecord, Fault> {
        let _ = outcome;
        let (service, name) = self.names();
        Ok(AuditRecord::new(self.context(), service, name, trace.resources.clone()))
    }

    /// One run.
    fn run(&self, call: &mut Call<'_>)
    -> impl Future<Output = Result<Self::Outcome, Fault>> + Send;
}

impl<O: Operation> Decision for Decoded<O> {
    type Outcome = O::Output;

    fn access(&self) -> Access {
        O::ACCESS
    }

    fn context(&self) -> &RequestContext {
        &self.context
    }

    fn names(&self) -> (&'static str, &str) {
        (self.route.service.name, O::NAME)
    }

    fn record(&self, outcome: &O::Output, trace: &Trace) -> Result<AuditRecord, Fault> {
        let resources: Vec<&str> = trace.resources.iter().map(String::as_str).collect();
        let draft = AuditDraft {
            resources: &resources,
            key_uses: &trace.key_uses,
            item_calls: &trace.item_calls,
            ..AuditDraft::of_operation::<O>(&self.context, self.route.service.name)
        };
        draft.to_record::<O>(Some(&self.input), Some(outcome)).map_err(Fault::internal)
    }

    async fn run(&self, call: &mut Call<'_>) -> Result<O::Output, Fault> {
        let authorized = authorize::authorize(call, self).await?;
        O::run(call, authorized.input()).await
    }
}

/// Runs a decision until its commit stands.
///
/// # Errors
/// The decision's own fault, with nothing changed; a retryable one where the store cannot be
/// reached or the decision conflicted too often.
pub async fn decide<D: Decision>(world: &World, decision: &D) -> Result<D::Outcome, Fault> {
    decide_traced(world, decision).await.map(|(outcome, _)| outcome)
}

/// Runs a decision as [`decide`] does, and tells what it leaves for its audit records.
pub(crate) async fn decide_traced<D: Decision>(
    world: &World,
    decision: &D,
) -> Result<(D::Outcome, Trace), Fault> {
    let span = spans::decide();
    match decision.access() {
        Access::Read => read(world, decision).instrument(span).await,
        // Boxed, so that the many reads do not carry the few writes' larger state.
        Access::Write => Box::pin(write(world, decision)).instrument(span).await,
    }
}

/// A reading decision stages nothing, so there is nothing that could conflict.
async fn read<D: Decision>(world: &World, decision: &D) -> Result<(D::Outcome, Trace), Fault> {
    let (outcome, staged) = run(world, decision, Access::Read, false).await?;
    let Outcome { touched, trace, .. } = staged;
    if !touched.is_read_only() {
        Box::pin(note(world, touched)).await;
    }
    Ok((outcome, trace))
}

/// One run, and what it staged. Where it is refused, only what it noted in passing is kept.
async fn run<D: Decision>(
    world: &World,
    decision: &D,
    access: Access,
    fresh: bool,
) -> Result<(D::Outcome, Outcome), Fault> {
    let mut call = Call::begin(world, decision.context(), access, fresh);
    match decision.run(&mut call).await {
        Ok(outcome) => Ok((outcome, call.finish())),
        Err(fault) => {
            let Outcome { touched, .. } = call.finish();
            if !touched.is_read_only() {
                Box::pin(note(world, touched)).await;
            }
            Err(fault)
        }
    }
}

async fn write<D: Decision>(world: &World, decision: &D) -> Result<(D::Outcome, Trace), Fault> {
    let mut doubtful = None;
    let decided = match runs(world, decision, &mut doubtful).await {
        Ok(decided) => decided,
        // What looks like a fault may be what an earlier run of this very decision has done.
        Err(fault) => landed_earlier(world, decision, &mut doubtful).await?.ok_or(fault)?,
    };
    let (_, trace) = &decided;
    world.tallies.rotations_given_up(trace.rotations_given_up);
    if let Some(trail) = &world.audit.trail {
        trail.keep_committed(&trace.committed);
    }
    Ok(decided)
}

/// `doubtful` is the outcome of a run whose commit may yet turn out to have landed.
async fn runs<D: Decision>(
    world: &World,
    decision: &D,
    doubtful: &mut Option<(D::Outcome, Trace)>,
) -> Result<(D::Outcome, Trace), Fault> {
    let mut turn = None;
    for count in 0..RUNS_MAX {
        spans::tell_attempts(count + 1);
        if count >= RUNS_AT_ONCE_MAX && turn.is_none() {
            turn = Some(world.turns.take().await);
        }
        let (outcome, staged) = run(world, decision, Access::Write, count > 0).await?;
        let Outcome { mut transaction, touched, mut trace, root_keys, has_sealed } = staged;
        if let Some(keys) = root_keys.as_ref().filter(|_| has_sealed)
            && !is_sealed_for_all(world, keys, &mut transaction).await?
        {
            continue;
        }
        if !transaction.is_read_only() {
            stage_records(decision, &outcome, &mut trace, doubtful.is_some(), &mut transaction)?;
        }
        let committed = commit(world, transaction, touched).await;
        drop(root_keys);
        match committed {
            Ok(()) => return Ok((outcome, trace)),
            Err(CommitError::Conflict) => {
                if let Some(earlier) = landed_earlier(world, decision, doubtful).await? {
                    return Ok(earlier);
                }
            }
            Err(CommitError::Unknown) => {
                *doubtful = Some((outcome, trace));
                if let Some(landed) = landed_earlier(world, decision, doubtful).await? {
                    return Ok(landed);
                }
            }
            Err(CommitError::TooLarge(excess)) => {
                return Err(Fault::internal(format!("a decision staged too much: {excess}")));
            }
            Err(CommitError::Unavailable(cause)) => return Err(Fault::unavailable(cause)),
        }
    }
    Err(Fault::unavailable(format!("a decision conflicted {RUNS_MAX} times")))
}

/// Whether every server of the store can open what is sealed under these root keys, also after a change
/// of the root key that goes on; the commit expects that it stays so. Where it is not so, the keys in
/// force are taken up.
async fn is_sealed_for_all(
    world: &World,
    keys: &RootKeys,
    transaction: &mut Transaction,
) -> Result<bool, Fault> {
    let store = world.tables.store();
    if store.is_exclusive() {
        // A change waits for all that this process has sealed.
        return Ok(true);
    }
    let found = StoreKeyRow::read(store.as_ref()).await.map_err(Fault::unavailable)?;
    let Some((row, revision)) = found else {
        // A world in memory alone; nobody changes its root key.
        transaction.expect(&StoreKeyRow::row(), None);
        return Ok(true);
    };
    if row.takes_seals_of(keys.id()) {
        transaction.expect(&StoreKeyRow::row(), Some(revision));
        return Ok(true);
    }
    world.root_key.follow(store.as_ref()).await.map_err(Fault::internal)?;
    Ok(false)
}

/// Stages a decision's records beside what it changes; after a run of doubtful outcome so that they
/// land only where that one has left none.
fn stage_records<D: Decision>(
    decision: &D,
    outcome: &D::Outcome,
    trace: &mut Trace,
    is_doubtful: bool,
    transaction: &mut Transaction,
) -> Result<(), Fault> {
    let context = decision.context();
    let mut record = decision.record(outcome, trace)?;
    if is_doubtful {
        transaction.expect(&record.key(), None);
    }
    let mut unreadable = None;
    let mut part = write_for_owners(&trace.key_uses, context, &mut Vec::new(), |_, bytes| {
        match AuditRecord::from_journal(bytes) {
            Ok(record) => trace.committed.push(record),
            Err(error) => unreadable = Some(error),
        }
    });
    if let Some(error) = unreadable {
        return Err(Fault::internal(error));
    }
    let shared = Shared::of(context, 0, trace.resources.iter().map(String::as_str));
    record.shared_event_id.clone_from(&shared.id);
    for (owner, resources) in &shared.resources {
        trace.committed.push(record.for_owner(context, *owner, resources, part));
        part = part.saturating_add(1);
    }
    drop(shared);
    trace.committed.push(record);
    let told = trace.service_events.iter().map(|event| event.to_record(context));
    trace.committed.extend(told.collect::<Vec<_>>());
    // Rows are looked up one by one, so each has what CloudTrail's records have.
    for row in trace.committed.iter().cloned().flat_map(AuditRecord::told_apart) {
        transaction.put::<AuditRecord>(row, None);
    }
    Ok(())
}

/// Commits what is staged, and then what was noted in passing.
async fn commit(
    world: &World,
    transaction: Transaction,
    touched: Transaction,
) -> Result<(), CommitError> {
    if !transaction.is_read_only() {
        world.tables.commit(transaction).await?;
    }
    if !touched.is_read_only() {
        note(world, touched).await;
    }
    Ok(())
}

/// Commits what was noted in passing; losing it is no one's fault.
async fn note(world: &World, touched: Transaction) {
    if let Err(error) = world.tables.commit(touched).await {
        tracing::debug!(%error, "a note in passing was not kept");
    }
}

/// The outcome of an earlier run, where its commit was of unknown outcome and left its receipt.
async fn landed_earlier<D: Decision>(
    world: &World,
    decision: &D,
    doubtful: &mut Option<(D::Outcome, Trace)>,
) -> Result<Option<(D::Outcome, Trace)>, Fault> {
    if doubtful.is_none() {
        return Ok(None);
    }
    let receipt = AuditRecord::receipt_of(decision.context());
    let mut cause = String::new();
    for _ in 0..RECEIPT_LOOKS_MAX {
        match world.tables.get_fresh::<AuditRecord>(&receipt).await {
            Ok(found) if found.record.is_some() => return Ok(doubtful.take()),
            Ok(_) => return Ok(None),
            Err(error) => cause = error.to_string(),
        }
        tokio::task::yield_now().await;
    }
    Err(Fault::unavailable(cause))
}

/// Runs of one decision before it is given up.
const RUNS_MAX: usize = 64;
/// Runs of one decision beside others that conflict with it, before it waits for its turn.
const RUNS_AT_ONCE_MAX: usize = 3;
/// Looks for the receipt of a doubtful commit in a store that cannot be read.
const RECEIPT_LOOKS_MAX: usize = 8;
