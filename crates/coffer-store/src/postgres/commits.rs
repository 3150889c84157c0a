//! Commits: what waits is taken together into one transaction.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use tokio_postgres::types::ToSql;

use super::link::{Failure, Link, Session};
use super::statements;
use crate::remote::queue::Queue;
use crate::remote::requests::{Commit, Outcome};
use crate::remote::tidings::Tidings;
use crate::{Batch, CommitError, Key, Revision};

/// What the connections of commits are for.
pub(super) const STATEMENTS: &[&str] = &[statements::COMMIT];

/// Commits what comes, until nothing more can come.
pub(super) async fn run(tidings: Arc<Tidings>, queue: Arc<Queue<Commit>>, mut link: Link) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            let weigh = |commit: &Commit| rows_of(&commit.batch);
            waiting.extend(queue.take(GROUP_COMMITS_MAX, GROUP_ROWS_MAX, weigh).await);
        }
        let group = take_apart(&mut waiting);
        if group.is_empty() {
            return;
        }
        let (batches, answers): (Vec<Batch>, Vec<_>) =
            group.into_iter().map(|commit| (commit.batch, commit.answer)).unzip();
        let outcomes = commit(&tidings, &mut link, &batches).await;
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // Who commits may have stopped waiting.
            drop(answer.send(outcome));
        }
    }
}

/// Takes from the front, as long as nothing that one commit writes is of interest to another: they are
/// decided in one go.
fn take_apart(waiting: &mut VecDeque<Commit>) -> Vec<Commit> {
    let (mut group, mut written, mut expected) = (Vec::new(), HashSet::new(), HashSet::new());
    while let Some(commit) = waiting.pop_front() {
        let batch = &commit.batch;
        let writes = || batch.puts.iter().map(|(key, _)| key).chain(&batch.deletes);
        let expects = || batch.expectations.iter().map(|(key, _)| key);
        let is_apart = writes().all(|key| !written.contains(key) && !expected.contains(key))
            && expects().all(|key| !written.contains(key));
        if !is_apart {
            waiting.push_front(commit);
            break;
        }
        written.extend(writes().cloned());
        expected.extend(expects().cloned());
        group.push(commit);
    }
    group
}

async fn commit(tidings: &Tidings, link: &mut Link, batches: &[Batch]) -> Vec<Outcome> {
    let answered = match link.session().await {
        Ok(session) => Arguments::of(batches).ask(session, tidings.node).await,
        Err(failure) => Err(failure),
    };
    match answered {
        Ok(revisions) => batches
            .iter()
            .zip(revisions)
            .map(|(batch, revision)| {
                let revision = Revision::new(revision.ok_or(CommitError::Conflict)?);
                if !batch.is_read_only() {
                    tidings.tell(&batch.changed_keys(), revision);
                }
                Ok(revision)
            })
            .collect(),
        Err(failure) => {
            // A server that takes no writes any more, or is ending, is not asked again.
            link.give_up();
            let error = match failure {
                Failure::NotDone(cause) => CommitError::Unavailable(cause),
                Failure::Conflict => CommitError::Conflict,
                Failure::Unclear(cause) => {
                    tracing::warn!(cause, "outcome of a commit is unknown");
                    CommitError::Unknown
                }
            };
            vec![Err(error); batches.len()]
        }
    }
}

/// What the function takes; see the schema.
#[derive(Default)]
struct Arguments<'a> {
    batches: i32,
    lock_classes: Vec<i32>,
    lock_names: Vec<i32>,
    lock_writes: Vec<bool>,
    expected_batches: Vec<i32>,
    expected_keys: Vec<&'a [u8]>,
    expected_revisions: Vec<Option<i64>>,
    put_batches: Vec<i32>,
    put_keys: Vec<&'a [u8]>,
    put_values: Vec<&'a [u8]>,
    delete_batches: Vec<i32>,
    delete_keys: Vec<&'a [u8]>,
}

impl<'a> Arguments<'a> {
    fn of(batches: &'a [Batch]) -> Self {
        let mut arguments = Self::default();
        let mut locks = BTreeMap::new();
        for batch in batches {
            arguments.batches += 1;
            arguments.add(batch, &mut locks);
        }
        arguments.lock(&locks);
        arguments
    }

