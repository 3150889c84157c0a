//! Rows that earlier releases wrote are read, and written as they were.

use coffer_store::golden;

use super::account::{AccountAliasRecord, AccountRecord};

#[test]
fn every_record_reads_its_golden_rows() {
    let here = env!("CARGO_MANIFEST_DIR");
    golden::check::<AccountAliasRecord>(here);
    golden::check::<AccountRecord>(here);
}
