//! Commits: each is one transaction of etcd's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use super::failure::Failure;
use super::layout::{Layout, delete, put, range, written_by};
use super::limits;
use super::link::{ANSWER_BYTES_MAX, Link};
use super::messages::{TxnRequest, TxnResponse};
use crate::remote::queue::Queue;
use crate::remote::requests::{Commit, Outcome};
use crate::remote::tidings::Tidings;
use crate::{Batch, CommitError, Revision};

/// Commits what comes, until nothing more can come.
pub(super) async fn run(tidings: Arc<Tidings>, queue: Arc<Queue<Commit>>, link: Arc<Link>) {
    // etcd itself does together what comes at the same time.
    while let Some(Commit { batch, answer }) = queue.take(1, 1, |_| 1).await.pop() {
        let outcome = commit(&tidings, &link, &batch).await;
        // Who commits may have stopped waiting.
        drop(answer.send(outcome));
    }
}

async fn commit(tidings: &Tidings, link: &Link, batch: &Batch) -> Outcome {
    let question = transaction(&link.cluster.layout, batch, tidings.node);
    let answered = match batch.is_read_only() {
        true => link.read(&question, ANSWER_BYTES_MAX).await,
        false => link.write(&question).await,
    };
    let answer = answered.map_err(|failure| match failure {
        Failure::Refused(cause) => CommitError::Unavailable(limits::explained(cause)),
        Failure::Elsewhere(cause) | Failure::Login(cause) => CommitError::Unavailable(cause),
        failure => {
            tracing::warn!(cause = failure.cause(), "outcome of a commit is unknown");
            CommitError::Unknown
        }
    })?;
    if !answer.succeeded {
        return Err(CommitError::Conflict);
    }
    if batch.is_read_only() {
        return Ok(last_in(&answer));
    }
    let revision = revision(answer.header.map_or(0, |header| header.revision));
    tidings.tell(&batch.changed_keys(), revision);
    Ok(revision)
}

/// The batch as etcd takes it, which refuses what names a key twice.
fn transaction(layout: &Layout, batch: &Batch, node: i64) -> TxnRequest {
    let compare = batch.expectations.iter().map(|(key, revision)| {
        let revision = revision.map_or(0, |revision| match i64::try_from(revision.number()) {
            // No row has it, and to etcd it is that of an absent one.
            Ok(0) | Err(_) => NEVER,
            Ok(number) => number,
        });
        written_by(layout.row(key.as_bytes()), revision)
    });
    let compare = compare.collect();
    if batch.is_read_only() {
        let success = vec![range(layout.ask_last())];
        return TxnRequest { compare, success, failure: Vec::new() };
    }
    // Of several puts of one key the last one stays, and none is left of its delete.
    let puts: BTreeMap<&[u8], &Bytes> =
        batch.puts.iter().map(|(key, value)| (key.as_bytes(), value)).collect();
    let deletes: BTreeSet<&[u8]> = batch.deletes.iter().map(|key| key.as_bytes()).collect();
    let deletes = deletes.into_iter().filter(|key| !puts.contains_key(key));
    let deletes = deletes.map(|key| delete(layout.row(key)));
    let puts = puts.iter().map(|(key, value)| put(layout.row(key), Bytes::clone(value)));
    let last = put(layout.last.clone(), node.to_string().into());
    let success = deletes.chain(puts).chain([last]).collect();
    TxnRequest { compare, success, failure: Vec::new() }
}

/// The store's revision, which a batch of expectations has asked for.
fn last_in(answer: &TxnResponse) -> Revision {
    let found = answer.responses.first().and_then(|response| response.range.as_ref());
    let last = found.and_then(|found| found.kvs.first());
    revision(last.map_or(0, |last| last.mod_revision))
}

/// A revision as the store has it; etcd gives none below zero.
pub(super) fn revision(number: i64) -> Revision {
    Revision::new(u64::try_from(number).unwrap_or(0))
}

/// A revision that nothing has.
const NEVER: i64 = -1;
