//! ListFunctions: the functions of a region, in the order of their names.

use coffer_pipeline::{Access, Call, Demand, Http, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};
use coffer_store::Direction;

use super::errors::LambdaError;
use super::function::{Found, FunctionRecord, VersionRecord};
use super::pages;
use super::wire::FunctionVersion;
use super::wire_configuration::FunctionConfiguration;
use crate::page;

/// Lists functions, and where that is asked for their versions.
pub(super) struct ListFunctions;

/// Which page.
#[derive(Input, Debug)]
#[shape(name = "ListFunctionsRequest")]
pub(super) struct ListFunctionsInput {
    #[shape(
        query = "MasterRegion",
        min = 1,
        max = 50,
        pattern = r"ALL|(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"
    )]
    master_region: Option<String>,
    #[shape(query = "FunctionVersion")]
    function_version: Option<FunctionVersion>,
    #[shape(query = "Marker")]
    marker: Option<String>,
    #[shape(query = "MaxItems", min = 1, max = 10000)]
    max_items: Option<i32>,
}

/// A page of functions.
#[derive(Output, Debug, Default)]
#[shape(name = "ListFunctionsResponse")]
pub(super) struct ListFunctionsOutput {
    next_marker: Option<String>,
    functions: Option<Vec<FunctionConfiguration>>,
}

impl Operation for ListFunctions {
    const NAME: &'static str = "ListFunctions";
    const ACCESS: Access = Access::Read;
    const HTTP: Option<Http> =
        Some(Http { method: "GET", path: "/2015-03-31/functions", status: 200 });
    const ERRORS: &'static [ErrorRow] = &[
        LambdaError::InvalidParameterValueException.row(),
        LambdaError::ServiceException.row(),
        LambdaError::TooManyRequestsException.row(),
    ];
    type Input = ListFunctionsInput;
    type Output = ListFunctionsOutput;

    async fn demands(_: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::any("lambda:ListFunctions"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        // Functions of another region that are copied to edges are of a service that is not here.
        if input.master_region.is_some() {
            return Ok(ListFunctionsOutput { functions: Some(Vec::new()), next_marker: None });
        }
        let prefix = FunctionRecord::all_of(call.scope());
        let after = pages::after(input.marker.as_deref(), &prefix)?;
        let with_versions = input.function_version.is_some();
        let most = pages::most(input.max_items, with_versions);
        let order = Direction::Ascending;
        let rows = call.scan::<FunctionRecord>(&prefix, after.as_ref(), most, order).await?;
        let next_marker =
            rows.last().filter(|_| rows.len() == most).map(|(key, _)| page::token(key));
        let mut functions = Vec::with_capacity(rows.len());
        for (_, function) in rows {
            let versions = match with_versions {
                true => VersionRecord::all(call, &function).await?,
                false => Vec::new(),
            };
            let latest = Found::latest(function.clone());
            functions.push(FunctionConfiguration::of(&latest, with_versions));
            for record in versions {
                functions
                    .push(FunctionConfiguration::of(&Found::published(&function, &record), true));
            }
        }
        Ok(ListFunctionsOutput { functions: Some(functions), next_marker })
    }
}
