//! Rows that earlier releases wrote are read, and written as they were.

use coffer_store::golden;

use super::alias::AliasRecord;
use super::grant::{GrantCountRecord, GrantRecord};
use super::key::KeyRecord;
use super::last_use::LastUseRecord;

#[test]
fn every_record_reads_its_golden_rows() {
    let here = env!("CARGO_MANIFEST_DIR");
    golden::check::<AliasRecord>(here);
    golden::check::<GrantCountRecord>(here);
    golden::check::<GrantRecord>(here);
    golden::check::<KeyRecord>(here);
    golden::check::<LastUseRecord>(here);
}
