//! A secret's resource policy, beside the secret because it may be as large as all the rest.

use coffer_model::{AccountId, Region};
use coffer_pipeline::Scope;
use coffer_pipeline::identity::PolicyDocument;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::SecretRecord;

/// The resource policy of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecretPolicyRecord {
    /// The owning account.
    pub(crate) account: AccountId,
    /// Its region.
    pub(crate) region: Region,
    /// The secret's name.
    pub(crate) name: String,
    /// The end of the secret's ARN.
    pub(crate) suffix: String,
    /// The document, as it was given.
    pub(crate) text: PolicyDocument,
}

impl SecretPolicyRecord {
    /// The policy of a secret.
    pub(crate) fn of(secret: &SecretRecord, text: &PolicyDocument) -> Self {
        Self {
            account: secret.account,
            region: secret.region.clone(),
            name: secret.name.clone(),
            suffix: secret.suffix.clone(),
            text: text.clone(),
        }
    }

    /// The key of a secret's policy.
    pub(crate) fn key_of(secret: &SecretRecord) -> Key {
        secret.scope().key(Self::TABLE, &[&secret.name, &secret.suffix])
    }
}

impl Record for SecretPolicyRecord {
    const TABLE: &'static str = "secretsmanager.policy";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        scope.key(Self::TABLE, &[&self.name, &self.suffix])
    }
}
