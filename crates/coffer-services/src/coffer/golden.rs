//! Rows that earlier releases wrote are read, and written as they were.

use coffer_store::golden;

use super::backup::BackupRecord;
use super::root_key_change::RootKeyChangeRecord;

#[test]
fn every_record_reads_its_golden_rows() {
    let here = env!("CARGO_MANIFEST_DIR");
    golden::check::<BackupRecord>(here);
    golden::check::<RootKeyChangeRecord>(here);
}
