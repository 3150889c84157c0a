//! What the targets of `fuzz/` reach of this service.

use coffer_store::golden::Rewriter;

use super::mfa::MfaFailuresRecord;
use super::web_identity::IssuerKeysRecord;

/// Its tables.
pub const RECORDS: &[Rewriter] =
    &[Rewriter::of::<MfaFailuresRecord>(), Rewriter::of::<IssuerKeysRecord>()];

/// How much a token of an OIDC provider claims, all its readers having read it; nothing for what is
/// no token.
pub fn claims_of(text: &str) -> Option<usize> {
    super::web_identity::claims_read(text)
}
