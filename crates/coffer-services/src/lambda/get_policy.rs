//! GetPolicy: shows who else may call a function.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::LambdaError;
use super::function_name::FunctionName;
use super::policy::FunctionPolicyRecord;

/// Shows the policy of a function, or of one of its versions.
pub(super) struct GetPolicy;

/// Of which function or version.
#[derive(Input, Debug)]
#[shape(name = "GetPolicyRequest")]
pub(super) struct GetPolicyInput {
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

/// The policy.
#[derive(Output, Debug, Default)]
#[shape(name = "GetPolicyResponse")]
pub(super) struct GetPolicyOutput {
    policy: Option<String>,
    revision_id: Option<String>,
}

impl Operation for GetPolicy {
    const NAME: &'static str = "GetPolicy";
    const ACCESS: Access = Access::Read;
    const HTTP: Option<Http> = Some(Http {
        method: "GET",
        path: "/2015-03-31/functions/{FunctionName}/policy",
        status: 200,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
    ];
    type Input = GetPolicyInput;
    type Output = GetPolicyOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = name_of(call, input)?;
        name.demands(call, "lambda:GetPolicy").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name_of(call, input)?;
        name.find(call).await?;
        let policy = FunctionPolicyRecord::of(call, &name).await?;
        let policy = policy.ok_or_else(|| {
            LambdaError::ResourceNotFoundException
                .with("The resource you requested does not exist.")
        })?;
        Ok(GetPolicyOutput {
            policy: Some(policy.document.text().to_owned()),
            revision_id: Some(policy.revision_id.clone()),
        })
    }
}

fn name_of(call: &Call<'_>, input: &GetPolicyInput) -> Result<FunctionName, Fault> {
    FunctionName::qualified(&input.function_name, input.qualifier.as_deref(), call.context())
}
