//! The job that copies the store into a file while the server serves.

use coffer_pipeline::{
    BackupMade, BackupOrder, Call, Errand, Prepared, Unreachable, Verdict, World,
};
use coffer_protocol::Fault;
use serde::{Deserialize, Serialize};

use super::backup::{BackupRecord, BackupState, MadeBackup};

/// Makes the backup that was asked for. One that was cut off by the end of the process is made anew.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MakeBackup {
    /// The id of the backup.
    pub(super) backup: String,
}

impl MakeBackup {
    /// The backup, unless it is wanted no more.
    async fn record(&self, call: &mut Call<'_>) -> Result<Option<BackupRecord>, Fault> {
        let record = call.get::<BackupRecord>(&BackupRecord::row()).await?;
        let record = record
            .filter(|record| record.id == self.backup && record.state == BackupState::InProgress);
        Ok(record.as_deref().cloned())
    }
}

impl Errand for MakeBackup {
    const KIND: &'static str = "coffer.make-backup";
    type Order = BackupOrder;
    type Report = Result<BackupMade, Unreachable>;

    async fn prepare(&self, call: &mut Call<'_>) -> Result<Prepared<Self::Order>, Fault> {
        let Some(mut record) = self.record(call).await? else {
            return Ok(Prepared::Over(Verdict::Done));
        };
        let root_key_id = call.store_key().await?.root_key_id;
        record.root_key_id = Some(root_key_id.clone());
        call.put(record).await?;
        let id = self.backup.clone();
        Ok(Prepared::Order(BackupOrder { id, row: BackupRecord::row(), root_key_id }))
    }

    async fn perform(world: &World, order: Self::Order) -> Self::Report {
        world.backups.make(order).await
    }

    async fn conclude(&self, call: &mut Call<'_>, report: &Self::Report) -> Result<Verdict, Fault> {
        let Some(mut record) = self.record(call).await? else { return Ok(Verdict::Done) };
        record.ended = Some(call.now());
        match report {
            Ok(made) => {
                record.state = BackupState::Done;
                record.last_done = Some(record.started);
                record.made = Some(MadeBackup {
                    host: made.host.clone(),
                    file: made.file.clone(),
                    rows: made.rows,
                    bytes: made.bytes,
                    sha256: made.sha256.clone(),
                    unreadable_rows: made.unreadable_rows,
                });
                tracing::info!(backup.file = made.file, "a backup was made: {}", made.file);
            }
            Err(why) => {
                record.state = BackupState::Failed;
                record.failure = Some(why.to_string());
                tracing::error!(cause = %why, "no backup was made: {why}");
            }
        }
        call.put(record).await?;
        Ok(Verdict::Done)
    }

    async fn give_up(&self, call: &mut Call<'_>) -> Result<(), Fault> {
        let Some(mut record) = self.record(call).await? else { return Ok(()) };
        record.ended = Some(call.now());
        record.state = BackupState::Failed;
        record.failure = Some("it was tried too often; see the server's log".to_owned());
        call.put(record).await
    }
}
