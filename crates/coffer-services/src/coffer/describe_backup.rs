//! DescribeBackup: how far the copy of the store has come.

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::backup::{BackupRecord, BackupState};
use super::operator::must_operate;
use super::progress::WireState;

/// Tells of the backup that is being made, or of the last one.
pub(super) struct DescribeBackup;

/// Nothing is taken.
#[derive(Input, Debug)]
pub(super) struct DescribeBackupInput {}

/// The backup; nothing where none was ever asked for.
#[derive(Output, Debug, Default)]
pub(super) struct DescribeBackupOutput {
    backup_id: Option<String>,
    state: Option<WireState>,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    root_key_id: Option<String>,
    host: Option<String>,
    file: Option<String>,
    rows: Option<i64>,
    bytes: Option<i64>,
    sha256: Option<String>,
    unreadable_rows: Option<i64>,
    failure: Option<String>,
    last_done: Option<Timestamp>,
}

impl Operation for DescribeBackup {
    const NAME: &'static str = "DescribeBackup";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[];
    type Input = DescribeBackupInput;
    type Output = DescribeBackupOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:DescribeBackup"))
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        must_operate(call, "coffer:DescribeBackup").await?;
        let last = call.get::<BackupRecord>(&BackupRecord::row()).await?;
        let Some(backup) = last else { return Ok(DescribeBackupOutput::default()) };
        let number = |of: Option<u64>| of.and_then(|number| i64::try_from(number).ok());
        let made = backup.made.as_ref();
        Ok(DescribeBackupOutput {
            backup_id: Some(backup.id.clone()),
            state: Some(match backup.state {
                BackupState::InProgress => WireState::InProgress,
                BackupState::Done => WireState::Done,
                BackupState::Failed => WireState::Failed,
            }),
            started: Some(backup.started),
            ended: backup.ended,
            root_key_id: backup.root_key_id.clone(),
            host: made.map(|made| made.host.clone()),
            file: made.map(|made| made.file.clone()),
            rows: number(made.map(|made| made.rows)),
            bytes: number(made.map(|made| made.bytes)),
            sha256: made.map(|made| made.sha256.clone()),
            unreadable_rows: number(made.map(|made| made.unreadable_rows)),
            failure: backup.failure.clone(),
            last_done: backup.last_done,
        })
    }
}
