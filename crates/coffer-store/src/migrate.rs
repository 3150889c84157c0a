//! Moves the rows of one store to another, whatever their engines.

use std::fmt;

use crate::copy::{Rows, copy};
use crate::{Batch, CommitError, Direction, Key, Row, Scan, Store, StoreError};

/// What a migration has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Migrated {
    /// How many rows both stores hold now.
    pub rows: u64,
    /// How many rows were written; more than there are where the source changed meanwhile.
    pub written: u64,
    /// How many rows were removed, which were in the source at first and are no more.
    pub removed: u64,
}

/// Why a migration was not done. What was copied stays: it is gone on with the next time.
#[derive(Debug, PartialEq, Eq)]
pub enum MigrateError {
    /// There is no store at the source: the row that every store has is missing.
    NoSource,
    /// The target holds rows of another store.
    Occupied,
    /// The target holds a restore that was cut short, of another backup.
    Begun,
    /// The source was changed as fast as it was copied.
    Restless,
    /// A store failed.
    Failed(String),
}

/// Makes one store hold the rows that another one holds, byte for byte, and reads both whole to see that
/// it is so. Revisions are the target's own.
///
/// `identity` is a row that every store has, with a value that no two have. Only a target that is empty,
/// or that has the source's, is written to: so a migration that was cut short goes on, and what is
/// another's is left alone. Nobody may have the target open. The source may be in use; the
/// migration ends when it has stood still for as long as it takes to read it.
///
/// # Errors
/// See [`MigrateError`].
pub async fn migrate(
    from: &dyn Store,
    to: &dyn Store,
    identity: &Key,
) -> Result<Migrated, MigrateError> {
    claim(from, to, identity).await?;
    let mut all = Migrated::default();
    for _ in 0..PASSES_MAX {
        let pass = copy(Rows::of(from), Rows::of(to), to).await?;
        all.rows = pass.rows;
        all.written += pass.written;
        all.removed += pass.removed;
        if pass.written == 0 && pass.removed == 0 {
            return Ok(all);
        }
    }
    Err(MigrateError::Restless)
}

/// Writes the identity to an empty target, before everything else.
async fn claim(from: &dyn Store, to: &dyn Store, identity: &Key) -> Result<(), MigrateError> {
    let value_in = async |store: &dyn Store| -> Result<Option<Row>, StoreError> {
        Ok(store.read(std::slice::from_ref(identity)).await?.into_iter().next().flatten())
    };
    let source = value_in(from).await?.ok_or(MigrateError::NoSource)?;
    let target = value_in(to).await?;
    if target.is_some_and(|target| target.value == source.value) {
        return Ok(());
    }
    must_be_empty(to).await?;
    let batch = Batch {
        expectations: vec![(identity.clone(), None)],
        puts: vec![(identity.clone(), source.value)],
        deletes: Vec::new(),
    };
    match to.commit(batch).await {
        Err(CommitError::Conflict) => Err(MigrateError::Occupied),
        outcome => outcome.map(drop).map_err(|error| MigrateError::Failed(error.to_string())),
    }
}

pub(crate) async fn must_be_empty(store: &dyn Store) -> Result<(), MigrateError> {
    let any = Scan { prefix: &[], after: None, rows_max: 1, direction: Direction::Ascending };
    if store.scan(any).await?.is_empty() { Ok(()) } else { Err(MigrateError::Occupied) }
}

impl fmt::Display for MigrateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSource => formatter.write_str("there is no store to move"),
            Self::Occupied => formatter.write_str(
                "the target holds rows, and not those of this store; choose an empty one",
            ),
            Self::Begun => formatter.write_str(
                "a restore of another backup into the target was cut short; go on with that one, or \
                 choose an empty one",
            ),
            Self::Restless => formatter.write_str(
                "the store was changed as fast as it was copied; stop its servers, and go on by the \
                 same command",
            ),
            Self::Failed(cause) => {
                write!(formatter, "{cause}; what was copied stays, go on by the same command")
            }
        }
    }
}

impl std::error::Error for MigrateError {}

impl From<StoreError> for MigrateError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// How often is looked for what has changed before it is given up.
pub(crate) const PASSES_MAX: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Faults, Sim};

    fn key(name: &str) -> Key {
        Key::of("t", &[name])
    }

    async fn filled(rows: usize) -> Sim {
        let store = Sim::new();
        put(&store, "identity", "one").await;
        for number in 0..rows {
            put(&store, &number.to_string(), &"v".repeat(number % 3_000)).await;
        }
        store
    }

    async fn put(store: &Sim, name: &str, value: &str) {
        let puts = vec![(key(name), value.to_owned().into())];
        store.commit(Batch { puts, ..Batch::default() }).await.unwrap();
    }

    async fn rows(store: &dyn Store) -> Vec<(Key, bytes::Bytes)> {
        let all =
            Scan { prefix: &[], after: None, rows_max: 10_000, direction: Direction::Ascending };
        store.scan(all).await.unwrap().into_iter().map(|(key, row)| (key, row.value)).collect()
    }

    #[tokio::test]
    async fn the_target_holds_what_the_source_does_and_a_second_time_changes_nothing() {
        let (from, to) = (filled(3_000).await, Sim::new());
        let done = migrate(&from, &to, &key("identity")).await.unwrap();
        assert_eq!(done, Migrated { rows: 3_001, written: 3_000, removed: 0 });
        assert_eq!(rows(&from).await, rows(&to).await);
        let again = migrate(&from, &to, &key("identity")).await.unwrap();
        assert_eq!(again, Migrated { rows: 3_001, written: 0, removed: 0 });
        // What the source has become since is followed.
        put(&from, "7", "changed").await;
        let deletes = vec![key("8"), key("9")];
        from.commit(Batch { deletes, ..Batch::default() }).await.unwrap();
        let again = migrate(&from, &to, &key("identity")).await.unwrap();
        assert_eq!(again, Migrated { rows: 2_999, written: 1, removed: 2 });
        assert_eq!(rows(&from).await, rows(&to).await);
    }

    #[tokio::test]
    async fn a_migration_that_fails_on_the_way_is_gone_on_with() {
        for seed in 0..40 {
            let from = filled(2_500).await;
            let faults =
                Faults { unknowns_per_mille: 300, unavailable_per_mille: 100, ..Faults::default() };
            let to = Sim::with_faults(seed, faults);
            let mut tries = 0;
            while migrate(&from, &to, &key("identity")).await.is_err() {
                tries += 1;
                assert!(tries < 200, "seed {seed}");
            }
            to.set_faults(Faults::default());
            assert_eq!(rows(&from).await, rows(&to).await, "seed {seed}");
        }
    }

    #[tokio::test]
    async fn what_is_anothers_is_left_alone() {
        let (from, other) = (filled(10).await, Sim::new());
        put(&other, "identity", "two").await;
        put(&other, "theirs", "1").await;
        let before = rows(&other).await;
        let refused = migrate(&from, &other, &key("identity")).await;
        assert_eq!(refused, Err(MigrateError::Occupied));
        assert_eq!(rows(&other).await, before);
        let refused = migrate(&Sim::new(), &Sim::new(), &key("identity")).await;
        assert_eq!(refused, Err(MigrateError::NoSource));
    }
}
