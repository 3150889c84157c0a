//! Makes a store of rows that were kept elsewhere, in a place where there is none.

use bytes::Bytes;

use crate::copy::{Rows, copy};
use crate::migrate::{PASSES_MAX, must_be_empty};
use crate::{
    Batch, CommitError, Key, MigrateError, Migrated, Revision, Row, Snapshot, Store, StoreError,
};

/// What a restore brings back.
pub trait RestoreSource: Send + Sync {
    /// A name that no other source has.
    fn name(&self) -> Bytes;

    /// The rows, from the first one on.
    ///
    /// # Errors
    /// A source that cannot be read.
    fn rows(&self) -> Result<Box<dyn Snapshot>, StoreError>;
}

/// Fills an empty store with the rows of a source, reads it whole to see that it is so, and only then
/// writes the `identity`, a row without which nobody takes the rows for a store.
///
/// What was cut short is gone on with the next time: until it is whole the target has a mark by which
/// the source is known again. Nobody may have the target open.
///
/// # Errors
/// See [`MigrateError`]; also where the source has no identity.
pub async fn restore(
    from: &dyn RestoreSource,
    to: &dyn Store,
    identity: &Key,
) -> Result<Migrated, MigrateError> {
    let value = identity_in(from, identity).await?;
    let mark = Key::of(MARK, &[]);
    let marked = mark_target(&from.name(), to, identity, &mark).await?;
    let mut all = Migrated::default();
    for _ in 0..PASSES_MAX {
        let source = Rows::of_snapshot(from.rows()?).without(identity);
        let pass = copy(source, Rows::of(to).without(&mark), to).await?;
        all.rows = pass.rows + 1;
        all.written += pass.written;
        all.removed += pass.removed;
        if pass.written == 0 && pass.removed == 0 {
            let batch = Batch {
                expectations: vec![(mark.clone(), Some(marked)), (identity.clone(), None)],
                puts: vec![(identity.clone(), value)],
                deletes: vec![mark],
            };
            to.commit(batch).await.map_err(failed)?;
            all.written += 1;
            return Ok(all);
        }
    }
    Err(MigrateError::Restless)
}

async fn identity_in(from: &dyn RestoreSource, identity: &Key) -> Result<Bytes, MigrateError> {
    let mut rows = from.rows()?;
    loop {
        let page = rows.next().await?;
        if page.is_empty() {
            return Err(MigrateError::NoSource);
        }
        if let Some((_, row)) = page.into_iter().find(|(key, _)| key == identity) {
            return Ok(row.value);
        }
    }
}

/// Marks an empty target as one that is being filled; one that has this mark is gone on with.
async fn mark_target(
    name: &Bytes,
    to: &dyn Store,
    identity: &Key,
    mark: &Key,
) -> Result<Revision, MigrateError> {
    let rows: [Option<Row>; 2] = to
        .read(&[identity.clone(), mark.clone()])
        .await?
        .try_into()
        .map_err(|_| MigrateError::Failed("a read left rows out".to_owned()))?;
    match rows {
        [Some(_), _] => return Err(MigrateError::Occupied),
        [None, Some(found)] if found.value == *name => return Ok(found.revision),
        [None, Some(_)] => return Err(MigrateError::Begun),
        [None, None] => must_be_empty(to).await?,
    }
    let batch = Batch {
        expectations: vec![(identity.clone(), None), (mark.clone(), None)],
        puts: vec![(mark.clone(), name.clone())],
        deletes: Vec::new(),
    };
    to.commit(batch).await.map_err(failed)
}

fn failed(error: CommitError) -> MigrateError {
    match error {
        CommitError::Conflict => MigrateError::Occupied,
        error => MigrateError::Failed(error.to_string()),
    }
}

