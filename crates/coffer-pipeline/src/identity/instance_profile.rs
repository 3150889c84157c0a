//! Instance profiles: roles in the form that EC2 takes them.

use std::collections::BTreeMap;

use coffer_model::{AccountId, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::{identity_arn, row_of, rows_of};

/// An instance profile of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfileRecord {
    /// The owning account.
    pub account: AccountId,
    /// The name, in the case it was given in.
    pub profile_name: String,
    /// The unique id, `AIPA…`.
    pub profile_id: String,
    /// The path, which begins and ends with `/`.
    pub path: String,
    /// When it was made.
    pub created: Timestamp,
    /// The lower-case name of its role; the other side of [`super::RoleRecord::instance_profiles`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl InstanceProfileRecord {
    /// The row of an instance profile.
    pub fn key_of(account: AccountId, profile_name: &str) -> Key {
        row_of(Self::TABLE, account, profile_name)
    }

    /// The prefix of all instance profiles of an account.
    pub fn all_of(account: AccountId) -> Vec<u8> {
        rows_of(Self::TABLE, account)
    }

    /// The instance profile's ARN.
    pub fn arn(&self) -> String {
        identity_arn(self.account, "instance-profile", &self.path, &self.profile_name)
    }
}

impl Record for InstanceProfileRecord {
    const TABLE: &'static str = "iam-profile.instance-profile";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.profile_name)
    }
}
