//! The policies that a user, group or role has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::PolicyDocument;

/// Inline policies, attached ones, and the boundary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityPermissions {
    /// Inline policies by name; all of them together are bounded by AWS's quota.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inline: BTreeMap<String, PolicyDocument>,
    /// The ARNs of attached managed policies.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attached: BTreeSet<String>,
    /// The ARN of the managed policy that bounds what the others can give; groups have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
}

impl EntityPermissions {
    /// The size of all inline policies as IAM counts it: characters without white space.
    pub fn inline_characters(&self) -> usize {
        let characters = |document: &PolicyDocument| {
            document.text().chars().filter(|character| !character.is_whitespace()).count()
        };
        self.inline.values().map(characters).sum()
    }
}
