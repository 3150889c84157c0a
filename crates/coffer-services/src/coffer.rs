//! What AWS has no API for: the movable clock, the events that were kept, who can read a secret,
//! issuers' keys, the root key's change, and accounts with their root access keys.
//!
//! Its operations travel the same road as all others.

mod account;
mod advance_clock;
pub(crate) mod change_root_key;
mod close_account;
mod create_account;
mod describe_clock;
mod describe_rekey;
mod errors;
#[cfg(test)]
mod golden;
mod list_accounts;
mod list_events;
mod list_readers;
pub(crate) mod operator;
mod put_issuer_keys;
mod rekey;
mod root_key_change;

use coffer_pipeline::{Entry, Protocol, Service};

/// coffer's own service on the port.
pub const SERVICE: Service = Service {
    name: "coffer",
    protocol: Protocol::Json { target_prefix: "Coffer_20261123" },
    operations: &[
        Entry::of::<advance_clock::AdvanceClock>(),
        Entry::of::<close_account::CloseAccount>(),
        Entry::of::<create_account::CreateAccount>(),
        Entry::of::<describe_clock::DescribeClock>(),
        Entry::of::<describe_rekey::DescribeRekey>(),
        Entry::of::<list_accounts::ListAccounts>(),
        Entry::of::<list_events::ListEvents>(),
        Entry::of::<list_readers::ListReaders>(),
        Entry::of::<put_issuer_keys::PutIssuerKeys>(),
        Entry::of::<rekey::Rekey>(),
    ],
};
