//! What a replica knows of the replication by which another deployment feeds it.

use serde::{Deserialize, Serialize};

/// A replication from another deployment. A secret that was promoted keeps it, so that its former
/// primary learns of that and never takes it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Followed {
    /// The id of the replication, which the primary draws each time that it begins one.
    pub(crate) replication: String,
    /// The primary's number of the state that this one is equal to: an older one never takes its place.
    pub(crate) sequence: u64,
}
