//! What the targets of `fuzz/` reach of what deployments say to each other.

use super::super::seal::Plain;
use super::message::{Matter, Notice, Reply, ValueHead};

/// Reads a message, writes it, and reads that: whether both are the same. Nothing for what is no
/// message.
pub fn message_again(bytes: &[u8]) -> Option<bool> {
    let (notice, values) = Notice::read(bytes).ok()?;
    let heads: &[ValueHead] = match &notice.matter {
        Matter::Follow(state) => state.values.as_slice(),
        Matter::End => &[],
    };
    let behind: Option<Vec<Plain>> =
        heads.iter().map(|head| values.get(&head.version_id).cloned()).collect();
    let again = notice.to_bytes(&behind?).ok()?;
    let Ok((notice_again, values_again)) = Notice::read(again.expose()) else { return Some(false) };
    let is_same = |(left, right): ((&String, &Plain), (&String, &Plain))| {
        left.0 == right.0 && left.1.is(right.1)
    };
    let are_same =
        values.len() == values_again.len() && values.iter().zip(&values_again).all(is_same);
    Some(notice == notice_again && are_same)
}

/// Reads a reply, writes it, and reads that: whether both are the same. Nothing for what is no reply.
pub fn reply_again(bytes: &[u8]) -> Option<bool> {
    let reply = Reply::read(bytes).ok()?;
    let again = Reply::read(&reply.to_bytes().ok()?);
    Some(again.as_ref() == Ok(&reply))
}
