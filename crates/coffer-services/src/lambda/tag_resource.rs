//! TagResource: puts tags on a function.

use std::collections::BTreeMap;

use coffer_pipeline::{Access, Call, ContextValues, Demand, Http, Operation, requested_tags};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::LambdaError;
use super::tags;

/// Puts tags on a function.
pub(super) struct TagResource;

/// Which function, and which tags.
#[derive(Input, Debug)]
#[shape(name = "TagResourceRequest")]
pub(super) struct TagResourceInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 10000,
        pattern = r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})"
    )]
    resource: String,
    #[shape(
        required,
        key(min = 1, max = 128, pattern = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"),
        value(max = 256, pattern = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)")
    )]
    tags: BTreeMap<String, String>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> =
        Some(Http { method: "POST", path: "/2017-03-31/tags/{Resource}", status: 204 });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ResourceConflictException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
    ];
    type Input = TagResourceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        tags::tagged(&input.resource, call.context())?.demands(call, "lambda:TagResource").await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        requested_tags(key, input.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = tags::tagged(&input.resource, call.context())?;
        tags::change(call, &name, |has| tags::joined(has, &input.tags)).await
    }
}
