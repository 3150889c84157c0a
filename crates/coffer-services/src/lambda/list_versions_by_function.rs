//! ListVersionsByFunction: the versions of a function, the latest first, then as they were published.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Direction;

use super::errors::LambdaError;
use super::function::{Found, VersionRecord};
use super::function_name::FunctionName;
use super::pages;
use super::wire_configuration::FunctionConfiguration;
use crate::page;

/// Lists the versions of a function.
pub(super) struct ListVersionsByFunction;

/// Of which function, and which page.
#[derive(Input, Debug)]
#[shape(name = "ListVersionsByFunctionRequest")]
pub(super) struct ListVersionsByFunctionInput {
    #[shape(
        required,
        uri,
        min = 1,
        max = 256,
        pattern = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
    )]
    function_name: String,
    #[shape(query = "Marker")]
    marker: Option<String>,
    #[shape(query = "MaxItems", min = 1, max = 10000)]
    max_items: Option<i32>,
}

/// A page of versions.
#[derive(Output, Debug, Default)]
#[shape(name = "ListVersionsByFunctionResponse")]
pub(super) struct ListVersionsByFunctionOutput {
    next_marker: Option<String>,
    versions: Option<Vec<FunctionConfiguration>>,
}

impl Operation for ListVersionsByFunction {
    const NAME: &'static str = "ListVersionsByFunction";
    const ACCESS: Access = Access::Read;
    const HTTP: Option<Http> = Some(Http {
        method: "GET",
        path: "/2015-03-31/functions/{FunctionName}/versions",
        status: 200,
    });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
        LambdaError::ResourceNotFoundException.row(),
    ];
    type Input = ListVersionsByFunctionInput;
    type Output = ListVersionsByFunctionOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        name.demands(call, "lambda:ListVersionsByFunction").await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let name = FunctionName::unqualified(&input.function_name, call.context())?;
        let function = name.find(call).await?;
        let prefix = VersionRecord::all_of(&name.scope, &name.name);
        let after = pages::after(input.marker.as_deref(), &prefix)?;
        let mut versions = Vec::new();
        if after.is_none() {
            let latest = Found::latest(function.clone());
            versions.push(FunctionConfiguration::of(&latest, true));
        }
        let most = pages::most(input.max_items, false).saturating_sub(versions.len());
        let order = Direction::Ascending;
        let rows = call.scan::<VersionRecord>(&prefix, after.as_ref(), most, order).await?;
        let next_marker =
            rows.last().filter(|_| rows.len() == most).map(|(key, _)| page::token(key));
        versions.extend(rows.iter().map(|(_, record)| {
            FunctionConfiguration::of(&Found::published(&function, record), true)
        }));
        Ok(ListVersionsByFunctionOutput { versions: Some(versions), next_marker })
    }
}
