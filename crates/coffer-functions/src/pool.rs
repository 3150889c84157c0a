//! Which instances there are, and which of them may take an invocation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coffer_model::Timestamp;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::function::{Function, Invocation};
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::settings::{RunAs, Settings};

/// The instances of all functions.
pub(crate) struct Pool {
    state: Mutex<State>,
    left: Notify,
    instances_max: usize,
    instances_per_function_max: usize,
    run_as: RunAs,
}

#[derive(Default)]
struct State {
    slots: HashMap<u64, Slot>,
    ids: u64,
    is_stopped: bool,
}

struct Slot {
    key: Key,
    uid: u32,
    phase: Phase,
}

#[derive(Clone, PartialEq, Eq)]
struct Key {
    arn: String,
    version: String,
    revision: String,
}

enum Phase {
    Busy(mpsc::Sender<Job>),
    Idle {
        jobs: mpsc::Sender<Job>,
        /// Smaller where it has been idle for longer.
        order: u64,
        expires: Timestamp,
    },
    Ending,
}

/// An invocation for an instance, and where its result goes.
pub(crate) struct Job {
    pub(crate) invocation: Invocation,
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// What an instance says of a job.
pub(crate) enum Reply {
    Done(Result<Outcome, Failure>),
    /// It ended before the function saw the event.
    NotTaken,
}

/// What becomes of a job that is offered.
pub(crate) enum Offered {
    /// An instance has it.
    Taken,
    /// An instance has to be started for it, in this place.
    Cold(Box<Place>, Job),
}

/// The place of one instance, given back when it is dropped.
pub(crate) struct Place {
    pool: Arc<Pool>,
    id: u64,
    /// Who the instance runs as.
    pub(crate) uid: u32,
    /// Whether no other instance runs as the same user.
    pub(crate) is_alone: bool,
    /// Jobs for the instance.
    pub(crate) jobs: mpsc::Receiver<Job>,
}

impl Pool {
    pub(crate) fn new(settings: &Settings) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            left: Notify::new(),
            instances_max: settings.instances_max,
            instances_per_function_max: settings.instances_per_function_max,
            run_as: settings.run_as,
        })
    }

    /// Gives a job to an idle instance of the function whose credentials last for long enough, or a
    /// place for a new one.
    pub(crate) fn offer(
        self: &Arc<Self>,
        function: &Function,
        job: Job,
        needed_until: Timestamp,
    ) -> Result<Offered, Failure> {
        let mut state = self.state();
        if state.is_stopped {
            return Err(Failure::new(FailureKind::Stopped, "functions are being stopped"));
        }
        let key = Key {
            arn: function.arn.clone(),
            version: function.version.clone(),
            revision: function.revision.clone(),
        };
        state.end_stale(&key, needed_until);
        let Some(job) = state.give(&key, job) else {
            return Ok(Offered::Taken);
        };
        self.make_room(&mut state, &key)?;
        Ok(Offered::Cold(Box::new(self.place(&mut state, key)?), job))
    }

    fn make_room(&self, state: &mut State, key: &Key) -> Result<(), Failure> {
        let living = state.slots.values().filter(|slot| !matches!(slot.phase, Phase::Ending));
        let of_all = living.clone().count();
        let of_function = living.filter(|slot| slot.key.is_of_same(key)).count();
        if of_function >= self.instances_per_function_max {
            return Err(too_many(of_function, "of the function"));
        }
        if of_all >= self.instances_max && !state.end_oldest() {
            return Err(too_many(of_all, "of all functions"));
        }
        Ok(())
    }

    fn place(self: &Arc<Self>, state: &mut State, key: Key) -> Result<Place, Failure> {
        let (uid, is_alone) = self.uid(state)?;
        let (sender, jobs) = mpsc::channel(1);
        state.ids += 1;
        let id = state.ids;
        state.slots.insert(id, Slot { key, uid, phase: Phase::Busy(sender) });
        Ok(Place { pool: self.clone(), id, uid, is_alone, jobs })
    }

    /// A user for an instance, and whether no other one has it.
    fn uid(&self, state: &State) -> Result<(u32, bool), Failure> {
        let RunAs::Users { uid_first, uids, .. } = self.run_as else {
            return Ok((rustix::process::geteuid().as_raw(), false));
        };
        let has_enough = usize::try_from(uids).is_ok_and(|uids| uids >= self.instances_max);
        let is_free = |uid: &u32| !state.slots.values().any(|slot| slot.uid == *uid);
        match (uid_first..uid_first.saturating_add(uids)).find(is_free) {
            Some(uid) => Ok((uid, has_enough)),
            // Those of instances that are just ending are not free yet.
            None if has_enough => Err(too_many(state.slots.len(), "of all functions")),
            None => Ok((uid_first, false)),
        }
    }

    /// How many instances there are.
    pub(crate) fn instances(&self) -> usize {
        self.state().slots.len()
    }

    /// Takes no more jobs, and ends the instances that are idle.
    pub(crate) fn stop(&self) {
        let mut state = self.state();
        state.is_stopped = true;
        for slot in state.slots.values_mut() {
            slot.phase = Phase::Ending;
        }
    }

    /// Waits until no instance is left.
    pub(crate) async fn wait_until_empty(&self) {
        loop {
            let left = self.left.notified();
            if self.state().slots.is_empty() {
                return;
            }
            left.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many(max: usize, of: &str) -> Failure {
    let message = format!(
        "{max} instances {of} are busy, which is as many as may be; call again, or raise the limit"
    );
    Failure::new(FailureKind::TooManyInstances, message)
}

impl State {
    /// Gives the job to the instance that was idle for the shortest time; gives it back where there
    /// is none.
    fn give(&mut self, key: &Key, job: Job) -> Option<Job> {
        let idle = self.slots.values_mut().filter(|slot| slot.key == *key);
        let newest = idle.max_by_key(|slot| slot.idle_order());
        let Some(newest) = newest else { return Some(job) };
        let Phase::Idle { jobs, .. } = &newest.phase else { return Some(job) };
        let jobs = jobs.clone();
        match jobs.try_send(job) {
            Ok(()) => {
                newest.phase = Phase::Busy(jobs);
                None
            }
            Err(refused) => {
                newest.phase = Phase::Ending;
                Some(refused.into_inner())
            }
        }
    }

    /// Ends idle instances of another revision, and those whose credentials end too soon.
    fn end_stale(&mut self, key: &Key, needed_until: Timestamp) {
        for slot in self.slots.values_mut().filter(|slot| slot.key.is_of_same(key)) {
            if let Phase::Idle { expires, .. } = slot.phase
                && (slot.key != *key || expires < needed_until)
            {
                slot.phase = Phase::Ending;
            }
        }
    }

    /// Ends the instance that was idle for longest, if there is one.
    fn end_oldest(&mut self) -> bool {
        let idle = self.slots.values_mut().filter(|slot| slot.idle_order().is_some());
        let oldest = idle.min_by_key(|slot| slot.idle_order());
        oldest.map(|slot| slot.phase = Phase::Ending).is_some()
    }
}

impl Slot {
    fn idle_order(&self) -> Option<u64> {
        match self.phase {
            Phase::Idle { order, .. } => Some(order),
            Phase::Busy(_) | Phase::Ending => None,
        }
    }
}

impl Key {
    /// Whether it is another revision of the same function, or the same.
    fn is_of_same(&self, other: &Self) -> bool {
        self.arn == other.arn && self.version == other.version
    }
}

impl Place {
    /// The instance may take another job.
    pub(crate) fn idle(&self, expires: Timestamp) {
        let mut state = self.pool.state();
        state.ids += 1;
        let order = state.ids;
        if let Some(slot) = state.slots.get_mut(&self.id)
            && let Phase::Busy(jobs) = &slot.phase
        {
            slot.phase = Phase::Idle { jobs: jobs.clone(), order, expires };
        }
    }

    /// The instance takes no more jobs; false where it was given one just before.
    pub(crate) fn retire(&self) -> bool {
        let mut state = self.pool.state();
        match state.slots.get_mut(&self.id) {
            Some(slot) if matches!(slot.phase, Phase::Idle { .. } | Phase::Ending) => {
                slot.phase = Phase::Ending;
                true
            }
            _ => false,
        }
    }

    /// The instance ends; a job that it was given just before is given back.
    pub(crate) fn end(&mut self) {
        if let Some(slot) = self.pool.state().slots.get_mut(&self.id) {
            slot.phase = Phase::Ending;
        }
        while let Ok(job) = self.jobs.try_recv() {
            // Who asked may have gone.
            job.reply.send(Reply::NotTaken).ok();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.end();
        self.pool.state().slots.remove(&self.id);
        self.pool.left.notify_waiters();
    }
}
