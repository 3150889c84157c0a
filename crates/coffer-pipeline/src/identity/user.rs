//! IAM users.

use std::collections::{BTreeMap, BTreeSet};

use coffer_model::{AccountId, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::{EntityPermissions, identity_arn, row_of, rows_of};

/// A user of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRecord {
    /// The owning account.
    pub account: AccountId,
    /// The name, in the case it was given in.
    pub user_name: String,
    /// The unique id, `AIDA…`: a user that is made anew has another one.
    pub user_id: String,
    /// The path, which begins and ends with `/`.
    pub path: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Its policies, without those of its groups.
    pub permissions: EntityPermissions,
    /// The lower-case names of the groups it is in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<String>,
    /// The ids of its access keys.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub access_keys: BTreeSet<String>,
    /// The ARNs of its MFA devices.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub mfa_devices: BTreeSet<String>,
}

impl UserRecord {
    /// The row of a user.
    pub fn key_of(account: AccountId, user_name: &str) -> Key {
        row_of(Self::TABLE, account, user_name)
    }

    /// The prefix of all users of an account.
    pub fn all_of(account: AccountId) -> Vec<u8> {
        rows_of(Self::TABLE, account)
    }

    /// The user's ARN.
    pub fn arn(&self) -> String {
        identity_arn(self.account, "user", &self.path, &self.user_name)
    }
}

impl Record for UserRecord {
    const TABLE: &'static str = "iam.user";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.user_name)
    }
}
