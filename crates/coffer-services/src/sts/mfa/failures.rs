//! Wrong codes for an MFA device: there are a million codes, and only so many are let be tried.

use std::time::Duration;

use coffer_model::{AccountId, Timestamp};
use coffer_pipeline::Call;
use coffer_protocol::Fault;
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

/// The wrong codes that were lately given for a device; a row of its own, noted in passing, since
/// the calls that give them are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sts) struct MfaFailuresRecord {
    account: AccountId,
    serial_number: String,
    count: u32,
    last: Timestamp,
}

impl MfaFailuresRecord {
    fn key_of(account: AccountId, serial_number: &str) -> Key {
        Key::of(Self::TABLE, &[account.as_str(), serial_number])
    }

    /// Whether no code is tried now, not even a right one.
    fn is_closed(&self, now: Timestamp) -> bool {
        self.count >= FAILURES_MAX && now.since(self.last) < PAUSE
    }
}

impl Record for MfaFailuresRecord {
    const TABLE: &'static str = "iam-mfa.failures";

    fn key(&self) -> Key {
        Self::key_of(self.account, &self.serial_number)
    }
}

/// Whether a code for a device is tried now.
pub(super) async fn may_try(call: &mut Call<'_>, serial_number: &str) -> Result<bool, Fault> {
    let found = lately(call, serial_number).await?;
    Ok(!found.is_some_and(|found| found.is_closed(call.now())))
}

/// Notes a wrong code.
pub(super) async fn note(call: &mut Call<'_>, serial_number: &str) -> Result<(), Fault> {
    let count = lately(call, serial_number).await?.map_or(0, |found| found.count);
    let record = MfaFailuresRecord {
        account: call.account(),
        serial_number: serial_number.to_owned(),
        count: count.saturating_add(1),
        last: call.now(),
    };
    call.touch(record).await
}

/// The wrong codes since the last pause.
async fn lately(
    call: &mut Call<'_>,
    serial_number: &str,
) -> Result<Option<MfaFailuresRecord>, Fault> {
    let key = MfaFailuresRecord::key_of(call.account(), serial_number);
    let found = call.get::<MfaFailuresRecord>(&key).await?;
    let is_recent = |found: &MfaFailuresRecord| call.now().since(found.last) < PAUSE;
    Ok(found.filter(|found| is_recent(found)).map(|found| MfaFailuresRecord::clone(&found)))
}

/// Wrong codes one after the other, before none is tried for a while.
const FAILURES_MAX: u32 = 5;
const PAUSE: Duration = Duration::from_secs(60);
