//! What the targets of `fuzz/` reach of this service.

use coffer_store::golden::Rewriter;

use super::backup::BackupRecord;
use super::root_key_change::RootKeyChangeRecord;

/// Its tables.
pub const RECORDS: &[Rewriter] =
    &[Rewriter::of::<BackupRecord>(), Rewriter::of::<RootKeyChangeRecord>()];
