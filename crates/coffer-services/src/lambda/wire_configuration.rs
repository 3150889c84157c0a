//! A version of a function, as answers show it.

use std::collections::BTreeMap;
use std::sync::Arc;

use coffer_model::{Sensitive, Timestamp};
use coffer_protocol::Output;

use super::function::{Found, FunctionRecord, VersionRecord};
use super::wire::{
    AcceleratorConfig, CapacityProviderConfig, DeadLetterConfig, DurableConfig, EphemeralStorage,
    FileSystemConfig, FunctionRuntimeConfig, ImageConfig, LogFormat, LoggingConfig, TenancyConfig,
};

/// A version of a function, as it is shown.
#[derive(Output, Debug, Default)]
pub(super) struct FunctionConfiguration {
    pub(super) function_name: Option<String>,
    pub(super) function_arn: Option<String>,
    pub(super) runtime: Option<String>,
    pub(super) role: Option<String>,
    pub(super) handler: Option<String>,
    pub(super) code_size: Option<i64>,
    pub(super) description: Option<String>,
    pub(super) timeout: Option<i32>,
    pub(super) memory_size: Option<i32>,
    pub(super) last_modified: Option<String>,
    pub(super) code_sha256: Option<String>,
    pub(super) version: Option<String>,
    pub(super) vpc_config: Option<VpcConfigResponse>,
    pub(super) dead_letter_config: Option<DeadLetterConfig>,
    pub(super) environment: Option<EnvironmentResponse>,
    #[shape(wire = "KMSKeyArn")]
    pub(super) kms_key_arn: Option<String>,
    pub(super) tracing_config: Option<TracingConfigResponse>,
    pub(super) master_arn: Option<String>,
    pub(super) revision_id: Option<String>,
    pub(super) layers: Option<Vec<Layer>>,
    pub(super) state: Option<String>,
    pub(super) state_reason: Option<String>,
    pub(super) state_reason_code: Option<String>,
    pub(super) last_update_status: Option<String>,
    pub(super) last_update_status_reason: Option<String>,
    pub(super) last_update_status_reason_code: Option<String>,
    pub(super) file_system_configs: Option<Vec<FileSystemConfig>>,
    pub(super) signing_profile_version_arn: Option<String>,
    pub(super) signing_job_arn: Option<String>,
    pub(super) package_type: Option<String>,
    pub(super) image_config_response: Option<ImageConfigResponse>,
    pub(super) architectures: Option<Vec<String>>,
    pub(super) ephemeral_storage: Option<EphemeralStorage>,
    pub(super) snap_start: Option<SnapStartResponse>,
    pub(super) runtime_version_config: Option<RuntimeVersionConfig>,
    pub(super) logging_config: Option<LoggingConfig>,
    pub(super) tenancy_config: Option<TenancyConfig>,
    pub(super) capacity_provider_config: Option<CapacityProviderConfig>,
    pub(super) config_sha256: Option<String>,
    pub(super) durable_config: Option<DurableConfig>,
    pub(super) runtime_config: Option<FunctionRuntimeConfig>,
    pub(super) accelerator_config: Option<AcceleratorConfig>,
}

/// The network of a function.
#[derive(Output, Debug, Default)]
pub(super) struct VpcConfigResponse {
    pub(super) subnet_ids: Option<Vec<String>>,
    pub(super) security_group_ids: Option<Vec<String>>,
    pub(super) vpc_id: Option<String>,
    pub(super) ipv6_allowed_for_dual_stack: Option<bool>,
}

/// The environment of a function, as it is shown.
#[derive(Output, Debug, Default)]
pub(super) struct EnvironmentResponse {
    #[shape(sensitive, key(sensitive))]
    pub(super) variables: Option<BTreeMap<String, Sensitive<String>>>,
    pub(super) error: Option<EnvironmentError>,
}

/// Why an environment is not shown.
#[derive(Output, Debug, Default)]
pub(super) struct EnvironmentError {
    pub(super) error_code: Option<String>,
    pub(super) message: Option<Sensitive<String>>,
}

