//! Rows of every table, in every version that a release wrote: what is read is the same when it is
//! written and read again.

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
use coffer_services::{
    cloudtrail, coffer, iam, kms, lambda, organizations, secretsmanager, ssm, sts,
};
use coffer_store::golden::Rewriter;

use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "records", bytes_max: 32 * 1024, run };

/// A line with the table's name and the version, and the row's JSON.
fn run(input: &[u8]) {
    let Some((head, json)) = input::head(input) else { return };
    let Some((table, version)) = head.split_once(' ') else { return };
    let Ok(version) = version.parse::<u8>() else { return };
    let Some(rewriter) = tables().find(|it| it.table == table) else { return };
    let row = [&[version][..], json].concat();
    if let Some([first, second]) = (rewriter.rewrite)(&row) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&first), text(&second), "{table}");
    }
}

/// All tables.
pub(crate) fn tables() -> impl Iterator<Item = &'static Rewriter> {
    [
        PIPELINE,
        cloudtrail::fuzzed::RECORDS,
        coffer::fuzzed::RECORDS,
        iam::fuzzed::RECORDS,
        kms::fuzzed::RECORDS,
        lambda::fuzzed::RECORDS,
        organizations::fuzzed::RECORDS,
        secretsmanager::fuzzed::RECORDS,
        ssm::fuzzed::RECORDS,
        sts::fuzzed::RECORDS,
    ]
    .into_iter()
    .flatten()
}

const PIPELINE: &[Rewriter] = &[
    Rewriter::of::<AccessKeyLastUsedRecord>(),
    Rewriter::of::<AccessKeyRecord>(),
    Rewriter::of::<AccountRecord>(),
    Rewriter::of::<AuditRecord>(),
    Rewriter::of::<AuditBatchRecord>(),
    Rewriter::of::<ShippedRecord>(),
    Rewriter::of::<EventRecord>(),
    Rewriter::of::<FirstAccountRecord>(),
    Rewriter::of::<GroupRecord>(),
    Rewriter::of::<InstanceProfileRecord>(),
    Rewriter::of::<JobRecord>(),
    Rewriter::of::<ManagedPolicyRecord>(),
    Rewriter::of::<MfaDeviceRecord>(),
    Rewriter::of::<OidcProviderRecord>(),
    Rewriter::of::<OrganizationPolicyRecord>(),
    Rewriter::of::<OrganizationRecord>(),
    Rewriter::of::<RoleLastUsedRecord>(),
    Rewriter::of::<RoleRecord>(),
    Rewriter::of::<UserRecord>(),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::tables;

    #[test]
    fn every_table_that_has_golden_rows_is_among_the_tables_here() {
        let known: BTreeSet<String> = tables().map(|it| it.table.to_owned()).collect();
        let mut golden = BTreeSet::new();
        for name in ["coffer-pipeline", "coffer-services"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(name);
            for file in fs::read_dir(folder.join("tests/golden")).unwrap() {
                let file = file.unwrap().file_name().into_string().unwrap();
                let (table, _) = file.trim_end_matches(".json").rsplit_once(".v").unwrap();
                golden.insert(table.to_owned());
            }
        }
        assert_eq!(golden, known);
    }
}
