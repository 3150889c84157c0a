//! When and for what keys were last used.

use std::time::Duration;

use coffer_model::{AccountId, Region, Timestamp};
use coffer_pipeline::{Call, Scope};
use coffer_protocol::{AwsEnum, Fault};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

use super::key::KeyRecord;

/// The last use of a key that was noted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LastUseRecord {
    pub(super) key_id: String,
    pub(super) account: AccountId,
    pub(super) region: Region,
    /// What for.
    pub(super) operation: KeyLastUsageTrackingOperation,
    /// When.
    pub(super) at: Timestamp,
    /// The request.
    pub(super) request_id: String,
}

/// The operations whose use of a key is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum, Serialize, Deserialize)]
pub(super) enum KeyLastUsageTrackingOperation {
    Decrypt,
    DeriveSharedSecret,
    Encrypt,
    GenerateDataKey,
    GenerateDataKeyPair,
    GenerateDataKeyPairWithoutPlaintext,
    GenerateDataKeyWithoutPlaintext,
    GenerateMac,
    ReEncrypt,
    Sign,
    Verify,
    VerifyMac,
    Encapsulate,
    Decapsulate,
}

impl LastUseRecord {
    /// The row of a key's last use.
    pub(super) fn key_of(scope: &Scope, key_id: &str) -> Key {
        scope.key(Self::TABLE, &[key_id])
    }
}

impl Record for LastUseRecord {
    const TABLE: &'static str = "kms.last-use";

    fn key(&self) -> Key {
        let scope = Scope { account: self.account, region: self.region.clone() };
        Self::key_of(&scope, &self.key_id)
    }
}

/// Notes that a key was used, unless that was noted a moment ago: a note is a write, and a busy
/// key need not have one for each use.
pub(super) async fn note_use(
    call: &mut Call<'_>,
    key: &KeyRecord,
    operation: KeyLastUsageTrackingOperation,
) -> Result<(), Fault> {
    let row = LastUseRecord::key_of(&key.scope(), &key.key_id);
    let noted = call.get::<LastUseRecord>(&row).await?;
    if noted.is_some_and(|last| last.at.plus(RESOLUTION) > call.now()) {
        return Ok(());
    }
    let last = LastUseRecord {
        key_id: key.key_id.clone(),
        account: key.account,
        region: key.region.clone(),
        operation,
        at: call.now(),
        request_id: call.context().request_id.clone(),
    };
    call.touch(last).await
}

const RESOLUTION: Duration = Duration::from_secs(60);
