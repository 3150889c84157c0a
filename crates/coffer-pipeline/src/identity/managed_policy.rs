//! Managed policies and their versions.

use std::collections::BTreeMap;

use coffer_model::{AccountId, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::{PolicyDocument, identity_arn, row_of, rows_of};

/// A customer's managed policy with its versions, of which AWS keeps at most five.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedPolicyRecord {
    /// The owning account.
    pub account: AccountId,
    /// The name, in the case it was given in; unique whatever the path.
    pub policy_name: String,
    /// The unique id, `ANPA…`.
    pub policy_id: String,
    /// The path, which begins and ends with `/`.
    pub path: String,
    /// When it was made.
    pub created: Timestamp,
    /// When its default version last changed.
    pub updated: Timestamp,
    /// What its author says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Its versions, oldest first.
    pub versions: Vec<PolicyVersion>,
    /// The number of the version in force.
    pub default_version: u32,
    /// The number that the next version gets: numbers are not used again.
    pub next_version: u32,
    /// How many users, groups and roles it is attached to.
    #[serde(default)]
    pub attachment_count: u32,
    /// How many users and roles it bounds.
    #[serde(default)]
    pub boundary_count: u32,
}

/// One version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Its number; `v3` on the wire.
    pub number: u32,
    /// When it was made.
    pub created: Timestamp,
    /// The document.
    pub document: PolicyDocument,
}

impl ManagedPolicyRecord {
    /// The row of a policy.
    pub fn key_of(account: AccountId, policy_name: &str) -> Key {
        row_of(Self::TABLE, account, policy_name)
    }

    /// The row of the customer's policy that an ARN names; nothing for what is no such ARN. The
    /// record found there has to have this very ARN: the path is not part of the key.
    pub fn key_of_arn(arn: &str) -> Option<Key> {
        let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
        let name = resource.strip_prefix("policy/")?.rsplit('/').next()?;
        Some(Self::key_of(account.parse().ok()?, name))
    }

    /// The prefix of all policies of an account.
    pub fn all_of(account: AccountId) -> Vec<u8> {
        rows_of(Self::TABLE, account)
    }

    /// The policy's ARN.
    pub fn arn(&self) -> String {
        identity_arn(self.account, "policy", &self.path, &self.policy_name)
    }

    /// The version in force.
    pub fn document(&self) -> Option<&PolicyDocument> {
        let default = self.versions.iter().find(|version| version.number == self.default_version);
        default.map(|version| &version.document)
    }
}

impl Record for ManagedPolicyRecord {
    const TABLE: &'static str = "iam.policy";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.policy_name)
    }
}
