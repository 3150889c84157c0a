//! Rows that earlier releases wrote are read, and written as they were.

use coffer_store::golden;

use super::deliver::DeliveryRecord;
use super::signing_key::SigningKeyRecord;
use super::trail::TrailRecord;

#[test]
fn every_record_reads_its_golden_rows() {
    let here = env!("CARGO_MANIFEST_DIR");
    golden::check::<DeliveryRecord>(here);
    golden::check::<SigningKeyRecord>(here);
    golden::check::<TrailRecord>(here);
}
