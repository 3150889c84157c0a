//! What AWS has no API for: the movable clock, the events that were kept, who can read a secret,
//! issuers' keys, the root key's change, backups, where rotations stand, and accounts with their root
//! access keys.
//!
//! Its operations travel the same road as all others.

mod abort_rotation;
mod account;
mod advance_clock;
pub(crate) mod backup;
pub(crate) mod change_root_key;
mod close_account;
mod create_account;
mod create_backup;
mod describe_backup;
mod describe_clock;
mod describe_rekey;
mod describe_rotation;
mod errors;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
#[cfg(test)]
mod golden;
mod list_accounts;
mod list_events;
mod list_readers;
mod list_rotations;
pub(crate) mod make_backup;
pub(crate) mod operator;
pub(crate) mod plan_backup;
mod progress;
mod put_issuer_keys;
mod rekey;
mod retry_rotation;
mod root_key_change;
mod rotation_state;

use coffer_pipeline::{Entry, Protocol, Service};

pub use self::backup::last_backup;
pub use self::plan_backup::plan_backup;

use crate::quotas;

/// coffer's own service on the port.
pub const SERVICE: Service = Service {
    name: "coffer",
    protocol: Protocol::Json { target_prefix: "Coffer_20261123" },
    throttled: quotas::rate_exceeded,
    operations: &[
        Entry::of::<abort_rotation::AbortRotation>(),
        Entry::of::<advance_clock::AdvanceClock>(),
        Entry::of::<close_account::CloseAccount>(),
        Entry::of::<create_account::CreateAccount>(),
        Entry::of::<create_backup::CreateBackup>(),
        Entry::of::<describe_backup::DescribeBackup>(),
        Entry::of::<describe_clock::DescribeClock>(),
        Entry::of::<describe_rekey::DescribeRekey>(),
        Entry::of::<describe_rotation::DescribeRotation>(),
        Entry::of::<list_accounts::ListAccounts>(),
        Entry::of::<list_events::ListEvents>(),
        Entry::of::<list_readers::ListReaders>(),
        Entry::of::<list_rotations::ListRotations>(),
        Entry::of::<put_issuer_keys::PutIssuerKeys>(),
        Entry::of::<rekey::Rekey>(),
        Entry::of::<retry_rotation::RetryRotation>(),
    ],
};
