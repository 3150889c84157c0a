//! Rows that earlier releases wrote are read, and written as they were.

use coffer_store::golden;

use super::peers::{ArrivingRecord, DeliveryRecord};
use super::secret::{
    SecretAccessRecord, SecretPolicyRecord, SecretRecord, SecretValueRecord, VersionAccessRecord,
};

#[test]
fn every_record_reads_its_golden_rows() {
    let here = env!("CARGO_MANIFEST_DIR");
    golden::check::<ArrivingRecord>(here);
    golden::check::<DeliveryRecord>(here);
    golden::check::<SecretAccessRecord>(here);
    golden::check::<SecretPolicyRecord>(here);
    golden::check::<SecretRecord>(here);
    golden::check::<SecretValueRecord>(here);
    golden::check::<VersionAccessRecord>(here);
}
