//! Reads: what waits is asked together, one question after the other on one connection without
//! waiting for answers.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio_postgres::Row as Found;

use super::link::{Failure, Link, Session};
use super::parts::parts;
use super::statements;
use crate::remote::queue::Queue;
use crate::remote::requests::{Range, Read};
use crate::{Direction, Key, Revision, Row, StoreError};

/// What the connections of reads are for.
pub(super) const STATEMENTS: &[&str] =
    &[statements::READ, statements::SCAN_ASCENDING, statements::SCAN_DESCENDING];

/// Reads what is asked, until nothing more can be.
pub(super) async fn run(queue: Arc<Queue<Read>>, mut link: Link) {
    loop {
        let group = queue.take(GROUP_READS_MAX, GROUP_ROWS_MAX, Read::rows).await;
        if group.is_empty() {
            return;
        }
        let rest = ask_all(group, &mut link).await;
        // A connection that broke since it was last used says nothing of the database.
        let rest = if rest.is_empty() { rest } else { ask_all(unanswered(rest), &mut link).await };
        for (read, cause) in rest {
            read.refuse(StoreError::Unavailable(cause));
        }
    }
}

fn unanswered(rest: Vec<(Read, String)>) -> Vec<Read> {
    rest.into_iter().map(|(read, _)| read).collect()
}

/// Asks and answers; those that got no answer come back with the cause.
async fn ask_all(group: Vec<Read>, link: &mut Link) -> Vec<(Read, String)> {
    let session = match link.session().await {
        Ok(session) => session,
        Err(failure) => {
            let cause = failure.cause();
            return group.into_iter().map(|read| (read, cause.clone())).collect();
        }
    };
    let rest = join_all(group.into_iter().map(|read| ask(read, session))).await;
    let rest: Vec<_> = rest.into_iter().flatten().collect();
    if !rest.is_empty() {
        link.give_up();
    }
    rest
}

/// Asks it and sends the answer; without one it comes back.
async fn ask(read: Read, session: &Session) -> Option<(Read, String)> {
    match read {
        Read::Keys(keys, answer) => match read_keys(session, &keys).await {
            Ok(rows) => drop(answer.send(rows)),
            Err(failure) => return Some((Read::Keys(keys, answer), failure.cause())),
        },
        Read::Range(range, answer) => match scan(session, &range).await {
            Ok(rows) => drop(answer.send(rows)),
            Err(failure) => return Some((Read::Range(range, answer), failure.cause())),
        },
    }
    None
}

async fn read_keys(
    session: &Session,
    keys: &[Key],
) -> Result<Result<Vec<Option<Row>>, StoreError>, Failure> {
    let (heads, tails): (Vec<&[u8]>, Vec<&[u8]>) =
        keys.iter().map(|key| parts(key.as_bytes())).unzip();
    let found = session.query(statements::READ, &[&heads, &tails]).await?;
    let mut rows = vec![None; keys.len()];
    for found in found {
        let place: i64 = found.try_get(0)?;
        let place =
            usize::try_from(place).ok().and_then(|place| rows.get_mut(place.checked_sub(1)?));
        if let Some(place) = place {
            match row(&found, 1)? {
                Ok(row) => *place = Some(row),
                Err(error) => return Ok(Err(error)),
            }
        }
    }
    Ok(Ok(rows))
}

pub(super) async fn scan(
    session: &Session,
    range: &Range,
) -> Result<Result<Vec<(Key, Row)>, StoreError>, Failure> {
    let statement = match range.direction {
        Direction::Ascending => statements::SCAN_ASCENDING,
        Direction::Descending => statements::SCAN_DESCENDING,
    };
    let ((from_head, from_tail), (to_head, to_tail)) = (parts(&range.from), parts(&range.to));
    let rows_max = i64::try_from(range.rows_max).unwrap_or(i64::MAX);
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&from_head, &from_tail, &to_head, &to_tail, &rows_max];
    let found = session.query(statement, &values).await?;
    let mut rows = Vec::with_capacity(found.len());
    for found in found {
        let (head, tail): (&[u8], &[u8]) = (found.try_get(0)?, found.try_get(1)?);
        let key = Key::from_bytes(&[head, tail].concat());
        match row(&found, 2)? {
            Ok(row) => rows.push((key, row)),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(rows))
}

/// The revision and the value in two columns.
fn row(found: &Found, column: usize) -> Result<Result<Row, StoreError>, Failure> {
    let (revision, value): (i64, &[u8]) = (found.try_get(column)?, found.try_get(column + 1)?);
    Ok(match u64::try_from(revision) {
        Ok(revision) => {
            Ok(Row { value: Bytes::copy_from_slice(value), revision: Revision::new(revision) })
        }
        Err(_) => Err(StoreError::Corrupt("a row has a revision below zero".to_owned())),
    })
}

/// How many questions are asked together.
const GROUP_READS_MAX: usize = 32;
/// From how many rows on no further question is asked with them.
const GROUP_ROWS_MAX: usize = 1_024;
