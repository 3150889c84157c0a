//! What the targets of `fuzz/` reach of this service.

use coffer_store::golden::Rewriter;

use super::deliver::DeliveryRecord;
use super::signing_key::SigningKeyRecord;
use super::trail::TrailRecord;

/// Its tables.
pub const RECORDS: &[Rewriter] = &[
    Rewriter::of::<DeliveryRecord>(),
    Rewriter::of::<SigningKeyRecord>(),
    Rewriter::of::<TrailRecord>(),
];

/// The token of the place that a token names.
pub fn token_again(token: &str) -> Option<String> {
    super::lookup_events::token_again(token)
}

/// Whether words of a caller mean a resource of this name.
pub fn is_meant(words: &str, name: &str, source: &str) -> bool {
    super::resource_name::is_meant(words, name, source)
}
