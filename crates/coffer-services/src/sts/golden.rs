//! Rows of every version that a release wrote are read.

use coffer_store::golden;

use super::web_identity::IssuerKeysRecord;

#[test]
fn every_record_reads_its_golden_rows() {
    golden::check::<IssuerKeysRecord>(env!("CARGO_MANIFEST_DIR"));
}
