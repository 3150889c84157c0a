//! IAM groups.

use std::collections::BTreeSet;

use coffer_model::{AccountId, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::{EntityPermissions, identity_arn, row_of, rows_of};

/// A group of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRecord {
    /// The owning account.
    pub account: AccountId,
    /// The name, in the case it was given in.
    pub group_name: String,
    /// The unique id, `AGPA…`.
    pub group_id: String,
    /// The path, which begins and ends with `/`.
    pub path: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its policies, which all of its users have.
    pub permissions: EntityPermissions,
    /// The lower-case names of its users; the other side of [`super::UserRecord::groups`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub users: BTreeSet<String>,
}

impl GroupRecord {
    /// The row of a group.
    pub fn key_of(account: AccountId, group_name: &str) -> Key {
        row_of(Self::TABLE, account, group_name)
    }

    /// The prefix of all groups of an account.
    pub fn all_of(account: AccountId) -> Vec<u8> {
        rows_of(Self::TABLE, account)
    }

    /// The group's ARN.
    pub fn arn(&self) -> String {
        identity_arn(self.account, "group", &self.path, &self.group_name)
    }
}

impl Record for GroupRecord {
    const TABLE: &'static str = "iam.group";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.group_name)
    }
}