    /// `locks` are the names of what has to stand still, and whether it is written.
    fn add(&mut self, batch: &'a Batch, locks: &mut BTreeMap<i32, bool>) {
        let mut lock =
            |key: &[u8], writes: bool| *locks.entry(lock_name(key)).or_default() |= writes;
        for (key, revision) in &batch.expectations {
            lock(key.as_bytes(), false);
            self.expected_batches.push(self.batches);
            self.expected_keys.push(key.as_bytes());
            self.expected_revisions.push(revision.map(|revision| number(revision.number())));
        }
        // Of several puts of one key the last one stays, and none is left of its delete.
        let puts: BTreeMap<&[u8], &[u8]> =
            batch.puts.iter().map(|(key, value)| (key.as_bytes(), value.as_ref())).collect();
        let mut deletes: Vec<&[u8]> = batch.deletes.iter().map(Key::as_bytes).collect();
        deletes.retain(|key| !puts.contains_key(key));
        for (key, value) in puts {
            lock(key, true);
            self.put_batches.push(self.batches);
            self.put_keys.push(key);
            self.put_values.push(value);
        }
        for key in deletes {
            lock(key, true);
            self.delete_batches.push(self.batches);
            self.delete_keys.push(key);
        }
    }

    /// Many locks are one lock on everything, since a server has not room for very many. All others
    /// have a share in it, so it comes first.
    fn lock(&mut self, locks: &BTreeMap<i32, bool>) {
        let is_everything = locks.len() > GROUP_LOCKS_MAX;
        let mut push = |class, name, writes| {
            self.lock_classes.push(class);
            self.lock_names.push(name);
            self.lock_writes.push(writes);
        };
        push(LOCK_CLASS, EVERYTHING, is_everything);
        if !is_everything {
            locks.iter().for_each(|(name, writes)| push(KEY_LOCK_CLASS, *name, *writes));
        }
    }

    async fn ask(&self, session: &Session, node: i64) -> Result<Vec<Option<u64>>, Failure> {
        let values: [&(dyn ToSql + Sync); 13] = [
            &node,
            &self.batches,
            &self.lock_classes,
            &self.lock_names,
            &self.lock_writes,
            &self.expected_batches,
            &self.expected_keys,
            &self.expected_revisions,
            &self.put_batches,
            &self.put_keys,
            &self.put_values,
            &self.delete_batches,
            &self.delete_keys,
        ];
        let rows = session.query(statements::COMMIT, &values).await?;
        let row = rows.first().ok_or_else(|| Failure::Unclear("no answer".to_owned()))?;
        let revisions: Vec<Option<i64>> = row.try_get(0)?;
        let of = |revision: Option<i64>| revision.map(|number| u64::try_from(number).unwrap_or(0));
        Ok(revisions.into_iter().map(of).collect())
    }
}

fn rows_of(batch: &Batch) -> usize {
    batch.expectations.len() + batch.puts.len() + batch.deletes.len()
}

/// A revision as the database has it. None that it gave is out of its range.
fn number(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

/// The name of a key's lock: the same in every node and every release, by the FNV-1a hash. Keys that
/// share one only wait for each other.
fn lock_name(key: &[u8]) -> i32 {
    let mix = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    key.iter().fold(0x811c_9dc5, mix).cast_signed()
}

/// Advisory locks are the database's, so their names begin with letters that are ours: `coff`.
pub(super) const LOCK_CLASS: i32 = 0x636f_6666;
/// The locks of keys: `cofk`.
const KEY_LOCK_CLASS: i32 = 0x636f_666b;
/// Within [`LOCK_CLASS`]; 0 is the schema.
const EVERYTHING: i32 = 1;
/// How many commits one transaction takes.
const GROUP_COMMITS_MAX: usize = 32;
/// From how many rows on a transaction takes no further commit.
const GROUP_ROWS_MAX: usize = 512;
/// How many keys a transaction locks one by one.
const GROUP_LOCKS_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    fn commit(expects: &[&str], puts: &[&str], deletes: &[&str]) -> Commit {
        let key = |name: &&str| Key::of("t", &[name]);
        let batch = Batch {
            expectations: expects.iter().map(|name| (key(name), None)).collect(),
            puts: puts.iter().map(|name| (key(name), "1".into())).collect(),
            deletes: deletes.iter().map(key).collect(),
        };
        Commit { batch, answer: oneshot::channel().0 }
    }

    #[test]
    fn commits_that_have_to_do_with_each_other_go_one_after_the_other() {
        let mut waiting = VecDeque::from([
            commit(&["a", "shared"], &["a"], &[]),
            commit(&["shared"], &["b"], &[]),
            commit(&[], &["shared"], &[]),
            commit(&["shared"], &[], &[]),
            commit(&[], &["c"], &["d"]),
            commit(&["d"], &[], &[]),
            commit(&[], &["d"], &[]),
        ]);
        let sizes: Vec<usize> = (0..6).map(|_| take_apart(&mut waiting).len()).collect();
        assert_eq!(sizes, [2, 1, 2, 1, 1, 0]);
    }
}
