//! DeleteFunction: ends a function, or one of its versions.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::LambdaError;
use super::function::{FunctionRecord, LATEST, VersionRecord};
use super::function_name::FunctionName;
use super::policy::FunctionPolicyRecord;
use super::{code, publish};

/// Ends a function with all its versions, or one version alone.
pub(super) struct DeleteFunction;

/// Which function, or which version of it.
#[derive(Input, Debug)]
#[shape(name = "DeleteFunctionRequest")]
pub(super) struct DeleteFunctionInput {
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

/// That it is gone.
#[derive(Output, Debug, Default)]
#[shape(name = "DeleteFunctionResponse")]
pub(super) struct DeleteFunctionOutput {
    #[shape(status)]
    status_code: Option<i32>,
}

impl Operation for DeleteFunction {
    const NAME: &'static str = "DeleteFunction";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> =
        Some(Http { method: "DELETE", path: "/2015-03-31/functions/{FunctionName}", status: 200 });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ResourceConflictException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
    ];
    type Input = DeleteFunctionInput;
    type Output = DeleteFunctionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = name_of(call, input)?;
        name.demands(call, "lambda:DeleteFunction").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name_of(call, input)?;
        let function = name.find(call).await?;
        call.acted_on(&name.arn());
        match name.qualifier.as_deref() {
            None => end(call, &function).await?,
            Some(LATEST) => {
                return Err(LambdaError::InvalidParameterValueException
                    .with("$LATEST version cannot be deleted without deleting the function."));
            }
            Some(label) => {
                let Ok(number) = label.parse() else { return Err(name.not_found()) };
                let key = VersionRecord::key_of(&name.scope, &name.name, number);
                let record = call.get::<VersionRecord>(&key).await?;
                let record = record.ok_or_else(|| name.not_found())?;
                publish::end(call, &function, &record).await?;
            }
        }
        Ok(DeleteFunctionOutput { status_code: Some(NO_CONTENT) })
    }
}

fn name_of(call: &Call<'_>, input: &DeleteFunctionInput) -> Result<FunctionName, Fault> {
    FunctionName::qualified(&input.function_name, input.qualifier.as_deref(), call.context())
}

/// Stages the end of a function with all that it has. Who publishes a version meanwhile changes the
/// function's row, so that one of the two conflicts.
async fn end(call: &mut Call<'_>, function: &FunctionRecord) -> Result<(), Fault> {
    let scope = function.scope();
    for record in VersionRecord::all(call, function).await? {
        publish::end(call, function, &record).await?;
    }
    for qualifier in ["", LATEST] {
        let key = FunctionPolicyRecord::key_of(&scope, &function.name, qualifier);
        call.delete::<FunctionPolicyRecord>(&key).await?;
    }
    let holder = publish::holder_of(&function.name, LATEST);
    code::release(call, &scope, &function.latest.code, &holder).await?;
    call.delete::<FunctionRecord>(&FunctionRecord::key_of(&scope, &function.name)).await
}

/// AWS: nothing is left to tell.
const NO_CONTENT: i32 = 204;
