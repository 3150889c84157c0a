//! The AWS services: one file per operation, one per job.

mod base64_text;
pub mod cloudtrail;
pub mod coffer;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod organizations;
mod page;
pub mod quotas;
pub mod secretsmanager;
pub mod ssm;
pub mod sts;

use coffer_pipeline::Service;
use coffer_pipeline::job::runner::JobEntry;

/// Every service on the port.
pub const SERVICES: &[Service] = &[
    cloudtrail::SERVICE,
    iam::SERVICE,
    kms::SERVICE,
    lambda::SERVICE,
    organizations::SERVICE,
    secretsmanager::SERVICE,
    ssm::SERVICE,
    sts::SERVICE,
    coffer::SERVICE,
];

/// Every kind of job.
pub const JOBS: &[JobEntry] = &[
    JobEntry::of::<coffer::change_root_key::ChangeRootKey>(),
    JobEntry::of_errand::<coffer::make_backup::MakeBackup>(),
    JobEntry::of::<coffer::plan_backup::PlanBackup>(),
    JobEntry::of::<cloudtrail::deliver::DeliverLogFiles>(),
    JobEntry::of::<kms::delete_due_key::DeleteDueKey>(),
    JobEntry::of::<kms::expire_key_material::ExpireKeyMaterial>(),
    JobEntry::of::<kms::rotate_due_key::RotateDueKey>(),
    JobEntry::of::<lambda::ForgetCode>(),
    JobEntry::of_errand::<lambda::InvokeLater>(),
    JobEntry::of::<secretsmanager::end_secret::EndSecret>(),
    JobEntry::of::<secretsmanager::peers::arriving::ForgetEnd>(),
    JobEntry::of_errand::<secretsmanager::peers::deliver_replica::DeliverReplica>(),
    JobEntry::of::<secretsmanager::replicate_secret::ReplicateSecret>(),
    JobEntry::of_errand::<secretsmanager::rotation::CarryOutRotation>(),
    JobEntry::of::<secretsmanager::rotation::PlanRotation>(),
    JobEntry::of::<secretsmanager::rotation::ReattemptRotation>(),
    JobEntry::of::<ssm::policy::schedule::CarryOutParameterPolicies>(),
    JobEntry::of::<ssm::removal::ForgetParameterVersions>(),
    JobEntry::of::<sts::web_identity::FetchIssuerKeys>(),
];
