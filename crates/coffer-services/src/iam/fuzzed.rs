//! What the targets of `fuzz/` reach of this service.

use coffer_store::golden::Rewriter;

use super::account::{AccountAliasRecord, AccountRecord};

/// Its tables.
pub const RECORDS: &[Rewriter] =
    &[Rewriter::of::<AccountAliasRecord>(), Rewriter::of::<AccountRecord>()];
