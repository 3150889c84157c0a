//! GetParametersByPath: the parameters of a hierarchy.

use coffer_pipeline::{Access, Call, ContextValues, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::filter::{self, Listing};
use super::listing::{self, Range};
use super::parameter::ParameterRecord;
use super::setting::throughput;
use super::wire::{Parameter, ParameterStringFilter};
use super::{name, read};

/// Reads the parameters directly in a hierarchy, or all below it, in the order of their names.
pub(super) struct GetParametersByPath;

/// Which hierarchy, how much of it, and which page.
#[derive(Input, Debug)]
#[shape(name = "GetParametersByPathRequest")]
pub(super) struct GetParametersByPathInput {
    #[shape(required, min = 1, max = 2048)]
    path: String,
    recursive: Option<bool>,
    parameter_filters: Option<Vec<ParameterStringFilter>>,
    with_decryption: Option<bool>,
    #[shape(min = 1, max = 10)]
    max_results: Option<i32>,
    next_token: Option<String>,
}

/// A page of parameters.
#[derive(Output, Debug)]
#[shape(name = "GetParametersByPathResult")]
pub(super) struct GetParametersByPathOutput {
    parameters: Option<Vec<Parameter>>,
    next_token: Option<String>,
}

impl Operation for GetParametersByPath {
    const NAME: &'static str = "GetParametersByPath";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::InvalidFilterKey.row(),
        SsmError::InvalidFilterOption.row(),
        SsmError::InvalidFilterValue.row(),
        SsmError::InvalidKeyId.row(),
        SsmError::InvalidNextToken.row(),
    ];
    type Input = GetParametersByPathInput;
    type Output = GetParametersByPathOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        // AWS: the path alone is authorised, not each parameter (API reference, 2026-05).
        let resource = name::arn_for_demand(&call.context().scope, &input.path);
        Ok(vec![Demand::of("ssm:GetParametersByPath", resource)])
    }

    fn condition<'i>(input: &'i Self::Input, key: &str) -> Option<ContextValues<'i>> {
        (key == "ssm:recursive").then(|| input.recursive.unwrap_or(false).into())
    }

    async fn quota_kind(
        call: &mut Call<'_>,
        _: &Self::Input,
    ) -> Result<Option<&'static str>, Fault> {
        throughput(call).await.map(Some)
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let start = name::hierarchy(&input.path)?;
        let wire = input.parameter_filters.as_deref().unwrap_or_default();
        let filters = filter::read(Listing::ByPath, wire)?;
        let is_recursive = input.recursive.unwrap_or(false);
        let range = if is_recursive { Range::Beginning(start) } else { Range::OneLevel(start) };
        let page_max = usize::try_from(input.max_results.unwrap_or(PAGE_MAX)).unwrap_or(1);
        let is_wanted = |parameter: &ParameterRecord| filters.are_met(parameter);
        let token = input.next_token.as_deref();
        let (found, next_token) =
            listing::page_of(call, Self::NAME, &range, token, page_max, is_wanted).await?;
        let with_decryption = input.with_decryption.unwrap_or(false);
        let mut parameters = Vec::with_capacity(found.len());
        for parameter in found {
            // A filter on labels gives the version that has one of them.
            let labels = filters.labels().unwrap_or_default();
            let labelled = labels.iter().find_map(|label| parameter.labels.get(label));
            let number = labelled.copied().unwrap_or(parameter.current.number);
            parameters.push(read::read_version(call, &parameter, number, with_decryption).await?);
        }
        Ok(GetParametersByPathOutput { parameters: Some(parameters), next_token })
    }
}

const PAGE_MAX: i32 = 10;
