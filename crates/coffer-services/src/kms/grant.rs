//! Grants: permissions on one key for one principal, beside all policies.

mod decision;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use coffer_model::{AccountId, Region, Timestamp};
use coffer_pipeline::{Call, Scope};
use coffer_protocol::Fault;
use coffer_store::{Direction, Key, Record};
use serde::{Deserialize, Serialize};

use super::errors::KmsError;
use super::key::KeyRecord;

pub(super) use decision::{caller_has, granting, is_granted};
pub(super) use wire::{GrantConstraints, GrantListEntry, GrantOperation};

/// A permission on one key for one principal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GrantRecord {
    /// Its id: 64 hexadecimal digits.
    pub(super) grant_id: String,
    /// The key.
    pub(super) key_id: String,
    /// The key's account.
    pub(super) account: AccountId,
    /// The key's region.
    pub(super) region: Region,
    /// What its maker calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// Who may use the key.
    pub(super) grantee: Principal,
    /// The unique id of the user or role that it was made for: who is made anew under the name is
    /// somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) grantee_id: Option<String>,
    /// Who may end the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retiring: Option<Principal>,
    /// The account that made it.
    pub(super) issuing_account: AccountId,
    /// What the key may be used for.
    pub(super) operations: BTreeSet<GrantOperation>,
    /// Under which conditions.
    #[serde(default, skip_serializing_if = "Constraints::is_empty")]
    pub(super) constraints: Constraints,
    /// When it was made.
    pub(super) created: Timestamp,
}

/// Somebody that a grant names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Principal {
    /// An account, user, role or session, by its ARN.
    Arn(String),
    /// A service.
    Service(String),
}

/// The conditions of a grant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Constraints {
    /// The encryption context has at least these pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) context_subset: Option<BTreeMap<String, String>>,
    /// The encryption context has these pairs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) context_equals: Option<BTreeMap<String, String>>,
    /// The request is made on behalf of this resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source_arn: Option<String>,
}

/// How many grants a key has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GrantCountRecord {
    key_id: String,
    account: AccountId,
    region: Region,
    count: u32,
}

impl Principal {
    /// The ARN, or the service's name.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Arn(text) | Self::Service(text) => text,
        }
    }
}

impl Constraints {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl GrantRecord {
    /// The row of a grant.
    pub(super) fn key_of(scope: &Scope, key_id: &str, grant_id: &str) -> Key {
        scope.key(Self::TABLE, &[key_id, grant_id])
    }

    /// The prefix of all grants of a key, in the order of their ids.
    pub(super) fn all_of(key: &KeyRecord) -> Vec<u8> {
        key.scope().key(Self::TABLE, &[&key.key_id]).prefix()
    }

    /// The prefix of the index rows of a principal's grants on a key.
    pub(super) fn all_for(key: &KeyRecord, grantee: &str) -> Vec<u8> {
        key.scope().key(INDEX_BY_GRANTEE, &[&key.key_id, grantee]).prefix()
    }

    /// The prefix of the index rows of all grants in a region that a principal may retire.
    pub(super) fn all_retirable_by(region: &Region, retiring: &str) -> Vec<u8> {
        Key::of(INDEX_BY_RETIRING, &[region.as_str(), retiring]).prefix()
    }

    /// The scope of its key.
    pub(super) fn scope(&self) -> Scope {
        Scope { account: self.account, region: self.region.clone() }
    }
}

impl Record for GrantRecord {
    const TABLE: &'static str = "kms.grant";

    fn key(&self) -> Key {
        Self::key_of(&self.scope(), &self.key_id, &self.grant_id)
    }

    fn indexes(&self) -> Vec<Key> {
        let grantee = [self.key_id.as_str(), self.grantee.as_str(), self.grant_id.as_str()];
        let mut keys = vec![self.scope().key(INDEX_BY_GRANTEE, &grantee)];
        if let Some(retiring) = &self.retiring {
            let parts = [
                self.region.as_str(),
                retiring.as_str(),
                self.account.as_str(),
                &self.key_id,
                &self.grant_id,
            ];
            keys.push(Key::of(INDEX_BY_RETIRING, &parts));
        }
        keys
    }
}

impl GrantCountRecord {
    fn key_of(scope: &Scope, key_id: &str) -> Key {
        scope.key(Self::TABLE, &[key_id])
    }
}

impl Record for GrantCountRecord {
    const TABLE: &'static str = "kms.grant-count";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        Self::key_of(&scope, &self.key_id)
    }
}

