//! GetFunction: shows a version of a function, what its code is, and its tags.

use std::collections::BTreeMap;

use coffer_model::Sensitive;
use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::code::Code;
use super::errors::LambdaError;
use super::function::Found;
use super::function_name::FunctionName;
use super::wire_configuration::FunctionConfiguration;

/// Shows a version whole, but for the bytes of its code.
pub(super) struct GetFunction;

/// Which version.
#[derive(Input, Debug)]
#[shape(name = "GetFunctionRequest")]
pub(super) struct GetFunctionInput {
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

/// A version, its code, and the tags of its function.
#[derive(Output, Debug, Default)]
#[shape(name = "GetFunctionResponse")]
pub(super) struct GetFunctionOutput {
    configuration: Option<FunctionConfiguration>,
    code: Option<FunctionCodeLocation>,
    tags: Option<BTreeMap<String, String>>,
    tags_error: Option<TagsError>,
    concurrency: Option<Concurrency>,
}

/// Where the code of a function is.
#[derive(Output, Debug, Default)]
pub(super) struct FunctionCodeLocation {
    repository_type: Option<String>,
    location: Option<String>,
    image_uri: Option<String>,
    resolved_image_uri: Option<String>,
    resolved_s3_object: Option<ResolvedS3Object>,
    #[shape(wire = "SourceKMSKeyArn")]
    source_kms_key_arn: Option<String>,
    error: Option<FunctionCodeLocationError>,
}

/// Why that is not shown.
#[derive(Output, Debug, Default)]
pub(super) struct FunctionCodeLocationError {
    error_code: Option<String>,
    message: Option<Sensitive<String>>,
}

/// An object that code is read from.
#[derive(Output, Debug, Default)]
pub(super) struct ResolvedS3Object {
    s3_bucket: Option<String>,
    s3_key: Option<String>,
    s3_object_version: Option<String>,
}

/// Why tags are not shown.
#[derive(Output, Debug, Default)]
pub(super) struct TagsError {
    error_code: Option<String>,
    message: Option<String>,
}

/// How many calls are reserved for a function.
#[derive(Output, Debug, Default)]
pub(super) struct Concurrency {
    reserved_concurrent_executions: Option<i32>,
}

impl Operation for GetFunction {
    const NAME: &'static str = "GetFunction";
    const ACCESS: Access = Access::Read;
    const HTTP: Option<Http> =
        Some(Http { method: "GET", path: "/2015-03-31/functions/{FunctionName}", status: 200 });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
    ];
    type Input = GetFunctionInput;
    type Output = GetFunctionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = name_of(call, input)?;
        name.demands(call, "lambda:GetFunction").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = name_of(call, input)?;
        let found = Found::find(call, &name).await?;
        let tags = &found.function.tags;
        Ok(GetFunctionOutput {
            configuration: Some(FunctionConfiguration::of(&found, name.qualifier.is_some())),
            code: Some(location_of(&found.version.code)),
            tags: Some(tags.clone()).filter(|tags| !tags.is_empty()),
            ..GetFunctionOutput::default()
        })
    }
}

fn name_of(call: &Call<'_>, input: &GetFunctionInput) -> Result<FunctionName, Fault> {
    FunctionName::qualified(&input.function_name, input.qualifier.as_deref(), call.context())
}

/// What is told of the code. AWS gives a URL that a zip can be read from; coffer gives no code back.
fn location_of(code: &Code) -> FunctionCodeLocation {
    let place = code.place().map(|(bucket, key)| ResolvedS3Object {
        s3_bucket: Some(bucket.to_owned()),
        s3_key: Some(key.to_owned()),
        s3_object_version: None,
    });
    FunctionCodeLocation {
        repository_type: Some(REPOSITORY.to_owned()),
        resolved_s3_object: place,
        ..FunctionCodeLocation::default()
    }
}

const REPOSITORY: &str = "coffer";