/// Whether calls are traced.
#[derive(Output, Debug, Default)]
pub(super) struct TracingConfigResponse {
    pub(super) mode: Option<String>,
}

/// A layer of a function.
#[derive(Output, Debug, Default)]
pub(super) struct Layer {
    pub(super) arn: Option<String>,
    pub(super) code_size: Option<i64>,
    pub(super) signing_profile_version_arn: Option<String>,
    pub(super) signing_job_arn: Option<String>,
}

/// What a container image is started with.
#[derive(Output, Debug, Default)]
pub(super) struct ImageConfigResponse {
    pub(super) image_config: Option<ImageConfig>,
    pub(super) error: Option<ImageConfigError>,
}

/// Why that is not shown.
#[derive(Output, Debug, Default)]
pub(super) struct ImageConfigError {
    pub(super) error_code: Option<String>,
    pub(super) message: Option<Sensitive<String>>,
}

/// Whether snapshots are taken.
#[derive(Output, Debug, Default)]
pub(super) struct SnapStartResponse {
    pub(super) apply_on: Option<String>,
    pub(super) optimization_status: Option<String>,
}

/// The version of the runtime.
#[derive(Output, Debug, Default)]
pub(super) struct RuntimeVersionConfig {
    pub(super) runtime_version_arn: Option<String>,
    pub(super) error: Option<RuntimeVersionError>,
}

/// Why that is not shown.
#[derive(Output, Debug, Default)]
pub(super) struct RuntimeVersionError {
    pub(super) error_code: Option<String>,
    pub(super) message: Option<Sensitive<String>>,
}

impl FunctionConfiguration {
    /// A version; with its version in its ARN where it was asked for by one.
    pub(super) fn of(found: &Found, is_qualified: bool) -> Self {
        let Found { function, version, label } = found;
        let arn = function.arn();
        let variables = Some(version.variables.0.clone()).filter(|all| !all.is_empty());
        let tracing = if version.is_traced { "Active" } else { "PassThrough" };
        Self {
            function_name: Some(function.name.clone()),
            function_arn: Some(if is_qualified { format!("{arn}:{label}") } else { arn }),
            runtime: Some(version.runtime.clone()),
            role: Some(version.role.clone()),
            handler: Some(version.handler.clone()),
            code_size: i64::try_from(version.code.bytes()).ok(),
            description: Some(version.description.clone()),
            timeout: Some(version.timeout_seconds),
            memory_size: Some(version.memory_mb),
            last_modified: Some(shown_time(version.modified)),
            code_sha256: Some(version.code.sha256()),
            version: Some(label.clone()),
            environment: variables
                .map(|variables| EnvironmentResponse { variables: Some(variables), error: None }),
            tracing_config: Some(TracingConfigResponse { mode: Some(tracing.to_owned()) }),
            revision_id: Some(version.revision_id.clone()),
            state: Some("Active".to_owned()),
            last_update_status: Some("Successful".to_owned()),
            package_type: Some("Zip".to_owned()),
            architectures: Some(vec![version.architecture.clone()]),
            ephemeral_storage: Some(EphemeralStorage { size: version.storage_mb }),
            snap_start: Some(SnapStartResponse {
                apply_on: Some("None".to_owned()),
                optimization_status: Some("Off".to_owned()),
            }),
            logging_config: Some(LoggingConfig {
                log_format: Some(LogFormat::Text),
                application_log_level: None,
                system_log_level: None,
                log_group: Some(format!("/aws/lambda/{}", function.name)),
            }),
            ..Self::default()
        }
    }

    /// What a change has made: the version that it published, or else the latest.
    pub(super) fn of_change(function: FunctionRecord, published: Option<VersionRecord>) -> Self {
        let function = Arc::new(function);
        match published {
            Some(record) => Self::of(&Found::published(&function, &record), true),
            None => Self::of(&Found::latest(function), false),
        }
    }
}

/// AWS: `2026-11-22T10:00:00.000+0000`.
fn shown_time(time: Timestamp) -> String {
    time.to_iso8601().replace('Z', "+0000")
}
