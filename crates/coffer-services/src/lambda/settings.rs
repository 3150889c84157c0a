//! What a function can be configured with here, and what of AWS's settings is refused: a function
//! that is not what was asked for is worse than none.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::Call;
use coffer_protocol::Fault;

use super::environment::Variables;
use super::errors::LambdaError;
use super::function::Version;
use super::runtime::Runtime;
use super::wire::{
    DeadLetterConfig, Environment, EphemeralStorage, LogFormat, LoggingConfig, SnapStart,
    SnapStartApplyOn, TracingConfig, TracingMode, VpcConfig,
};

/// The settings that a request gives, of those that coffer has.
pub(super) struct Settings<'i> {
    pub(super) runtime: Option<Runtime>,
    pub(super) handler: Option<&'i str>,
    pub(super) role: Option<&'i str>,
    pub(super) description: Option<&'i str>,
    pub(super) timeout: Option<i32>,
    pub(super) memory_size: Option<i32>,
    pub(super) environment: Option<&'i Environment>,
    pub(super) storage: Option<&'i EphemeralStorage>,
    pub(super) tracing: Option<&'i TracingConfig>,
}

impl Settings<'_> {
    /// Puts what is given in the place of what a version has.
    ///
    /// # Errors
    /// What is out of AWS's bounds.
    pub(super) fn put_into(&self, version: &mut Version) -> Result<(), Fault> {
        if let Some(runtime) = self.runtime {
            runtime.must_be_supported()?;
            runtime.as_str().clone_into(&mut version.runtime);
        }
        if let Some(handler) = self.handler {
            handler.clone_into(&mut version.handler);
        }
        if let Some(role) = self.role {
            role.clone_into(&mut version.role);
        }
        if let Some(description) = self.description {
            description.clone_into(&mut version.description);
        }
        if let Some(timeout) = self.timeout {
            version.timeout_seconds = at_most(timeout, "timeout", TIMEOUT_MAX)?;
        }
        if let Some(memory) = self.memory_size {
            version.memory_mb = at_most(memory, "memorySize", MEMORY_MAX)?;
        }
        if let Some(storage) = self.storage {
            version.storage_mb = at_most(storage.size, "ephemeralStorage.size", STORAGE_MAX)?;
        }
        if let Some(tracing) = self.tracing {
            version.is_traced = tracing.mode == Some(TracingMode::Active);
        }
        if let Some(environment) = self.environment {
            let given: BTreeMap<String, Sensitive<String>> =
                environment.variables.clone().unwrap_or_default();
            version.variables = Variables::given(given)?;
        }
        Ok(())
    }
}

/// The model's bounds are those of the largest kinds of functions; AWS tells of the usual ones by
/// the same sentence.
fn at_most(value: i32, name: &str, max: i32) -> Result<i32, Fault> {
    if value <= max {
        return Ok(value);
    }
    Err(Fault::validation(format!(
        "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: \
         Member must have value less than or equal to {max}"
    )))
}

/// AWS's settings that coffer has not.
#[derive(Default)]
pub(super) struct Foreign<'i> {
    pub(super) vpc: Option<&'i VpcConfig>,
    pub(super) dead_letters: Option<&'i DeadLetterConfig>,
    pub(super) kms_key: Option<&'i str>,
    pub(super) snap_start: Option<&'i SnapStart>,
    pub(super) logging: Option<&'i LoggingConfig>,
    /// Others that are given, by name.
    pub(super) others: Vec<&'static str>,
}

impl Foreign<'_> {
    /// Refuses them, where they are not only said to be absent.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub(super) fn must_be_absent(&self) -> Result<(), Fault> {
        let is_text = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
        let is_list = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|it| !it.is_empty());
        let mut given = self.others.clone();
        if self.vpc.is_some_and(|vpc| is_list(&vpc.subnet_ids) || is_list(&vpc.security_group_ids))
        {
            given.push("VpcConfig");
        }
        if self.dead_letters.is_some_and(|it| is_text(it.target_arn.as_deref())) {
            given.push("DeadLetterConfig");
        }
        if is_text(self.kms_key) {
            given.push("KMSKeyArn");
        }
        if self
            .snap_start
            .is_some_and(|it| it.apply_on == Some(SnapStartApplyOn::PublishedVersions))
        {
            given.push("SnapStart");
        }
        if self.logging.is_some_and(|it| it.log_format == Some(LogFormat::Json)) {
            given.push("LoggingConfig.LogFormat JSON");
        }
        match given.as_slice() {
            [] => Ok(()),
            given => Err(LambdaError::InvalidParameterValueException
                .with(format!("coffer's functions have no {}; leave it out.", given.join(", ")))),
        }
    }
}

/// The name of a setting where it is given.
pub(super) fn named<T>(name: &'static str, given: &Option<T>) -> Option<&'static str> {
    given.as_ref().map(|_| name)
}

/// Refuses to make, change or run functions where the operator has not turned them on.
///
/// # Errors
/// `InvalidParameterValueException`, which no client tries again.
pub(super) fn must_be_on(call: &Call<'_>) -> Result<(), Fault> {
    if call.has_functions() { Ok(()) } else { Err(off()) }
}

/// How a caller is told that functions are off.
pub(super) fn off() -> Fault {
    LambdaError::InvalidParameterValueException.with(
        "Functions are off on this server: they run code on its host. Its operator turns them on \
         with --functions-enabled.",
    )
}

/// AWS: Lambda developer guide, quotas.
const TIMEOUT_MAX: i32 = 900;
const MEMORY_MAX: i32 = 10_240;
const STORAGE_MAX: i32 = 10_240;
