//! DescribeParameters: all that is known of parameters, save their values.

use coffer_model::Timestamp;
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{AwsEnum, ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::filter::{self, Filter, Filters, Listing, Match};
use super::parameter::{ParameterRecord, ParameterTier, ParameterType};
use super::wire::{ParameterInlinePolicy, ParameterStringFilter};
use super::{listing, name};

/// Describes the parameters that meet the filters, in the order of their names.
pub(super) struct DescribeParameters;

/// Which filters, of the one kind or the other, and which page.
#[derive(Input, Debug)]
#[shape(name = "DescribeParametersRequest")]
pub(super) struct DescribeParametersInput {
    filters: Option<Vec<ParametersFilter>>,
    parameter_filters: Option<Vec<ParameterStringFilter>>,
    #[shape(min = 1, max = 50)]
    max_results: Option<i32>,
    next_token: Option<String>,
    shared: Option<bool>,
}

/// A filter of the older kind.
#[derive(Input, Debug)]
pub(super) struct ParametersFilter {
    #[shape(required)]
    key: ParametersFilterKey,
    #[shape(required, min = 1, max = 50, member(min = 1, max = 1024))]
    values: Vec<String>,
}

/// What a filter of the older kind looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum ParametersFilterKey {
    /// The beginning of the name.
    Name,
    /// The type.
    Type,
    /// The KMS key.
    KeyId,
}

/// A page of descriptions.
#[derive(Output, Debug)]
#[shape(name = "DescribeParametersResult")]
pub(super) struct DescribeParametersOutput {
    parameters: Option<Vec<ParameterMetadata>>,
    next_token: Option<String>,
}

/// A parameter's description.
#[derive(Output, Debug)]
pub(super) struct ParameterMetadata {
    #[shape(min = 1, max = 2048)]
    name: Option<String>,
    #[shape(wire = "ARN")]
    arn: Option<String>,
    r#type: Option<ParameterType>,
    #[shape(min = 1, max = 256, pattern = "^([a-zA-Z0-9:/_-]+)$")]
    key_id: Option<String>,
    last_modified_date: Option<Timestamp>,
    last_modified_user: Option<String>,
    #[shape(min = 0, max = 1024)]
    description: Option<String>,
    #[shape(min = 0, max = 1024)]
    allowed_pattern: Option<String>,
    version: Option<i64>,
    tier: Option<ParameterTier>,
    policies: Option<Vec<ParameterInlinePolicy>>,
    #[shape(min = 0, max = 128)]
    data_type: Option<String>,
}

impl Operation for DescribeParameters {
    const NAME: &'static str = "DescribeParameters";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::InvalidFilterKey.row(),
        SsmError::InvalidFilterOption.row(),
        SsmError::InvalidFilterValue.row(),
        SsmError::InvalidNextToken.row(),
    ];
    type Input = DescribeParametersInput;
    type Output = DescribeParametersOutput;

    async fn demands(call: &mut Call<'_>, _: &Self::Input) -> Result<Vec<Demand>, Fault> {
        Ok(Demand::on("ssm:DescribeParameters", &call.context().scope, "ssm", "*"))
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let filters = filters_of(input)?;
        if input.shared.unwrap_or(false) {
            // Nothing is shared between accounts, since there is no Resource Access Manager.
            return Ok(DescribeParametersOutput { parameters: Some(Vec::new()), next_token: None });
        }
        let page_max = usize::try_from(input.max_results.unwrap_or(PAGE_USUAL)).unwrap_or(1);
        let is_wanted = |parameter: &ParameterRecord| filters.are_met(parameter);
        let token = input.next_token.as_deref();
        let (found, next_token) =
            listing::page_of(call, Self::NAME, &filters.range(), token, page_max, is_wanted)
                .await?;
        let parameters = found.iter().map(|parameter| metadata(parameter)).collect();
        Ok(DescribeParametersOutput { parameters: Some(parameters), next_token })
    }
}

fn filters_of(input: &DescribeParametersInput) -> Result<Filters, Fault> {
    let older = input.filters.as_deref().unwrap_or_default();
    let newer = input.parameter_filters.as_deref().unwrap_or_default();
    if !older.is_empty() && !newer.is_empty() {
        return Err(Fault::validation(BOTH_KINDS));
    }
    if older.len() > OLDER_FILTERS_MAX {
        return Err(Fault::validation(TOO_MANY));
    }
    if older.is_empty() {
        return filter::read(Listing::Describe, newer);
    }
    let read = |filter: &ParametersFilter| match filter.key {
        ParametersFilterKey::Name => {
            let paths = filter.values.iter().map(|value| name::path_of(value).to_owned());
            Filter::Name(Match::BeginsWith, paths.collect())
        }
        ParametersFilterKey::Type => Filter::Type(Match::Equals, filter.values.clone()),
        ParametersFilterKey::KeyId => Filter::KeyId(Match::Equals, filter.values.clone()),
    };
    Ok(Filters::of(older.iter().map(read).collect()))
}

fn metadata(parameter: &ParameterRecord) -> ParameterMetadata {
    let version = &parameter.current;
    ParameterMetadata {
        name: Some(parameter.name.clone()),
        arn: Some(parameter.arn()),
        r#type: Some(version.r#type),
        key_id: version.key_id.clone(),
        last_modified_date: Some(version.modified),
        last_modified_user: Some(version.modified_by.clone()),
        description: version.description.clone(),
        allowed_pattern: version.allowed_pattern.clone(),
        version: Some(version.number),
        tier: Some(version.tier),
        policies: Some(version.policies.iter().map(ParameterInlinePolicy::from).collect()),
        data_type: Some(version.data_type.clone()),
    }
}

const PAGE_USUAL: i32 = 50;
/// How many filters of the older kind a request has at most; the model knows no bound.
const OLDER_FILTERS_MAX: usize = 50;
const BOTH_KINDS: &str = "You can use either Filters or ParameterFilters in a single request.";
const TOO_MANY: &str = "1 validation error detected: Value at 'filters' failed to satisfy \
                        constraint: Member must have length less than or equal to 50";
