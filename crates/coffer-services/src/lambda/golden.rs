//! Rows that earlier releases wrote are read, and written as they were.

use coffer_store::golden;

use super::code::CodeRecord;
use super::function::{FunctionRecord, VersionRecord};
use super::policy::FunctionPolicyRecord;

#[test]
fn every_record_reads_its_golden_rows() {
    let here = env!("CARGO_MANIFEST_DIR");
    golden::check::<CodeRecord>(here);
    golden::check::<FunctionPolicyRecord>(here);
    golden::check::<FunctionRecord>(here);
    golden::check::<VersionRecord>(here);
}
