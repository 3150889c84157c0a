//! CreateFunction: makes a function.

use std::collections::BTreeMap;

use coffer_pipeline::{Access, Call, ContextValues, Demand, Http, Operation, requested_tags};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::code::{self, Code, Given};
use super::environment::Variables;
use super::errors::LambdaError;
use super::function::{FunctionRecord, LATEST, Version};
use super::function_name::FunctionName;
use super::publish::{holder_of, publish};
use super::runtime::Runtime;
use super::settings::{Foreign, Settings, must_be_on, named};
use super::wire::{
    AcceleratorConfig, Architecture, CapacityProviderConfig, DeadLetterConfig, DurableConfig,
    Environment, EphemeralStorage, FileSystemConfig, FunctionCode, FunctionRuntimeConfig,
    FunctionVersionLatestPublished, ImageConfig, LoggingConfig, PackageType, SnapStart,
    TenancyConfig, TracingConfig, VpcConfig,
};
use super::wire_configuration::FunctionConfiguration;
use super::{role, tags};

/// Makes a function of code and an execution role.
pub(super) struct CreateFunction;

/// What the function is to be.
#[derive(Input, Debug)]
#[shape(name = "CreateFunctionRequest")]
pub(super) struct CreateFunctionInput {
    #[shape(
        required,
        min = 1,
        max = 140,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
    runtime: Option<Runtime>,
    #[shape(
        required,
        max = 10000,
        pattern = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
    )]
    role: String,
    #[shape(max = 128, pattern = r"[^\s]+")]
    handler: Option<String>,
    #[shape(required)]
    code: FunctionCode,
    #[shape(max = 256)]
    description: Option<String>,
    #[shape(min = 1, max = 5400)]
    timeout: Option<i32>,
    #[shape(min = 128, max = 32768)]
    memory_size: Option<i32>,
    publish: Option<bool>,
    publish_to: Option<FunctionVersionLatestPublished>,
    vpc_config: Option<VpcConfig>,
    package_type: Option<PackageType>,
    dead_letter_config: Option<DeadLetterConfig>,
    environment: Option<Environment>,
    #[shape(
        wire = "KMSKeyArn",
        max = 10000,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"
    )]
    kms_key_arn: Option<String>,
    tracing_config: Option<TracingConfig>,
    #[shape(
        key(min = 1, max = 128, pattern = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"),
        value(max = 256, pattern = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)")
    )]
    tags: Option<BTreeMap<String, String>>,
    #[shape(member(
        min = 1,
        max = 2048,
        pattern = r"((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))"
    ))]
    layers: Option<Vec<String>>,
    #[shape(max = 1)]
    file_system_configs: Option<Vec<FileSystemConfig>>,
    #[shape(
        max = 200,
        pattern = r"arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:code-signing-config:csc-[a-z0-9]{17}"
    )]
    code_signing_config_arn: Option<String>,
    image_config: Option<ImageConfig>,
    #[shape(min = 1, max = 1)]
    architectures: Option<Vec<Architecture>>,
    ephemeral_storage: Option<EphemeralStorage>,
    snap_start: Option<SnapStart>,
    logging_config: Option<LoggingConfig>,
    tenancy_config: Option<TenancyConfig>,
    capacity_provider_config: Option<CapacityProviderConfig>,
    durable_config: Option<DurableConfig>,
    runtime_config: Option<FunctionRuntimeConfig>,
    accelerator_config: Option<AcceleratorConfig>,
}

impl Operation for CreateFunction {
    const NAME: &'static str = "CreateFunction";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> =
        Some(Http { method: "POST", path: "/2015-03-31/functions", status: 201 });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ResourceConflictException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::InvalidCodeSignatureException.row(),
        LambdaError::ResourceNotFoundException.row(),
        LambdaError::CodeVerificationFailedException.row(),
        LambdaError::CodeSigningConfigNotFoundException.row(),
        LambdaError::CodeStorageExceededException.row(),
        LambdaError::FunctionVersionsPerCapacityProviderLimitExceededException.row(),
    ];
    type Input = CreateFunctionInput;
    type Output = FunctionConfiguration;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        let mut demands = name.demands(call, "lambda:CreateFunction").await?;
        // AWS: who gives tags on creation needs the permission to tag as well.
        if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
            demands.push(name.demand(call, "lambda:TagResource").await?);
        }
        demands.push(role::pass_demand(call, &input.role, &name.scope, &name.name).await?);
        Ok(demands)
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        let tags = input.tags.as_ref().filter(|tags| !tags.is_empty())?;
        requested_tags(key, tags.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_be_on(call)?;
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        input.foreign().must_be_absent()?;
        let key = FunctionRecord::key_of(&name.scope, &name.name);
        if call.get::<FunctionRecord>(&key).await?.is_some() {
            return Err(LambdaError::ResourceConflictException
                .with(format!("Function already exist: {}", name.name)));
        }
        role::must_trust(call, &input.role, &name.scope, &name.name).await?;
        let mut latest = input.version(call)?;
        let tags = tags::joined(BTreeMap::new(), input.tags.as_ref().unwrap_or(&BTreeMap::new()))?;
        let checked = input.given().checked(call)?;
        latest.code = code::keep(call, &name.scope, checked).await?;
        let mut function = FunctionRecord {
            account: name.scope.account,
            region: name.scope.region.clone(),
            name: name.name,
            latest,
            published: 0,
            tags,
        };
        let holder = holder_of(&function.name, LATEST);
        code::hold(call, &name.scope, &function.latest.code, holder).await?;
        let mut published = None;
        if input.publish == Some(true) {
            published = Some(publish(call, &mut function, None).await?);
        }
        call.acted_on(&function.arn());
        call.put(function.clone()).await?;
        Ok(FunctionConfiguration::of_change(function, published))
    }
}

