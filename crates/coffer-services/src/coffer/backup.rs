//! A backup as a record: how far it has come.

use std::time::Duration;

use coffer_model::Timestamp;
use coffer_pipeline::{Call, World};
use coffer_protocol::Fault;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::make_backup::MakeBackup;

/// The backup that is being made, or the last one that was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BackupRecord {
    /// Its id: a UUID.
    pub(super) id: String,
    /// How far it has come.
    pub(super) state: BackupState,
    /// When it was asked for.
    pub(super) started: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Timestamp>,
    /// The root key that opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) root_key_id: Option<String>,
    /// What was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) made: Option<MadeBackup>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
    /// When the last one was asked for that is there, whether or not it is this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_done: Option<Timestamp>,
}

/// Where a backup is, and what is in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MadeBackup {
    pub(super) host: String,
    pub(super) file: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    #[serde(default)]
    pub(super) unreadable_rows: u64,
}

/// How far a backup has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum BackupState {
    /// It is being made.
    InProgress,
    /// It is there.
    Done,
    /// It could not be made, and nothing is left of it.
    Failed,
}

impl BackupRecord {
    /// The one row there is.
    pub(super) fn row() -> Key {
        Key::of(Self::TABLE, &["last"])
    }

    /// Whether somebody is taken to be at it.
    pub(super) fn is_going_on(&self, now: Timestamp) -> bool {
        self.state == BackupState::InProgress && now.since(self.started) < GOES_ON_MAX
    }

    /// When the next one is to be asked for, where one is made so often.
    ///
    /// One that failed is tried again sooner: what kept it, such as a full disk, may be over.
    pub(super) fn due(&self, every: Duration) -> Timestamp {
        match self.state {
            BackupState::Failed => self.started.plus(every.min(AFTER_FAILURE)),
            BackupState::InProgress | BackupState::Done => self.started.plus(every),
        }
    }

    /// Whether another one is to be asked for, where one is made so often.
    pub(super) fn is_outdated(&self, now: Timestamp, every: Duration) -> bool {
        !self.is_going_on(now) && self.due(every) <= now
    }
}

impl Record for BackupRecord {
    const TABLE: &'static str = "coffer.backup";

    fn key(&self) -> Key {
        Self::row()
    }
}

/// When the last backup was asked for that is there.
///
/// # Errors
/// A store that cannot be read.
pub async fn last_backup(world: &World) -> Result<Option<Timestamp>, Fault> {
    let last = world.tables.get::<BackupRecord>(&BackupRecord::row()).await;
    let last = last.map_err(|error| Fault::unavailable(error.to_string()))?;
    Ok(last.record.and_then(|last| last.last_done))
}

/// Asks for a backup, after the one that is known of; gives its id.
pub(super) async fn ask(call: &mut Call<'_>, last: Option<&BackupRecord>) -> Result<String, Fault> {
    let id = call.uuid();
    call.put(BackupRecord {
        id: id.clone(),
        state: BackupState::InProgress,
        started: call.now(),
        ended: None,
        root_key_id: None,
        made: None,
        failure: None,
        last_done: last.and_then(|last| last.last_done),
    })
    .await?;
    let (scope, now) = (call.scope().clone(), call.now());
    call.schedule_errand(&id, scope, now, &MakeBackup { backup: id.clone() }).await?;
    Ok(id)
}

/// So long after a backup that failed the next one is made.
const AFTER_FAILURE: Duration = Duration::from_secs(600);
/// After so long a backup does not keep others from being asked for, whatever became of it.
const GOES_ON_MAX: Duration = Duration::from_secs(24 * 3600);
