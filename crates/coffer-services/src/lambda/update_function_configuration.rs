//! UpdateFunctionConfiguration: configures a function anew.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::LambdaError;
use super::function_name::FunctionName;
use super::role;
use super::runtime::Runtime;
use super::settings::{Foreign, Settings, named};
use super::update_function_code::must_be_revision;
use super::wire::{
    AcceleratorConfig, CapacityProviderConfig, DeadLetterConfig, DurableConfig, Environment,
    EphemeralStorage, FileSystemConfig, FunctionRuntimeConfig, ImageConfig, LoggingConfig,
    SnapStart, TracingConfig, VpcConfig,
};
use super::wire_configuration::FunctionConfiguration;

/// Changes those settings of the latest version that are given.
pub(super) struct UpdateFunctionConfiguration;

/// The settings.
#[derive(Input, Debug)]
#[shape(name = "UpdateFunctionConfigurationRequest")]
pub(super) struct UpdateFunctionConfigurationInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 140,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
    #[shape(
        max = 10000,
        pattern = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
    )]
    role: Option<String>,
    #[shape(max = 128, pattern = r"[^\s]+")]
    handler: Option<String>,
    #[shape(max = 256)]
    description: Option<String>,
    #[shape(min = 1, max = 5400)]
    timeout: Option<i32>,
    #[shape(min = 128, max = 32768)]
    memory_size: Option<i32>,
    vpc_config: Option<VpcConfig>,
    environment: Option<Environment>,
    runtime: Option<Runtime>,
    dead_letter_config: Option<DeadLetterConfig>,
    #[shape(
        wire = "KMSKeyArn",
        max = 10000,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"
    )]
    kms_key_arn: Option<String>,
    tracing_config: Option<TracingConfig>,
    revision_id: Option<String>,
    #[shape(member(
        min = 1,
        max = 2048,
        pattern = r"((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))"
    ))]
    layers: Option<Vec<String>>,
    #[shape(max = 1)]
    file_system_configs: Option<Vec<FileSystemConfig>>,
    image_config: Option<ImageConfig>,
    ephemeral_storage: Option<EphemeralStorage>,
    snap_start: Option<SnapStart>,
    logging_config: Option<LoggingConfig>,
    capacity_provider_config: Option<CapacityProviderConfig>,
    durable_config: Option<DurableConfig>,
    runtime_config: Option<FunctionRuntimeConfig>,
    accelerator_config: Option<AcceleratorConfig>,
}

impl Operation for UpdateFunctionConfiguration {
    const NAME: &'static str = "UpdateFunctionConfiguration";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> = Some(Http {
        method: "PUT",
        path: "/2015-03-31/functions/{FunctionName}/configuration",
        status: 200,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ResourceConflictException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::InvalidCodeSignatureException.row(),
        LambdaError::ResourceNotFoundException.row(),
        LambdaError::CodeVerificationFailedException.row(),
        LambdaError::CodeSigningConfigNotFoundException.row(),
        LambdaError::PreconditionFailedException.row(),
    ];
    type Input = UpdateFunctionConfigurationInput;
    type Output = FunctionConfiguration;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        let mut demands = name.demands(call, "lambda:UpdateFunctionConfiguration").await?;
        if let Some(role) = &input.role {
            demands.push(role::pass_demand(call, role, &name.scope, &name.name).await?);
        }
        Ok(demands)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        input.foreign().must_be_absent()?;
        let mut function = name.find(call).await?.as_ref().clone();
        must_be_revision(input.revision_id.as_deref(), &function.latest)?;
        if let Some(role) = &input.role {
            role::must_trust(call, role, &name.scope, &name.name).await?;
        }
        input.settings().put_into(&mut function.latest)?;
        function.latest.touch(call);
        call.acted_on(&function.arn());
        call.put(function.clone()).await?;
        Ok(FunctionConfiguration::of_change(function, None))
    }
}

impl UpdateFunctionConfigurationInput {
    fn foreign(&self) -> Foreign<'_> {
        let others = [
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
            role: self.role.as_deref(),
            description: self.description.as_deref(),
            timeout: self.timeout,
            memory_size: self.memory_size,
            environment: self.environment.as_ref(),
            storage: self.ephemeral_storage.as_ref(),
            tracing: self.tracing_config.as_ref(),
        }
    }
}
