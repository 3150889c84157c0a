//! Records that the service alone reads: what makes names unique, tags, and the outcome of making
//! accounts.

use std::collections::BTreeMap;

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::identity::organization::{
    AccountRecord, OrganizationPolicyRecord, PolicyKind,
};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

/// Which account of an organization has an address: each has one of its own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AccountEmailRecord {
    organization: String,
    email: String,
    account: AccountId,
}

impl AccountEmailRecord {
    /// Notes the address of an account.
    pub(super) fn new(account: &AccountRecord) -> Self {
        Self {
            organization: account.organization.clone(),
            email: account.email.to_lowercase(),
            account: account.account,
        }
    }

    /// The row of an address.
    pub(super) fn key_of(organization: &str, email: &str) -> Key {
        Key::of(Self::TABLE, &[organization, &email.to_lowercase()])
    }
}

impl Record for AccountEmailRecord {
    const TABLE: &'static str = "organizations.account-email";

    fn key(&self) -> Key {
        Self::key_of(&self.organization, &self.email)
    }
}

/// Which policy of an organization has a name: of one type, each has one of its own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PolicyNameRecord {
    organization: String,
    kind: PolicyKind,
    name: String,
    policy: String,
}

impl PolicyNameRecord {
    /// Notes the name of a policy.
    pub(super) fn new(policy: &OrganizationPolicyRecord) -> Self {
        Self {
            organization: policy.organization.clone(),
            kind: policy.kind,
            name: policy.name.clone(),
            policy: policy.id.clone(),
        }
    }

    /// The row of a name.
    pub(super) fn key_of(organization: &str, kind: PolicyKind, name: &str) -> Key {
        Key::of(Self::TABLE, &[organization, kind.managed_id(), name])
    }
}

impl Record for PolicyNameRecord {
    const TABLE: &'static str = "organizations.policy-name";

    fn key(&self) -> Key {
        Self::key_of(&self.organization, self.kind, &self.name)
    }
}

/// The tags of a root, a unit, an account or a policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TagsRecord {
    /// The organization's id.
    pub(super) organization: String,
    /// The id of what has the tags.
    pub(super) resource: String,
    /// The tags.
    pub(super) tags: BTreeMap<String, String>,
}

impl TagsRecord {
    /// The row of a resource's tags.
    pub(super) fn key_of(organization: &str, resource: &str) -> Key {
        Key::of(Self::TABLE, &[organization, resource])
    }
}

impl Record for TagsRecord {
    const TABLE: &'static str = "organizations.tags";

    fn key(&self) -> Key {
        Self::key_of(&self.organization, &self.resource)
    }
}

/// How the making of an account came out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CreateAccountRecord {
    /// The organization's id.
    pub(super) organization: String,
    /// The id of the request, `car-…`.
    pub(super) id: String,
    /// The account's name.
    pub(super) account_name: String,
    /// When it was asked for, and done.
    pub(super) requested: Timestamp,
    /// The account, if it was made; it was not where another one has its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<AccountId>,
}

impl CreateAccountRecord {
    /// The row of a request.
    pub(super) fn key_of(organization: &str, id: &str) -> Key {
        Key::of(Self::TABLE, &[organization, id])
    }

    /// The prefix of all requests of an organization.
    pub(super) fn all_of(organization: &str) -> Vec<u8> {
        Key::of(Self::TABLE, &[organization]).prefix()
    }
}

impl Record for CreateAccountRecord {
    const TABLE: &'static str = "organizations.create-account";

    fn key(&self) -> Key {
        Self::key_of(&self.organization, &self.id)
    }
}
