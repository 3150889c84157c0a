//! ListTags: shows the tags of a function.

use std::collections::BTreeMap;

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::LambdaError;
use super::tags;

/// Shows the tags of a function.
pub(super) struct ListTags;

/// Which function.
#[derive(Input, Debug)]
#[shape(name = "ListTagsRequest")]
pub(super) struct ListTagsInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 10000,
        pattern = r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})"
    )]
    resource: String,
}

/// The tags.
#[derive(Output, Debug, Default)]
#[shape(name = "ListTagsResponse")]
pub(super) struct ListTagsOutput {
    tags: Option<BTreeMap<String, String>>,
}

impl Operation for ListTags {
    const NAME: &'static str = "ListTags";
    const ACCESS: Access = Access::Read;
    const HTTP: Option<Http> =
        Some(Http { method: "GET", path: "/2017-03-31/tags/{Resource}", status: 200 });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
    ];
    type Input = ListTagsInput;
    type Output = ListTagsOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        tags::tagged(&input.resource, call.context())?.demands(call, "lambda:ListTags").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = tags::tagged(&input.resource, call.context())?;
        Ok(ListTagsOutput { tags: Some(name.find(call).await?.tags.clone()) })
    }
}
