//! Virtual MFA devices: time-based one-time passwords.

use std::collections::BTreeMap;

use coffer_model::{AccountId, Sensitive, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::secret_text;

/// A virtual MFA device, assigned to a user or not yet.
#[derive(Clone, Serialize, Deserialize)]
pub struct MfaDeviceRecord {
    /// The owning account.
    pub account: AccountId,
    /// The path, which begins and ends with `/`.
    pub path: String,
    /// The device's name.
    pub device_name: String,
    /// The seed that codes are derived from, in base32.
    #[serde(with = "secret_text")]
    pub seed: Sensitive<String>,
    /// The lower-case name of its user; nothing for one that is not enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Since when it is its user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<Timestamp>,
    /// The time step of the last code that was taken: no code is taken twice.
    #[serde(default)]
    pub last_step: u64,
    /// How many time steps the device's clock goes before ours; negative for one that goes after.
    #[serde(default, skip_serializing_if = "is_exact")]
    pub drift: i64,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl MfaDeviceRecord {
    /// The row of a device.
    pub fn key_of(account: AccountId, arn: &str) -> Key {
        Key::of(Self::TABLE, &[account.as_str(), arn])
    }

    /// The prefix of all devices of an account.
    pub fn all_of(account: AccountId) -> Vec<u8> {
        Key::of(Self::TABLE, &[account.as_str()]).prefix()
    }

    /// The device's ARN, which is its serial number.
    pub fn arn(&self) -> String {
        super::identity_arn(self.account, "mfa", &self.path, &self.device_name)
    }
}

fn is_exact(drift: &i64) -> bool {
    *drift == 0
}

impl Record for MfaDeviceRecord {
    const TABLE: &'static str = "iam-mfa.device";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.arn())
    }
}
