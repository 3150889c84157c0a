//! Rows that earlier releases wrote are read, and written as they were.

use coffer_pipeline::audit::{AuditBatchRecord, ShippedRecord};
use coffer_pipeline::identity::organization::{
    AccountRecord, FirstAccountRecord, OrganizationPolicyRecord, OrganizationRecord,
};
use coffer_pipeline::identity::{
    AccessKeyLastUsedRecord, AccessKeyRecord, GroupRecord, InstanceProfileRecord,
    ManagedPolicyRecord, MfaDeviceRecord, OidcProviderRecord, RoleLastUsedRecord, RoleRecord,
    UserRecord,
};
use coffer_pipeline::{AuditRecord, EventRecord, JobRecord};
use coffer_store::golden;

#[test]
fn every_record_reads_its_golden_rows() {
    let here = env!("CARGO_MANIFEST_DIR");
    golden::check::<AccessKeyLastUsedRecord>(here);
    golden::check::<AccessKeyRecord>(here);
    golden::check::<AccountRecord>(here);
    golden::check::<AuditRecord>(here);
    golden::check::<AuditBatchRecord>(here);
    golden::check::<ShippedRecord>(here);
    golden::check::<EventRecord>(here);
    golden::check::<FirstAccountRecord>(here);
    golden::check::<GroupRecord>(here);
    golden::check::<InstanceProfileRecord>(here);
    golden::check::<JobRecord>(here);
    golden::check::<ManagedPolicyRecord>(here);
    golden::check::<MfaDeviceRecord>(here);
    golden::check::<OidcProviderRecord>(here);
    golden::check::<OrganizationPolicyRecord>(here);
    golden::check::<OrganizationRecord>(here);
    golden::check::<RoleLastUsedRecord>(here);
    golden::check::<RoleRecord>(here);
    golden::check::<UserRecord>(here);
}
