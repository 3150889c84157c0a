//! PublishVersion: gives code and configuration, as they are, a number.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::LambdaError;
use super::function_name::FunctionName;
use super::publish::publish;
use super::settings::{Foreign, must_be_on, named};
use super::update_function_code::must_be_revision;
use super::wire::FunctionVersionLatestPublished;
use super::wire_configuration::FunctionConfiguration;

/// Publishes the latest version, unless nothing has changed since the last one.
pub(super) struct PublishVersion;

/// What is published, and how it is described.
#[derive(Input, Debug)]
#[shape(name = "PublishVersionRequest")]
pub(super) struct PublishVersionInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 140,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
    code_sha256: Option<String>,
    #[shape(max = 256)]
    description: Option<String>,
    revision_id: Option<String>,
    publish_to: Option<FunctionVersionLatestPublished>,
}

impl Operation for PublishVersion {
    const NAME: &'static str = "PublishVersion";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> = Some(Http {
        method: "POST",
        path: "/2015-03-31/functions/{FunctionName}/versions",
        status: 201,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ResourceConflictException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
        LambdaError::CodeStorageExceededException.row(),
        LambdaError::FunctionVersionsPerCapacityProviderLimitExceededException.row(),
        LambdaError::PreconditionFailedException.row(),
    ];
    type Input = PublishVersionInput;
    type Output = FunctionConfiguration;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        name.demands(call, "lambda:PublishVersion").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        must_be_on(call)?;
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        let others = named("PublishTo", &input.publish_to).into_iter().collect();
        Foreign { others, ..Foreign::default() }.must_be_absent()?;
        let mut function = name.find(call).await?.as_ref().clone();
        must_be_revision(input.revision_id.as_deref(), &function.latest)?;
        if input.code_sha256.as_ref().is_some_and(|hash| *hash != function.latest.code.sha256()) {
            return Err(LambdaError::InvalidParameterValueException.with(format!(
                "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try \
                 again with the CodeSHA256 in $LATEST.",
                input.code_sha256.as_deref().unwrap_or_default(),
                function.latest.code.sha256()
            )));
        }
        let published = publish(call, &mut function, input.description.as_deref()).await?;
        call.acted_on(&function.arn());
        call.put(function.clone()).await?;
        Ok(FunctionConfiguration::of_change(function, Some(published)))
    }
}
