//! Bytes and revisions: the Store trait, its engines, and typed tables above it.

#[cfg(feature = "conformance")]
pub mod conformance;
mod copy;
mod embedded;
mod etcd;
#[cfg(feature = "conformance")]
pub mod golden;
mod key;
mod migrate;
mod postgres;
mod remote;
mod restore;
mod sim;
mod store;
mod tables;

pub use embedded::{
    Beside, DirectoryLock, Embedded, EmbeddedOptions, OpenCause, OpenError, is_store_file,
};
#[cfg(feature = "fuzzed")]
pub use etcd::fuzzed as etcd_fuzzed;
pub use etcd::{Etcd, EtcdAddress};
pub use key::{Key, KeyBuilder};
pub use migrate::{MigrateError, Migrated, migrate};
pub use postgres::{Postgres, PostgresAddress};
pub use remote::Reads;
pub use restore::{RestoreSource, restore};
pub use sim::{Faults, Sim};
pub use store::{
    BATCH_BYTES_MAX, BATCH_ROWS_MAX, Batch, CommitError, Direction, Excess, KEY_BYTES_MAX,
    Observer, READ_KEYS_MAX, Revision, Row, SCAN_ROWS_MAX, Scan, Snapshot, Store, StoreError,
    VALUE_BYTES_MAX,
};
pub use tables::{
    CacheCounts, CacheLimits, CipherError, DecodeError, Found, Record, RowCipher, Staged,
    TableError, Tables, Transaction, Versioned,
};
