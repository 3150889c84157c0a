//! UntagResource: takes tags off a function.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input};

use super::errors::LambdaError;
use super::tags;

/// Takes tags off a function.
pub(super) struct UntagResource;

/// Which function, and which tags.
#[derive(Input, Debug)]
#[shape(name = "UntagResourceRequest")]
pub(super) struct UntagResourceInput {
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
        query = "tagKeys",
        member(min = 1, max = 128, pattern = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)")
    )]
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access = Access::Write;
    const HTTP: Option<Http> =
        Some(Http { method: "DELETE", path: "/2017-03-31/tags/{Resource}", status: 204 });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ResourceConflictException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
    ];
    type Input = UntagResourceInput;
    type Output = ();

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        tags::tagged(&input.resource, call.context())?.demands(call, "lambda:UntagResource").await
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == "aws:tagkeys").then(|| input.tag_keys.iter().map(String::as_str).collect())
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = tags::tagged(&input.resource, call.context())?;
        tags::change(call, &name, |mut has| {
            has.retain(|name, _| !input.tag_keys.contains(name));
            Ok(has)
        })
        .await
    }
}
