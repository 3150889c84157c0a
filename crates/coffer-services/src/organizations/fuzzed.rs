//! What the targets of `fuzz/` reach of this service.

use coffer_store::golden::Rewriter;

use super::records::{AccountEmailRecord, CreateAccountRecord, PolicyNameRecord, TagsRecord};

/// Its tables.
pub const RECORDS: &[Rewriter] = &[
    Rewriter::of::<AccountEmailRecord>(),
    Rewriter::of::<CreateAccountRecord>(),
    Rewriter::of::<PolicyNameRecord>(),
    Rewriter::of::<TagsRecord>(),
];
