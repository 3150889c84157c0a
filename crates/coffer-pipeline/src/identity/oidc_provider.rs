//! OpenID Connect providers: whose tokens roles may trust.

use std::collections::{BTreeMap, BTreeSet};

use coffer_model::{AccountId, Timestamp};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

/// An OpenID Connect provider of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcProviderRecord {
    /// The owning account.
    pub account: AccountId,
    /// The issuer's URL without its scheme, as the provider's ARN has it.
    pub url: String,
    /// The audiences that tokens may have.
    pub client_ids: BTreeSet<String>,
    /// The thumbprints of the issuer's certificate authorities, as they were given.
    pub thumbprints: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl OidcProviderRecord {
    /// The row of a provider, by its URL without the scheme.
    pub fn key_of(account: AccountId, url: &str) -> Key {
        Key::of(Self::TABLE, &[account.as_str(), url])
    }

    /// The prefix of all providers of an account.
    pub fn all_of(account: AccountId) -> Vec<u8> {
        Key::of(Self::TABLE, &[account.as_str()]).prefix()
    }

    /// The provider's ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{}:oidc-provider/{}", self.account, self.url)
    }
}

impl Record for OidcProviderRecord {
    const TABLE: &'static str = "iam.oidc-provider";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.url)
    }
}
