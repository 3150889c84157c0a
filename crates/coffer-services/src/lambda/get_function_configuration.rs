//! GetFunctionConfiguration: shows a version of a function, without its code.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::LambdaError;
use super::function::Found;
use super::function_name::FunctionName;
use super::wire_configuration::FunctionConfiguration;

/// Shows how a version is configured.
pub(super) struct GetFunctionConfiguration;

/// Which version.
#[derive(Input, Debug)]
#[shape(name = "GetFunctionConfigurationRequest")]
pub(super) struct GetFunctionConfigurationInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 256,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
    #[shape(
        query = "Qualifier",
        min = 1,
        max = 128,
        pattern = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
    )]
    qualifier: Option<String>,
}

impl Operation for GetFunctionConfiguration {
    const NAME: &'static str = "GetFunctionConfiguration";
    const ACCESS: Access = Access::Read;
    const HTTP: Option<Http> = Some(Http {
        method: "GET",
        path: "/2015-03-31/functions/{FunctionName}/configuration",
        status: 200,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
    ];
    type Input = GetFunctionConfigurationInput;
    type Output = FunctionConfiguration;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = name_of(call, input)?;
        name.demands(call, "lambda:GetFunctionConfiguration").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name_of(call, input)?;
        let found = Found::find(call, &name).await?;
        Ok(FunctionConfiguration::of(&found, name.qualifier.is_some()))
    }
}

fn name_of(call: &Call<'_>, input: &GetFunctionConfigurationInput) -> Result<FunctionName, Fault> {
    FunctionName::qualified(&input.function_name, input.qualifier.as_deref(), call.context())
}
