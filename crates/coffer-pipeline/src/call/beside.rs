//! What is too large for one commit: it is laid down before it, in commits of its own.

use std::sync::Arc;

use coffer_model::Timestamp;
use coffer_protocol::Fault;
use coffer_store::{CommitError, Key, Record, Transaction};

use super::{Call, unreadable};
use crate::context::Scope;
use crate::job::{Job, JobRecord};

impl Call<'_> {
    /// Commits something apart from this decision, and before it, whatever becomes of it.
    ///
    /// INVARIANT: nothing refers to what is laid down before the decision's own commit does, and
    /// the first commit of it asks for a job that takes it away where that never happens.
    ///
    /// # Errors
    /// A store that did not take it, or may not have.
    pub async fn lay_down(&self, transaction: Transaction) -> Result<(), Fault> {
        self.must_write()?;
        match self.world.tables.commit(transaction).await {
            Ok(_) => Ok(()),
            Err(CommitError::TooLarge(excess)) => {
                Err(Fault::internal(format!("too much was laid down at once: {excess}")))
            }
            Err(error) => Err(Fault::unavailable(error)),
        }
    }

    /// Stages a job together with what is laid down.
    ///
    /// # Errors
    /// A job that cannot be written.
    pub fn schedule_with<J: Job>(
        &self,
        transaction: &mut Transaction,
        scope: &Scope,
        due: Timestamp,
        job: &J,
    ) -> Result<(), Fault> {
        let record = JobRecord::new(self.uuid(), scope, due, job)?;
        transaction.put::<JobRecord>(record, None);
        Ok(())
    }

    /// Looks at a record as the engine has it, without resting on it.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub async fn look<R: Record>(&self, key: &Key) -> Result<Option<Arc<R>>, Fault> {
        let found = self.world.tables.get_fresh::<R>(key).await;
        found.map(|found| found.record).map_err(unreadable)
    }

    /// Stages the end of a row that is no record and that nothing leads to any more.
    ///
    /// # Errors
    /// An operation that only reads.
    pub fn delete_row(&mut self, key: &Key) -> Result<(), Fault> {
        self.must_write()?;
        self.transaction.delete_key(key);
        Ok(())
    }
}
