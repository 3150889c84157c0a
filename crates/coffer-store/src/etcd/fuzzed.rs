//! What the targets of `fuzz/` reach of this engine: what members answer.

use bytes::BytesMut;
use prost::Message;

use super::channel::{framed, take};
use super::messages::{RangeResponse, TxnResponse, WatchResponse};

/// Reads an answer that comes in these pieces, as of each kind that a member gives: how many messages
/// each of them has, and whether all of them are the same when they are written and read once more.
pub fn answers(pieces: &[&[u8]], bytes_max: usize) -> Option<([usize; 3], bool)> {
    let ranges = messages::<RangeResponse>(pieces, bytes_max);
    let commits = messages::<TxnResponse>(pieces, bytes_max);
    let changes = messages::<WatchResponse>(pieces, bytes_max);
    let is_same = is_kept(&ranges)? && is_kept(&commits)? && is_kept(&changes)?;
    Some(([ranges.len(), commits.len(), changes.len()], is_same))
}

/// The messages up to the first that cannot be read.
fn messages<M: Message + Default>(pieces: &[&[u8]], bytes_max: usize) -> Vec<M> {
    let (mut taken, mut messages) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        taken.extend_from_slice(piece);
        loop {
            match take::<M>(&mut taken, bytes_max) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(_) => return messages,
            }
        }
    }
    messages
}

fn is_kept<M: Message + Default + PartialEq>(messages: &[M]) -> Option<bool> {
    for message in messages {
        let mut again = BytesMut::from(framed(message).ok()?);
        if take::<M>(&mut again, usize::MAX).ok()?.as_ref() != Some(message) {
            return Some(false);
        }
    }
    Some(true)
}