/// Whether a key has any grant: a look that costs little, before one that costs more.
async fn has_grants(call: &mut Call<'_>, key: &KeyRecord) -> Result<bool, Fault> {
    let row = GrantCountRecord::key_of(&key.scope(), &key.key_id);
    Ok(call.get::<GrantCountRecord>(&row).await?.is_some_and(|record| record.count > 0))
}

/// Stages a grant that is new.
///
/// # Errors
/// `LimitExceededException` for a key that has as many as it may.
pub(super) async fn add(call: &mut Call<'_>, grant: GrantRecord) -> Result<(), Fault> {
    let row = GrantCountRecord::key_of(&grant.scope(), &grant.key_id);
    let count = call.get::<GrantCountRecord>(&row).await?.map_or(0, |record| record.count);
    if count >= GRANTS_OF_KEY_MAX {
        let message = format!("Key {} has {GRANTS_OF_KEY_MAX} grants already", grant.key_id);
        return Err(KmsError::LimitExceededException.with(message));
    }
    put_count(call, &grant, count + 1).await?;
    call.put(grant).await
}

/// Stages the end of a grant.
pub(super) async fn remove(call: &mut Call<'_>, grant: &GrantRecord) -> Result<(), Fault> {
    let row = GrantCountRecord::key_of(&grant.scope(), &grant.key_id);
    let count = call.get::<GrantCountRecord>(&row).await?.map_or(0, |record| record.count);
    put_count(call, grant, count.saturating_sub(1)).await?;
    call.delete::<GrantRecord>(&grant.key()).await
}

/// Stages the end of as many grants of a key as fit one commit; says whether that was all.
pub(super) async fn remove_all(call: &mut Call<'_>, key: &KeyRecord) -> Result<bool, Fault> {
    let prefix = GrantRecord::all_of(key);
    let rows = call.scan::<GrantRecord>(&prefix, None, AT_ONCE_MAX, Direction::Ascending).await?;
    for (row, _) in &rows {
        call.delete::<GrantRecord>(row).await?;
    }
    let is_all = rows.len() < AT_ONCE_MAX;
    if is_all {
        let count = GrantCountRecord::key_of(&key.scope(), &key.key_id);
        call.delete::<GrantCountRecord>(&count).await?;
    }
    Ok(is_all)
}

async fn put_count(call: &mut Call<'_>, grant: &GrantRecord, count: u32) -> Result<(), Fault> {
    call.put(GrantCountRecord {
        key_id: grant.key_id.clone(),
        account: grant.account,
        region: grant.region.clone(),
        count,
    })
    .await
}

/// The grant of an id that a key has.
///
/// # Errors
/// `InvalidGrantIdException` for what is no id, `NotFoundException` for a grant that is not there.
pub(super) async fn find_grant(
    call: &mut Call<'_>,
    key: &KeyRecord,
    grant_id: &str,
) -> Result<std::sync::Arc<GrantRecord>, Fault> {
    let is_id = grant_id.len() == GRANT_ID_CHARS
        && grant_id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_id {
        return Err(KmsError::InvalidGrantIdException.with(format!("Invalid grant ID {grant_id}")));
    }
    let row = GrantRecord::key_of(&key.scope(), &key.key_id, grant_id);
    call.get::<GrantRecord>(&row).await?.ok_or_else(|| {
        let message = format!("Grant {grant_id} for key {} does not exist", key.arn());
        KmsError::NotFoundException.with(message)
    })
}

/// AWS: a quota of each key (developer guide, resource quotas).
const GRANTS_OF_KEY_MAX: u32 = 50_000;
const GRANT_ID_CHARS: usize = 64;
/// Grants that end in one commit: each is three rows of it.
const AT_ONCE_MAX: usize = 250;
const INDEX_BY_GRANTEE: &str = "kms.grant-by-grantee";
const INDEX_BY_RETIRING: &str = "kms.grant-by-retiring";
