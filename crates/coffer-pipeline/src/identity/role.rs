//! IAM roles.

use std::collections::{BTreeMap, BTreeSet};

use coffer_model::{AccountId, Region, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::{EntityPermissions, PolicyDocument, identity_arn, row_of, rows_of};

/// A role: whom it trusts, and what its sessions may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRecord {
    /// The owning account.
    pub account: AccountId,
    /// The name, in the case it was given in.
    pub role_name: String,
    /// The unique id, `AROA…`: sessions of a role that was made anew are not its own.
    pub role_id: String,
    /// The path, which begins and ends with `/`.
    pub path: String,
    /// When it was made.
    pub created: Timestamp,
    /// What its author says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long a session may last at most, in seconds.
    pub session_seconds_max: i32,
    /// The trust policy: who may assume it.
    pub trust: PolicyDocument,
    /// The unique ids of the users and roles that the trust policy names, by ARN: whoever is made
    /// anew under a name is not trusted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trusted: BTreeMap<String, String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Its policies.
    pub permissions: EntityPermissions,
    /// The lower-case names of the instance profiles it is in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub instance_profiles: BTreeSet<String>,
}

/// When and where a session of a role was last used; a row of its own, noted in passing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleLastUsedRecord {
    /// The owning account.
    pub account: AccountId,
    /// The role's unique id.
    pub role_id: String,
    /// When.
    pub used: Timestamp,
    /// In which region.
    pub region: Region,
}

impl RoleRecord {
    /// The row of a role.
    pub fn key_of(account: AccountId, role_name: &str) -> Key {
        row_of(Self::TABLE, account, role_name)
    }

    /// The prefix of all roles of an account.
    pub fn all_of(account: AccountId) -> Vec<u8> {
        rows_of(Self::TABLE, account)
    }

    /// The role's ARN.
    pub fn arn(&self) -> String {
        identity_arn(self.account, "role", &self.path, &self.role_name)
    }

    /// The ARN of one of its sessions.
    pub fn session_arn(&self, session_name: &str) -> String {
        // AWS: a session's ARN has the role's name, but not its path.
        format!("arn:aws:sts::{}:assumed-role/{}/{session_name}", self.account, self.role_name)
    }
}

impl Record for RoleRecord {
    const TABLE: &'static str = "iam.role";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.role_name)
    }
}

impl RoleLastUsedRecord {
    /// The row of a role.
    pub fn key_of(account: AccountId, role_id: &str) -> Key {
        Key::of(Self::TABLE, &[account.as_str(), role_id])
    }
}

impl Record for RoleLastUsedRecord {
    const TABLE: &'static str = "iam-used.role";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.role_id)
    }
}
