//! Rows of every version that a release wrote are read.

use coffer_store::golden;

use super::mfa::MfaFailuresRecord;
use super::web_identity::IssuerKeysRecord;

#[test]
fn every_record_reads_its_golden_rows() {
    let here = env!("CARGO_MANIFEST_DIR");
    golden::check::<IssuerKeysRecord>(here);
    golden::check::<MfaFailuresRecord>(here);
}
