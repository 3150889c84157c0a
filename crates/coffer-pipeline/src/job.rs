//! Jobs: what a commit asks to be done later. A job is a row; whoever claims it moves the row to
//! the end of a lease, and its effects land together with its verdict.

pub mod errand;
pub mod runner;

use coffer_model::Timestamp;
use coffer_protocol::Fault;
use coffer_store::{Key, Record};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use self::errand::{Errand, Prepared};
use crate::call::Call;
use crate::context::{Scope, sortable};

/// Something to be done at or after a time. The payload is the job itself, as stored in its row.
///
/// A job is a reconciler: it looks at the state it finds and does what is still to be done, so
/// that running it twice, or after the state has changed its mind, does no harm.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name of the kind of job, an imperative: `ssm.expire-parameter`.
    const KIND: &'static str;

    /// Does the work through the call; its staged writes and the verdict are one commit.
    fn run(&self, call: &mut Call<'_>) -> impl Future<Output = Result<Verdict, Fault>> + Send;
}

/// How a job's run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All that was asked for is done, or no longer wanted.
    Done,
    /// To be run again at this time, with the count of attempts begun anew.
    Again(Timestamp),
}

/// A job's row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobRecord {
    /// A UUID, or a fixed name where there must be only one.
    pub id: String,
    /// The kind, [`Job::KIND`].
    pub kind: String,
    /// The account and region it works in.
    pub account: coffer_model::AccountId,
    /// See `account`.
    pub region: coffer_model::Region,
    /// When it becomes due; for a claimed job, when its lease ends.
    pub due: Timestamp,
    /// Claims so far that ended in no verdict.
    pub attempts: u32,
    /// Whether somebody is at it, until the lease ends.
    #[serde(default)]
    pub claimed: bool,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Whether it was given up; kept to be seen.
    #[serde(default)]
    pub failed: bool,
    /// The job itself.
    pub payload: serde_json::Value,
}

impl JobRecord {
    /// Makes the row of a job.
    pub fn new<J: Job>(id: String, scope: &Scope, due: Timestamp, job: &J) -> Result<Self, Fault> {
        Self::of(J::KIND, id, scope, due, job)
    }

    /// Makes the row of an errand.
    pub fn of_errand<E: Errand>(
        id: String,
        scope: &Scope,
        due: Timestamp,
        errand: &E,
    ) -> Result<Self, Fault> {
        Self::of(E::KIND, id, scope, due, errand)
    }

    fn of(
        kind: &str,
        id: String,
        scope: &Scope,
        due: Timestamp,
        payload: &impl Serialize,
    ) -> Result<Self, Fault> {
        let payload = serde_json::to_value(payload)
            .map_err(|error| Fault::internal(format!("cannot write job {kind}: {error}")))?;
        Ok(Self {
            id,
            kind: kind.to_owned(),
            account: scope.account,
            region: scope.region.clone(),
            due,
            attempts: 0,
            claimed: false,
            last_error: None,
            failed: false,
            payload,
        })
    }

    /// The scope it works in.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account, region: self.region.clone() }
    }

    /// The prefix of all jobs that wait, in the order of their due times.
    pub fn waiting() -> Key {
        Key::of(Self::TABLE, &["waiting"])
    }

    /// The key of a job that waits.
    pub fn waiting_at(due: Timestamp, id: &str) -> Key {
        Self::waiting().child(sortable(due)).child(id)
    }

    /// Where the row of a job is kept that nobody can read: the bytes as they were found, under
    /// the components of the key that they were found at.
    pub fn unreadable(found_at: &Key) -> Key {
        Key::build(Self::TABLE).part("unreadable").parts_of(found_at).key()
    }

    /// The prefix of all jobs that were given up.
    pub fn given_up() -> Key {
        Key::of(Self::TABLE, &["failed"])
    }
}

impl Record for JobRecord {
    const TABLE: &'static str = "job";

    fn key(&self) -> Key {
        let state = if self.failed { "failed" } else { "waiting" };
        Key::of(Self::TABLE, &[state, &sortable(self.due), &self.id])
    }
}
