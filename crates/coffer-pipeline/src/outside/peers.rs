//! Peers: other deployments, which hold replicas of secrets in regions and accounts of theirs.

use std::collections::BTreeSet;
use std::fmt;

use coffer_model::{AccountId, Region};

/// Where replicas may be that another deployment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaPlace {
    /// The primary's account in another region.
    Region(Region),
    /// Another account in the primary's region.
    Account(AccountId),
}

/// What a peer may write here, as the operator says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerRights {
    /// The peer's name, for records and the log.
    pub name: String,
    /// The regions of this deployment that it may have replicas in.
    pub regions: BTreeSet<Region>,
    /// The regions whose primaries it speaks for.
    pub primary_regions: BTreeSet<Region>,
    /// The accounts whose primaries of replicas in other accounts it speaks for.
    pub primary_accounts: BTreeSet<AccountId>,
}

/// A peer was not told, or has not answered; it may have done what it was told all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTold {
    /// Why, for the log.
    pub why: String,
    /// Whether it was not even tried, since as many messages to the peer are on their way as may be.
    pub is_busy: bool,
}

impl fmt::Display for NotTold {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.why)
    }
}

impl std::error::Error for NotTold {}
