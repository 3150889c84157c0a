//! The structures of requests that several operations share, with AWS's constraints.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_protocol::{AwsEnum, Input, Output};

/// The code of a function to be made.
#[derive(Input, Debug)]
pub(super) struct FunctionCode {
    pub(super) zip_file: Option<Sensitive<Vec<u8>>>,
    #[shape(min = 3, max = 63, pattern = r"[0-9A-Za-z\.\-_]*(?<!\.)", check = super::code::is_bucket)]
    pub(super) s3_bucket: Option<String>,
    #[shape(min = 1, max = 1024, pattern = r".*")]
    pub(super) s3_key: Option<String>,
    #[shape(min = 1, max = 1024, pattern = r".*")]
    pub(super) s3_object_version: Option<String>,
    pub(super) s3_object_storage_mode: Option<S3ObjectStorageMode>,
    pub(super) image_uri: Option<String>,
    #[shape(
        wire = "SourceKMSKeyArn",
        max = 10000,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"
    )]
    pub(super) source_kms_key_arn: Option<String>,
}

/// A network of a virtual private cloud.
#[derive(Input, Debug)]
pub(super) struct VpcConfig {
    #[shape(max = 16, member(max = 1024, pattern = r"subnet-[0-9a-z]*"))]
    pub(super) subnet_ids: Option<Vec<String>>,
    #[shape(max = 5, member(max = 1024, pattern = r"sg-[0-9a-zA-Z]*"))]
    pub(super) security_group_ids: Option<Vec<String>>,
    pub(super) ipv6_allowed_for_dual_stack: Option<bool>,
}

/// The environment of a function.
#[derive(Input, Debug)]
pub(super) struct Environment {
    #[shape(sensitive, key(pattern = r"[a-zA-Z]([a-zA-Z0-9_])+", sensitive))]
    pub(super) variables: Option<BTreeMap<String, Sensitive<String>>>,
}

/// Whether calls are traced.
#[derive(Input, Debug)]
pub(super) struct TracingConfig {
    pub(super) mode: Option<TracingMode>,
}

/// Whether snapshots are taken of published versions.
#[derive(Input, Debug)]
pub(super) struct SnapStart {
    pub(super) apply_on: Option<SnapStartApplyOn>,
}

/// Where events go that could not be handled.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct DeadLetterConfig {
    #[shape(max = 10000, pattern = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()")]
    pub(super) target_arn: Option<String>,
}

/// A file system that is mounted.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct FileSystemConfig {
    #[shape(
        required,
        max = 256,
        pattern = r"arn:aws[a-zA-Z-]*:elasticfilesystem:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:access-point/fsap-[a-f0-9]{17}$|^arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40}"
    )]
    pub(super) arn: String,
    #[shape(required, max = 160, pattern = r"/mnt/[a-zA-Z0-9-_.]+")]
    pub(super) local_mount_path: String,
    pub(super) s3_files_config: Option<S3FilesConfig>,
}

/// How a file system on S3 is read.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct S3FilesConfig {
    pub(super) direct_s3_read: Option<DirectS3Read>,
}

/// What a container image is started with.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct ImageConfig {
    #[shape(max = 1500)]
    pub(super) entry_point: Option<Vec<String>>,
    #[shape(max = 1500)]
    pub(super) command: Option<Vec<String>>,
    #[shape(max = 1000)]
    pub(super) working_directory: Option<String>,
}

/// The size of the scratch folder.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct EphemeralStorage {
    #[shape(required, min = 512, max = 32768)]
    pub(super) size: i32,
}

/// How logs are written.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct LoggingConfig {
    pub(super) log_format: Option<LogFormat>,
    pub(super) application_log_level: Option<ApplicationLogLevel>,
    pub(super) system_log_level: Option<SystemLogLevel>,
    #[shape(min = 1, max = 512, pattern = r"[\.\-_/#A-Za-z0-9]+")]
    pub(super) log_group: Option<String>,
}

/// Whether tenants are kept apart.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct TenancyConfig {
    #[shape(required)]
    pub(super) tenant_isolation_mode: TenantIsolationMode,
}

