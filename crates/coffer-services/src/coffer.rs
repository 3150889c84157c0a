//! What AWS has no API for: the movable clock, the events that were kept, who can read a secret,
//! issuers' keys, the root key's change, where rotations stand, and accounts with their root access keys.
//!
//! Its operations travel the same road as all others.

mod abort_rotation;
mod account;
mod advance_clock;
pub(crate) mod change_root_key;
mod close_account;
mod create_account;
mod describe_clock;
mod describe_rekey;
mod describe_rotation;
mod errors;
#[cfg(test)]
mod golden;
mod list_accounts;
mod list_events;
mod list_readers;
mod list_rotations;
pub(crate) mod operator;
mod put_issuer_keys;
mod rekey;
mod retry_rotation;
mod root_key_change;
mod rotation_state;

use coffer_pipeline::{Entry, Protocol, Service};

/// coffer's own service on the port.
pub const SERVICE: Service = Service {
    name: "coffer",
    protocol: Protocol::Json { target_prefix: "Coffer_20261123" },
    operations: &[
        Entry::of::<abort_rotation::AbortRotation>(),
        Entry::of::<advance_clock::AdvanceClock>(),
        Entry::of::<close_account::CloseAccount>(),
        Entry::of::<create_account::CreateAccount>(),
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
