//! The AWS services: one file per operation, one per job.

mod base64_text;
pub mod cloudtrail;
pub mod coffer;
pub mod iam;
pub mod kms;
pub mod organizations;
mod page;
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
    organizations::SERVICE,
    secretsmanager::SERVICE,
    ssm::SERVICE,
    sts::SERVICE,
    coffer::SERVICE,
];

/// Every kind of job.
pub const JOBS: &[JobEntry] = &[
    JobEntry::of::<coffer::change_root_key::ChangeRootKey>(),
    JobEntry::of::<cloudtrail::deliver::DeliverLogFiles>(),
    JobEntry::of::<kms::delete_due_key::DeleteDueKey>(),
    JobEntry::of::<kms::expire_key_material::ExpireKeyMaterial>(),
    JobEntry::of::<kms::rotate_due_key::RotateDueKey>(),
    JobEntry::of::<secretsmanager::end_secret::EndSecret>(),
    JobEntry::of::<secretsmanager::replicate_secret::ReplicateSecret>(),
    JobEntry::of_errand::<secretsmanager::rotation::CarryOutRotation>(),
    JobEntry::of::<secretsmanager::rotation::PlanRotation>(),
    JobEntry::of::<secretsmanager::rotation::ReattemptRotation>(),
    JobEntry::of::<ssm::policy::schedule::CarryOutParameterPolicies>(),
    JobEntry::of::<ssm::removal::ForgetParameterVersions>(),
    JobEntry::of::<sts::web_identity::FetchIssuerKeys>(),
];
