//! What the targets of `fuzz/` reach of this service.

use coffer_model::Region;
use coffer_store::golden::Rewriter;

use super::alias::AliasRecord;
use super::grant::{GrantCountRecord, GrantRecord};
use super::key::KeyRecord;
use super::last_use::LastUseRecord;

/// Its tables.
pub const RECORDS: &[Rewriter] = &[
    Rewriter::of::<AliasRecord>(),
    Rewriter::of::<GrantCountRecord>(),
    Rewriter::of::<GrantRecord>(),
    Rewriter::of::<KeyRecord>(),
    Rewriter::of::<LastUseRecord>(),
];

/// What a ciphertext says of itself: the ARN of its key, and the id of the key's material.
pub fn origin_of(blob: &[u8], region: &Region) -> Option<(String, String)> {
    super::envelope::origin_of(blob, region).map(|origin| (origin.arn, origin.material_id))
}
