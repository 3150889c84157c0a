//! What copies the store into a file, for a job.

use async_trait::async_trait;
use coffer_store::Key;

use crate::job::JobRecord;
use crate::outside::Unreachable;

/// Where backups go.
#[async_trait]
pub trait Backups: Send + Sync + 'static {
    /// Copies the store, as it is at one moment from now on, into a new file: whole, verified and on the
    /// disk when this returns. A backup that was ordered before may be ordered again.
    ///
    /// # Errors
    /// Why there is none; nothing is left of it then.
    async fn make(&self, order: BackupOrder) -> Result<BackupMade, Unreachable>;
}

/// Which backup to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupOrder {
    /// Its id: a UUID, and that of the job that makes it.
    pub id: String,
    /// The row that tells how far it has come.
    pub row: Key,
    /// The root key that opens the store.
    pub root_key_id: String,
}

impl BackupOrder {
    /// Whether a row is about this very backup. Such a row does not go into it: a store that is restored
    /// from it would go on with making it.
    pub fn is_about_itself(&self, key: &Key) -> bool {
        let is_job = || {
            let waiting = JobRecord::waiting().prefix();
            key.as_bytes().starts_with(&waiting) && key.last_part() == self.id.as_bytes()
        };
        *key == self.row || is_job()
    }
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupMade {
    /// The name of the machine that made it.
    pub host: String,
    /// The whole path of the file there.
    pub file: String,
    /// How many rows are in it.
    pub rows: u64,
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// How many of its rows the store's key does not open, in the store as in the backup.
    pub unreadable_rows: u64,
}

/// A process that makes no backups.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBackups;

#[async_trait]
impl Backups for NoBackups {
    async fn make(&self, _: BackupOrder) -> Result<BackupMade, Unreachable> {
        Err(Unreachable("this process makes no backups".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use coffer_model::{AccountId, Timestamp};
    use coffer_store::{Key, Record as _};

    use super::BackupOrder;
    use crate::context::Scope;
    use crate::job::JobRecord;

    #[test]
    fn the_rows_of_a_backup_itself_are_known_wherever_the_job_has_moved_to() {
        let row = Key::of("coffer.backup", &["last"]);
        let order = |id: &str| BackupOrder {
            id: id.to_owned(),
            row: row.clone(),
            root_key_id: "key".to_owned(),
        };
        let scope = Scope { account: AccountId::dev(), region: "us-east-1".parse().unwrap() };
        let mut job = JobRecord {
            id: "0f0e".to_owned(),
            kind: "coffer.make-backup".to_owned(),
            account: scope.account,
            region: scope.region,
            due: Timestamp::from_millis(1),
            attempts: 0,
            claimed: false,
            last_error: None,
            failed: false,
            payload: serde_json::Value::Null,
        };
        assert!(order("0f0e").is_about_itself(&row));
        for due in [1, 60_000] {
            job.due = Timestamp::from_millis(due);
            assert!(order("0f0e").is_about_itself(&job.key()));
            assert!(!order("0f0f").is_about_itself(&job.key()));
        }
        assert!(!order("0f0e").is_about_itself(&Key::of("ssm.parameter", &["0f0e"])));
    }
}
