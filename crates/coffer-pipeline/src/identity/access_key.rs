//! Access keys: whose signature is whose.

use coffer_model::{AccountId, Region, Sensitive, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::secret_text;
use crate::world::World;

/// An access key of an account's root or of a user.
#[derive(Serialize, Deserialize)]
pub struct AccessKeyRecord {
    /// The public id, such as `AKIA…`.
    pub access_key_id: String,
    /// The account that this key belongs to.
    pub account: AccountId,
    #[serde(with = "secret_text")]
    secret_access_key: Sensitive<String>,
    /// Whose key it is.
    #[serde(default, skip_serializing_if = "AccessKeyOwner::is_root")]
    pub owner: AccessKeyOwner,
    /// Whether it may be used.
    #[serde(default, skip_serializing_if = "AccessKeyStatus::is_active")]
    pub status: AccessKeyStatus,
    /// When it was made; nothing for the keys that come with accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
}

/// Whom an access key belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessKeyOwner {
    /// The root of the account.
    #[default]
    Root,
    /// A user, by name and unique id.
    User {
        /// The user's name, in lower case.
        user: String,
        /// The user's unique id.
        user_id: String,
    },
}

/// Whether an access key may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessKeyStatus {
    /// It may.
    #[default]
    Active,
    /// Its signatures are refused.
    Inactive,
}

/// When and where an access key was last used; a row of its own, noted in passing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKeyLastUsedRecord {
    /// The access key.
    pub access_key_id: String,
    /// When.
    pub used: Timestamp,
    /// In which region.
    pub region: Region,
    /// By which service.
    pub service: String,
}

impl AccessKeyOwner {
    fn is_root(&self) -> bool {
        *self == Self::Root
    }
}

impl AccessKeyStatus {
    /// Whether the key may be used.
    pub fn is_active(&self) -> bool {
        *self == Self::Active
    }
}

impl AccessKeyRecord {
    /// Makes the record of a root access key.
    pub fn new(access_key_id: &str, account: AccountId, secret: Sensitive<String>) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            account,
            secret_access_key: secret,
            owner: AccessKeyOwner::Root,
            status: AccessKeyStatus::Active,
            created: None,
        }
    }

    /// Makes the record of a user's access key.
    pub fn of_user(
        access_key_id: &str,
        user: &super::UserRecord,
        secret: Sensitive<String>,
        created: Timestamp,
    ) -> Self {
        Self {
            owner: AccessKeyOwner::User {
                user: user.user_name.to_ascii_lowercase(),
                user_id: user.user_id.clone(),
            },
            created: Some(created),
            ..Self::new(access_key_id, user.account, secret)
        }
    }

    /// The same key of a user that was renamed.
    #[must_use]
    pub fn with_owner(&self, user: &super::UserRecord) -> Self {
        let secret = self.secret_access_key.clone();
        let created = self.created.unwrap_or(user.created);
        Self { status: self.status, ..Self::of_user(&self.access_key_id, user, secret, created) }
    }

    /// The same key in another status.
    #[must_use]
    pub fn with_status(&self, status: AccessKeyStatus) -> Self {
        Self {
            access_key_id: self.access_key_id.clone(),
            account: self.account,
            secret_access_key: self.secret_access_key.clone(),
            owner: self.owner.clone(),
            status,
            created: self.created,
        }
    }

    /// The secret that signatures are checked with.
    pub fn secret(&self) -> &Sensitive<String> {
        &self.secret_access_key
    }

    /// The row of an access key.
    pub fn key_of(access_key_id: &str) -> Key {
        Key::of(Self::TABLE, &[access_key_id])
    }
}

impl Record for AccessKeyRecord {
    const TABLE: &'static str = "iam.access-key";

    fn key(&self) -> Key {
        Self::key_of(&self.access_key_id)
    }
}

impl AccessKeyLastUsedRecord {
    /// The row of an access key.
    pub fn key_of(access_key_id: &str) -> Key {
        Key::of(Self::TABLE, &[access_key_id])
    }
}

impl Record for AccessKeyLastUsedRecord {
    const TABLE: &'static str = "iam-used.access-key";

    fn key(&self) -> Key {
        Self::key_of(&self.access_key_id)
    }
}

/// The access key that `coffer dev` accepts for any account, as LocalStack's users expect: the
/// account id itself, or `test` for account 000000000000; the secret is `test`.
pub fn dev_access_key(world: &World, access_key_id: &str) -> Option<AccessKeyRecord> {
    if !world.dev {
        return None;
    }
    let account = match access_key_id {
        DEV_ACCESS_KEY_ID => AccountId::dev(),
        digits => digits.parse().ok()?,
    };
    Some(AccessKeyRecord::new(access_key_id, account, DEV_SECRET.to_owned().into()))
}

/// The access key of `coffer dev`.
pub const DEV_ACCESS_KEY_ID: &str = "test";
/// The secret of every access key of `coffer dev`.
pub const DEV_SECRET: &str = "test";
