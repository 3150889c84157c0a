//! Bytes and revisions: the Store trait, its engines, and typed tables above it.

#[cfg(feature = "conformance")]
pub mod conformance;
mod embedded;
#[cfg(feature = "conformance")]
pub mod golden;
mod key;
mod sim;
mod store;
mod tables;

pub use embedded::{Beside, Embedded, EmbeddedOptions, OpenCause, OpenError};
pub use key::{Key, KeyBuilder};
pub use sim::{Faults, Sim};
pub use store::{
    BATCH_BYTES_MAX, BATCH_ROWS_MAX, Batch, CommitError, Direction, Excess, KEY_BYTES_MAX,
    Observer, READ_KEYS_MAX, Revision, Row, SCAN_ROWS_MAX, Scan, Store, StoreError,
    VALUE_BYTES_MAX,
};
pub use tables::{
    CacheLimits, CipherError, DecodeError, Found, Record, RowCipher, Staged, TableError, Tables,
    Transaction, Versioned,
};
