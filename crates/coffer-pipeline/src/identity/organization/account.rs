//! Accounts as records: what is known of them beside their id.

use std::sync::Mutex;

use coffer_model::{AccountId, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::view::Seen;
use super::{Attached, OrganizationRecord};

/// The account made on first start, whose callers operate the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FirstAccountRecord {
    /// The account.
    pub account: AccountId,
    /// The access key of its root that came with it.
    pub access_key_id: String,
}

impl FirstAccountRecord {
    /// The one row there is.
    pub fn row() -> Key {
        Key::of(Self::TABLE, &["first"])
    }
}

impl Record for FirstAccountRecord {
    const TABLE: &'static str = "iam.first-account";

    fn key(&self) -> Key {
        Self::row()
    }
}

/// An account of an organization. An account that is in none has no such record.
#[derive(Debug, Serialize, Deserialize)]
pub struct AccountRecord {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// The address of whoever answers for it.
    pub email: String,
    /// Whether it may be used.
    pub status: AccountStatus,
    /// When it came into the organization.
    pub joined: Timestamp,
    /// Whether it was made in the organization, or came to it.
    pub was_created: bool,
    /// The organization's id.
    pub organization: String,
    /// The root or unit that it is in.
    pub parent: String,
    /// The policies that are attached to it.
    #[serde(default, skip_serializing_if = "Attached::is_empty")]
    pub attached: Attached,
    #[serde(skip)]
    pub(super) seen: Mutex<Option<Seen>>,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountStatus {
    /// It may.
    Active,
    /// It was closed at this time: nobody calls in its name.
    Closed(Timestamp),
}

impl AccountRecord {
    /// Makes the record of an account that comes into an organization at its root.
    pub fn new(
        organization: &OrganizationRecord,
        account: AccountId,
        name: &str,
        email: &str,
        joined: Timestamp,
    ) -> Self {
        Self {
            account,
            name: name.to_owned(),
            email: email.to_owned(),
            status: AccountStatus::Active,
            joined,
            was_created: account != organization.management_account,
            organization: organization.id.clone(),
            parent: organization.root_id.clone(),
            attached: Attached::new(),
            seen: Mutex::default(),
        }
    }

    /// A copy to be changed and put.
    pub fn copy(&self) -> Self {
        Self {
            account: self.account,
            name: self.name.clone(),
            email: self.email.clone(),
            status: self.status,
            joined: self.joined,
            was_created: self.was_created,
            organization: self.organization.clone(),
            parent: self.parent.clone(),
            attached: self.attached.clone(),
            seen: Mutex::default(),
        }
    }

    /// The row of an account.
    pub fn key_of(account: AccountId) -> Key {
        Key::of(Self::TABLE, &[account.as_str()])
    }

    /// The prefix of the index of an organization's accounts.
    pub fn all_of(organization: &str) -> Vec<u8> {
        Key::of(BY_ORGANIZATION, &[organization]).prefix()
    }

    /// The prefix of the index of the accounts in a root or unit.
    pub fn all_in(parent: &str) -> Vec<u8> {
        Key::of(BY_PARENT, &[parent]).prefix()
    }

    /// Whether nobody may call in its name.
    pub fn is_closed(&self) -> bool {
        matches!(self.status, AccountStatus::Closed(_))
    }
}

impl Record for AccountRecord {
    const TABLE: &'static str = "organizations.account";

    fn key(&self) -> Key {
        Self::key_of(self.account)
    }

    fn indexes(&self) -> Vec<Key> {
        vec![
            Key::of(BY_ORGANIZATION, &[&self.organization, self.account.as_str()]),
            Key::of(BY_PARENT, &[&self.parent, self.account.as_str()]),
        ]
    }
}

const BY_ORGANIZATION: &str = "organizations.account-by-organization";
const BY_PARENT: &str = "organizations.account-by-parent";