/// Where capacity comes from.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct CapacityProviderConfig {
    #[shape(required)]
    pub(super) lambda_managed_instances_capacity_provider_config:
        LambdaManagedInstancesCapacityProviderConfig,
}

/// Capacity of managed instances.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct LambdaManagedInstancesCapacityProviderConfig {
    #[shape(
        required,
        min = 1,
        max = 140,
        pattern = r"arn:aws[a-zA-Z-]*:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:capacity-provider:[a-zA-Z0-9-_]+"
    )]
    pub(super) capacity_provider_arn: String,
    #[shape(min = 1, max = 1600)]
    pub(super) per_execution_environment_max_concurrency: Option<i32>,
    #[shape(wire = "ExecutionEnvironmentMemoryGiBPerVCpu", min = 2, max = 8)]
    pub(super) execution_environment_memory_gib_per_vcpu: Option<f64>,
}

/// How durable executions are kept.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct DurableConfig {
    #[shape(
        wire = "KMSKeyArn",
        max = 10000,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"
    )]
    pub(super) kms_key_arn: Option<String>,
    #[shape(min = 1, max = 90)]
    pub(super) retention_period_in_days: Option<i32>,
    #[shape(min = 1, max = 31622400)]
    pub(super) execution_timeout: Option<i32>,
}

/// A runtime of one's own.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct FunctionRuntimeConfig {
    #[shape(
        required,
        min = 48,
        max = 2048,
        pattern = r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:runtime/.+"
    )]
    pub(super) runtime_arn: String,
    #[shape(required, min = 1, max = 128)]
    pub(super) runtime_alias: String,
}

/// Memory of accelerators.
#[derive(Input, Output, Debug, Clone)]
pub(super) struct AcceleratorConfig {
    #[shape(required)]
    pub(super) accelerator_memory_size: i32,
}

/// AWS's values of `ApplicationLogLevel`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApplicationLogLevel {
    #[shape(wire = "TRACE")]
    Trace,
    #[shape(wire = "DEBUG")]
    Debug,
    #[shape(wire = "INFO")]
    Info,
    #[shape(wire = "WARN")]
    Warn,
    #[shape(wire = "ERROR")]
    Error,
    #[shape(wire = "FATAL")]
    Fatal,
}

/// AWS's values of `DirectS3Read`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DirectS3Read {
    #[shape(wire = "ENABLED")]
    Enabled,
    #[shape(wire = "DISABLED")]
    Disabled,
    #[shape(wire = "AUTO")]
    Auto,
}

/// AWS's values of `LogFormat`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogFormat {
    #[shape(wire = "JSON")]
    Json,
    Text,
}

/// AWS's values of `S3ObjectStorageMode`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum S3ObjectStorageMode {
    #[shape(wire = "COPY")]
    Copy,
    #[shape(wire = "REFERENCE")]
    Reference,
}

/// AWS's values of `SnapStartApplyOn`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SnapStartApplyOn {
    PublishedVersions,
    None,
}

/// AWS's values of `SystemLogLevel`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SystemLogLevel {
    #[shape(wire = "DEBUG")]
    Debug,
    #[shape(wire = "INFO")]
    Info,
    #[shape(wire = "WARN")]
    Warn,
}

/// AWS's values of `TenantIsolationMode`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TenantIsolationMode {
    #[shape(wire = "PER_TENANT")]
    PerTenant,
}

/// AWS's values of `TracingMode`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TracingMode {
    Active,
    PassThrough,
}

/// AWS's values of `FunctionUrlAuthType`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FunctionUrlAuthType {
    #[shape(wire = "NONE")]
    None,
    #[shape(wire = "AWS_IAM")]
    AwsIam,
}

/// AWS's values of `FunctionVersionLatestPublished`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FunctionVersionLatestPublished {
    #[shape(wire = "LATEST_PUBLISHED")]
    LatestPublished,
}

/// AWS's values of `FunctionVersion`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FunctionVersion {
    #[shape(wire = "ALL")]
    All,
}

/// AWS's values of `PackageType`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PackageType {
    Zip,
    Image,
}

/// AWS's values of `Architecture`.
#[derive(AwsEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Architecture {
    #[shape(wire = "x86_64")]
    X8664,
    #[shape(wire = "arm64")]
    Arm64,
}
