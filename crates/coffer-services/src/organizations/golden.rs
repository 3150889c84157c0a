//! Rows that earlier releases wrote are read, and written as they were.

use coffer_store::golden;

use super::records::{AccountEmailRecord, CreateAccountRecord, PolicyNameRecord, TagsRecord};

#[test]
fn every_record_reads_its_golden_rows() {
    let here = env!("CARGO_MANIFEST_DIR");
    golden::check::<AccountEmailRecord>(here);
    golden::check::<CreateAccountRecord>(here);
    golden::check::<PolicyNameRecord>(here);
    golden::check::<TagsRecord>(here);
}