impl CreateFunctionInput {
    /// The first version, whose code is still to be kept.
    fn version(&self, call: &Call<'_>) -> Result<Version, Fault> {
        let lacking = |what: &str| {
            LambdaError::InvalidParameterValueException.with(format!(
                "{what} is mandatory for functions created with deployment packages."
            ))
        };
        if self.runtime.is_none() {
            return Err(lacking("Runtime"));
        }
        if self.handler.as_ref().is_none_or(String::is_empty) {
            return Err(lacking("Handler"));
        }
        let architecture = self.architectures.as_ref().and_then(|all| all.first().copied());
        let mut version = Version {
            code: Code::Command(String::new()),
            runtime: String::new(),
            handler: String::new(),
            role: String::new(),
            description: String::new(),
            timeout_seconds: TIMEOUT_USUAL,
            memory_mb: MEMORY_USUAL,
            storage_mb: STORAGE_USUAL,
            architecture: architecture.unwrap_or(Architecture::X8664).as_str().to_owned(),
            is_traced: false,
            variables: Variables::default(),
            modified: call.now(),
            revision_id: call.uuid(),
        };
        self.settings().put_into(&mut version)?;
        Ok(version)
    }

    fn given(&self) -> Given<'_> {
        let code = &self.code;
        Given {
            zip: code.zip_file.as_ref().map(|zip| zip.expose().as_slice()),
            bucket: code.s3_bucket.as_deref(),
            key: code.s3_key.as_deref(),
            object_version: code.s3_object_version.as_deref(),
            storage_mode: code.s3_object_storage_mode,
            image_uri: code.image_uri.as_deref(),
            kms_key: code.source_kms_key_arn.as_deref(),
        }
    }

    fn foreign(&self) -> Foreign<'_> {
        let others = [
            named("PublishTo", &self.publish_to),
            named("TenancyConfig", &self.tenancy_config),
            named("ImageConfig", &self.image_config),
            named("CapacityProviderConfig", &self.capacity_provider_config),
            named("DurableConfig", &self.durable_config),
            named("RuntimeConfig", &self.runtime_config),
            named("AcceleratorConfig", &self.accelerator_config),
            named("Layers", &self.layers.as_ref().filter(|all| !all.is_empty())),
            named(
                "FileSystemConfigs",
                &self.file_system_configs.as_ref().filter(|all| !all.is_empty()),
            ),
            named(
                "CodeSigningConfigArn",
                &self.code_signing_config_arn.as_ref().filter(|arn| !arn.is_empty()),
            ),
            named("PackageType Image", &self.package_type.filter(|it| *it == PackageType::Image)),
        ];
        Foreign {
            vpc: self.vpc_config.as_ref(),
            dead_letters: self.dead_letter_config.as_ref(),
            kms_key: self.kms_key_arn.as_deref(),
            snap_start: self.snap_start.as_ref(),
            logging: self.logging_config.as_ref(),
            others: others.into_iter().flatten().collect(),
        }
    }

    fn settings(&self) -> Settings<'_> {
        Settings {
            runtime: self.runtime,
            handler: self.handler.as_deref(),
            role: Some(&self.role),
            description: self.description.as_deref(),
            timeout: self.timeout,
            memory_size: self.memory_size,
            environment: self.environment.as_ref(),
            storage: self.ephemeral_storage.as_ref(),
            tracing: self.tracing_config.as_ref(),
        }
    }
}

/// AWS: Lambda API reference, CreateFunction.
const TIMEOUT_USUAL: i32 = 3;
const MEMORY_USUAL: i32 = 128;
const STORAGE_USUAL: i32 = 512;
