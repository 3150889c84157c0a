//! Where in the cluster what is: all of it below the prefix.

use bytes::Bytes;

use super::messages::{
    Compare, CompareTarget, DeleteRangeRequest, PutRequest, RangeRequest, Request, RequestOp,
    Wanted,
};
use crate::Key;
use crate::key::prefix_end;

/// The names of a store's keys.
pub(super) struct Layout {
    prefix: Vec<u8>,
    /// The version of this layout.
    pub(super) format: Vec<u8>,
    /// Written by each process when it opens the store: the revision is its number.
    pub(super) nodes: Vec<u8>,
    /// Written with each commit, which it makes a change also where nothing else is one: its revision
    /// is the store's, its value the number of the node.
    pub(super) last: Vec<u8>,
    rows: Vec<u8>,
}

impl Layout {
    pub(super) fn new(prefix: &[u8]) -> Self {
        let below = |name: &[u8]| [prefix, name].concat();
        Self {
            prefix: prefix.to_vec(),
            format: below(b"format"),
            nodes: below(b"nodes"),
            last: below(b"last"),
            rows: below(b"rows/"),
        }
    }

    /// A row's key, or a bound of some.
    pub(super) fn row(&self, key: &[u8]) -> Vec<u8> {
        [self.rows.as_slice(), key].concat()
    }

    /// The key of a row, if it is one's.
    pub(super) fn key_of(&self, name: &[u8]) -> Option<Key> {
        name.strip_prefix(self.rows.as_slice()).map(Key::from_bytes)
    }

    /// Everything of the store: from one key on, to before another one.
    pub(super) fn all(&self) -> (Vec<u8>, Vec<u8>) {
        // etcd takes a zero for the end of all keys.
        (self.prefix.clone(), prefix_end(&self.prefix).unwrap_or_else(|| vec![0]))
    }

    /// Asks for the store's revision.
    pub(super) fn ask_last(&self) -> RangeRequest {
        of_one(self.last.clone())
    }
}

/// Asks for one key.
pub(super) fn of_one(key: Vec<u8>) -> RangeRequest {
    RangeRequest { key, ..RangeRequest::default() }
}

pub(super) fn range(range: RangeRequest) -> RequestOp {
    RequestOp { request: Some(Request::Range(range)) }
}

pub(super) fn put(key: Vec<u8>, value: Bytes) -> RequestOp {
    RequestOp { request: Some(Request::Put(PutRequest { key, value })) }
}

pub(super) fn delete(key: Vec<u8>) -> RequestOp {
    RequestOp { request: Some(Request::DeleteRange(DeleteRangeRequest { key })) }
}

/// Demands that a key was last written by this revision; 0 is that of a key that is absent.
pub(super) fn written_by(key: Vec<u8>, revision: i64) -> Compare {
    let wanted = Some(Wanted::ModRevision(revision));
    Compare { target: CompareTarget::Mod.into(), key, wanted }
}

/// Demands that a key has this value.
pub(super) fn has_value(key: Vec<u8>, value: Bytes) -> Compare {
    Compare { target: CompareTarget::Value.into(), key, wanted: Some(Wanted::Value(value)) }
}
