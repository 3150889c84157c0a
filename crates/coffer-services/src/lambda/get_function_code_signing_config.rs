//! GetFunctionCodeSigningConfig: coffer verifies no signatures of code, so that there never is a configuration.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::LambdaError;
use super::function_name::FunctionName;

/// Tells that code is not signed.
pub(super) struct GetFunctionCodeSigningConfig;

/// Of which function.
#[derive(Input, Debug)]
#[shape(name = "GetFunctionCodeSigningConfigRequest")]
pub(super) struct GetFunctionCodeSigningConfigInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 256,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
}

/// No configuration.
#[derive(Output, Debug, Default)]
#[shape(name = "GetFunctionCodeSigningConfigResponse")]
pub(super) struct GetFunctionCodeSigningConfigOutput {
    code_signing_config_arn: Option<String>,
    function_name: Option<String>,
}

impl Operation for GetFunctionCodeSigningConfig {
    const NAME: &'static str = "GetFunctionCodeSigningConfig";
    const ACCESS: Access = Access::Read;
    const HTTP: Option<Http> = Some(Http {
        method: "GET",
        path: "/2020-06-30/functions/{FunctionName}/code-signing-config",
        status: 200,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
        LambdaError::CodeSigningConfigNotFoundException.row(),
    ];
    type Input = GetFunctionCodeSigningConfigInput;
    type Output = GetFunctionCodeSigningConfigOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = FunctionName::read(&input.function_name, call.context())?;
        name.demands(call, "lambda:GetFunctionCodeSigningConfig").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        // AWS: without a configuration only the function is named.
        let function = FunctionName::read(&input.function_name, call.context())?.find(call).await?;
        Ok(GetFunctionCodeSigningConfigOutput {
            code_signing_config_arn: None,
            function_name: Some(function.name.clone()),
        })
    }
}