const MARK: &str = "meta.restore";

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::{Direction, Faults, Scan, Sim};

    /// Rows in memory, in pages of three.
    struct Kept(&'static str, Vec<(Key, Row)>);

    struct Pages(Vec<(Key, Row)>);

    #[async_trait]
    impl Snapshot for Pages {
        async fn next(&mut self) -> Result<Vec<(Key, Row)>, StoreError> {
            let rest = self.0.split_off(self.0.len().min(3));
            Ok(std::mem::replace(&mut self.0, rest))
        }
    }

    impl RestoreSource for Kept {
        fn name(&self) -> Bytes {
            self.0.into()
        }

        fn rows(&self) -> Result<Box<dyn Snapshot>, StoreError> {
            Ok(Box::new(Pages(self.1.clone())))
        }
    }

    fn key(name: &str) -> Key {
        Key::of("t", &[name])
    }

    fn kept(name: &'static str, rows: usize) -> Kept {
        let value = |number: usize| Bytes::from("v".repeat(number % 700));
        let row = |value| Row { value, revision: Revision::ZERO };
        let named = (0..rows).map(|number| (key(&format!("{number:05}")), row(value(number))));
        Kept(name, named.chain([(key("identity"), row("one".into()))]).collect())
    }

    async fn rows(store: &dyn Store) -> Vec<(Key, Bytes)> {
        let all =
            Scan { prefix: &[], after: None, rows_max: 10_000, direction: Direction::Ascending };
        store.scan(all).await.unwrap().into_iter().map(|(key, row)| (key, row.value)).collect()
    }

    fn expected(kept: &Kept) -> Vec<(Key, Bytes)> {
        kept.1.iter().map(|(key, row)| (key.clone(), row.value.clone())).collect()
    }

    #[tokio::test]
    async fn an_empty_store_becomes_what_was_kept_and_a_second_time_is_refused() {
        let (from, to) = (kept("a", 2_000), Sim::new());
        let done = restore(&from, &to, &key("identity")).await.unwrap();
        assert_eq!(done, Migrated { rows: 2_001, written: 2_001, removed: 0 });
        assert_eq!(rows(&to).await, expected(&from));
        let again = restore(&from, &to, &key("identity")).await;
        assert_eq!(again, Err(MigrateError::Occupied));
        assert_eq!(rows(&to).await, expected(&from));
    }

    #[tokio::test]
    async fn a_restore_that_is_cut_short_is_no_store_and_is_gone_on_with() {
        for seed in 0..40 {
            let (from, other) = (kept("a", 2_500), kept("b", 10));
            let faults =
                Faults { unknowns_per_mille: 200, unavailable_per_mille: 100, ..Faults::default() };
            let to = Sim::with_faults(seed, faults);
            let mut tries = 0;
            loop {
                let restored = restore(&from, &to, &key("identity")).await;
                to.set_faults(Faults::default());
                let found = to.read(&[key("identity")]).await.unwrap().remove(0);
                if let Err(error) = restored {
                    if found.is_some() {
                        // Its last commit was of unknown outcome.
                        assert!(matches!(error, MigrateError::Failed(_)), "{error:?}");
                        break;
                    }
                    if to.rows() > 0 {
                        let refused = restore(&other, &to, &key("identity")).await;
                        assert_eq!(refused, Err(MigrateError::Begun), "seed {seed}");
                    }
                    to.set_faults(faults);
                    tries += 1;
                    assert!(tries < 200, "seed {seed}");
                } else {
                    break;
                }
            }
            assert_eq!(rows(&to).await, expected(&from), "seed {seed}");
        }
    }

    #[tokio::test]
    async fn what_is_anothers_or_nothing_at_all_is_refused() {
        let to = Sim::new();
        let puts = vec![(key("theirs"), "1".into())];
        to.commit(Batch { puts, ..Batch::default() }).await.unwrap();
        let refused = restore(&kept("a", 3), &to, &key("identity")).await;
        assert_eq!(refused, Err(MigrateError::Occupied));
        assert_eq!(to.rows(), 1);
        let empty = Sim::new();
        let refused = restore(&Kept("a", Vec::new()), &empty, &key("identity")).await;
        assert_eq!(refused, Err(MigrateError::NoSource));
        assert_eq!(empty.rows(), 0);
    }
}
