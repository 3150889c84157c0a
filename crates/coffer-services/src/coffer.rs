//! What AWS has no API for: the movable clock, the events that were kept, who can
//! read a secret, and issuers' keys.
//!
//! Its operations travel the same road as all others.

mod advance_clock;
mod describe_clock;
mod errors;
mod list_events;
mod list_readers;
mod put_issuer_keys;

use coffer_pipeline::{Entry, Protocol, Service};

/// coffer's own service on the port.
pub const SERVICE: Service = Service {
    name: "coffer",
    protocol: Protocol::Json { target_prefix: "Coffer_20261123" },
    operations: &[
        Entry::of::<advance_clock::AdvanceClock>(),
        Entry::of::<describe_clock::DescribeClock>(),
        Entry::of::<list_events::ListEvents>(),
        Entry::of::<list_readers::ListReaders>(),
        Entry::of::<put_issuer_keys::PutIssuerKeys>(),
    ],
};
