//! CreateBackup: asks for a copy of the store.

use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::backup::{self, BackupRecord};
use super::errors::CofferError;
use super::operator::must_operate;

/// Has the store copied by a job into the folder that the operator has named.
pub(super) struct CreateBackup;

/// Nothing is taken: where backups go is the operator's.
#[derive(Input, Debug)]
pub(super) struct CreateBackupInput {}

/// The backup that was asked for.
#[derive(Output, Debug)]
pub(super) struct CreateBackupOutput {
    backup_id: Option<String>,
}

impl Operation for CreateBackup {
    const NAME: &'static str = "CreateBackup";
    const ACCESS: Access = Access::Write;
    const ERRORS: &'static [ErrorRow] = &[CofferError::BackupInProgressException.row()];
    type Input = CreateBackupInput;
    type Output = CreateBackupOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("coffer:CreateBackup"))
    }

    async fn run(call: &mut Call<'_>, _: &Self::Input) -> Result<Self::Output, Fault> {
        must_operate(call, "coffer:CreateBackup").await?;
        let last = call.get::<BackupRecord>(&BackupRecord::row()).await?;
        if last.as_ref().is_some_and(|last| last.is_going_on(call.now())) {
            return Err(CofferError::BackupInProgressException
                .with("A backup is being made; ask again when it is there."));
        }
        let id = backup::ask(call, last.as_deref()).await?;
        Ok(CreateBackupOutput { backup_id: Some(id) })
    }
}
