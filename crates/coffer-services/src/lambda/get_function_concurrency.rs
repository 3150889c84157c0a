//! GetFunctionConcurrency: coffer reserves no calls for functions, so that there is nothing to tell.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::LambdaError;
use super::function_name::FunctionName;

/// Tells that nothing is reserved.
pub(super) struct GetFunctionConcurrency;

/// Of which function.
#[derive(Input, Debug)]
#[shape(name = "GetFunctionConcurrencyRequest")]
pub(super) struct GetFunctionConcurrencyInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 140,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
}

/// Nothing.
#[derive(Output, Debug, Default)]
#[shape(name = "GetFunctionConcurrencyResponse")]
pub(super) struct GetFunctionConcurrencyOutput {
    reserved_concurrent_executions: Option<i32>,
}

impl Operation for GetFunctionConcurrency {
    const NAME: &'static str = "GetFunctionConcurrency";
    const ACCESS: Access = Access::Read;
    const HTTP: Option<Http> = Some(Http {
        method: "GET",
        path: "/2019-09-30/functions/{FunctionName}/concurrency",
        status: 200,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
    ];
    type Input = GetFunctionConcurrencyInput;
    type Output = GetFunctionConcurrencyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        name.demands(call, "lambda:GetFunctionConcurrency").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        FunctionName::unqualified(&input.function_name, call.context())?.find(call).await?;
        Ok(GetFunctionConcurrencyOutput { reserved_concurrent_executions: None })
    }
}
