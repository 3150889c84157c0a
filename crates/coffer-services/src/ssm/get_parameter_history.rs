//! GetParameterHistory: all versions of a parameter that are kept, oldest first.

use coffer_model::{Sensitive, Timestamp};
use coffer_pipeline::{Access, Call, Demand, Operation};
use coffer_protocol::{ErrorRow, Fault, Input, Output};

use super::errors::SsmError;
use super::name::Reference;
use super::parameter::{
    ParameterRecord, ParameterTier, ParameterType, ParameterVersion, ParameterVersionRecord,
};
use super::permission;
use super::wire::ParameterInlinePolicy;
use super::{listing, read, value};
use crate::page;

/// Lists the versions of a parameter with their values and labels.
pub(super) struct GetParameterHistory;

/// Of which parameter, and which page.
#[derive(Input, Debug)]
#[shape(name = "GetParameterHistoryRequest")]
pub(super) struct GetParameterHistoryInput {
    #[shape(required, min = 1, max = 2048)]
    name: String,
    with_decryption: Option<bool>,
    #[shape(min = 1, max = 50)]
    max_results: Option<i32>,
    next_token: Option<String>,
}

/// A page of versions.
#[derive(Output, Debug)]
#[shape(name = "GetParameterHistoryResult")]
pub(super) struct GetParameterHistoryOutput {
    parameters: Option<Vec<ParameterHistory>>,
    next_token: Option<String>,
}

/// A version.
#[derive(Output, Debug)]
pub(super) struct ParameterHistory {
    #[shape(min = 1, max = 2048)]
    name: Option<String>,
    r#type: Option<ParameterType>,
    #[shape(min = 1, max = 256, pattern = "^([a-zA-Z0-9:/_-]+)$")]
    key_id: Option<String>,
    last_modified_date: Option<Timestamp>,
    last_modified_user: Option<String>,
    #[shape(min = 0, max = 1024)]
    description: Option<String>,
    value: Option<Sensitive<String>>,
    #[shape(min = 0, max = 1024)]
    allowed_pattern: Option<String>,
    version: Option<i64>,
    #[shape(min = 1, max = 10, member(min = 1, max = 100))]
    labels: Option<Vec<String>>,
    tier: Option<ParameterTier>,
    policies: Option<Vec<ParameterInlinePolicy>>,
    #[shape(min = 0, max = 128)]
    data_type: Option<String>,
}

impl Operation for GetParameterHistory {
    const NAME: &'static str = "GetParameterHistory";
    const ACCESS: Access = Access::Read;
    const ERRORS: &'static [ErrorRow] = &[
        SsmError::InternalServerError.row(),
        SsmError::ParameterNotFound.row(),
        SsmError::InvalidNextToken.row(),
        SsmError::InvalidKeyId.row(),
    ];
    type Input = GetParameterHistoryInput;
    type Output = GetParameterHistoryOutput;

    async fn demands(call: &mut Call<'_>, input: &Self::Input) -> Result<Vec<Demand>, Fault> {
        permission::demands(call, "ssm:GetParameterHistory", &input.name).await
    }

    async fn run(call: &mut Call<'_>, input: &Self::Input) -> Result<Self::Output, Fault> {
        let reference = Reference::read(&input.name)?;
        let parameter = read::find(call, &reference).await?;
        let first = match &input.next_token {
            Some(token) => first_after(&parameter, token)?,
            None => parameter.oldest,
        };
        let page_max = i64::from(input.max_results.unwrap_or(PAGE_USUAL));
        let last = (first + page_max - 1).min(parameter.current.number);
        let with_decryption = input.with_decryption.unwrap_or(false);
        let earlier: Vec<_> = (first..=last.min(parameter.current.number - 1))
            .map(|number| parameter.version_key(number))
            .collect();
        let earlier = call.get_many::<ParameterVersionRecord>(&earlier).await?;
        let mut versions = Vec::with_capacity(earlier.len() + 1);
        for record in earlier.iter().flatten() {
            versions.push(history(call, &parameter, &record.version, with_decryption).await?);
        }
        if last == parameter.current.number {
            versions.push(history(call, &parameter, &parameter.current, with_decryption).await?);
        }
        let more = last < parameter.current.number;
        let next_token = more.then(|| page::token(&parameter.version_key(last)));
        Ok(GetParameterHistoryOutput { parameters: Some(versions), next_token })
    }
}

/// The number of the first version of the page that a token begins.
fn first_after(parameter: &ParameterRecord, token: &str) -> Result<i64, Fault> {
    let place = page::place(token, &parameter.versions_prefix());
    let number = place.and_then(|key| String::from_utf8(key.last_part()).ok()?.parse::<i64>().ok());
    let number = number.ok_or_else(listing::invalid_token)?;
    // Versions may have been dropped since the token was given.
    Ok(number.saturating_add(1).clamp(parameter.oldest, parameter.current.number))
}

async fn history(
    call: &mut Call<'_>,
    parameter: &ParameterRecord,
    version: &ParameterVersion,
    with_decryption: bool,
) -> Result<ParameterHistory, Fault> {
    let value = value::reveal(call, &parameter.arn(), version, with_decryption).await?;
    let labels = parameter.labels_on(version.number).into_iter().map(str::to_owned);
    Ok(ParameterHistory {
        name: Some(parameter.name.clone()),
        r#type: Some(version.r#type),
        key_id: version.key_id.clone(),
        last_modified_date: Some(version.modified),
        last_modified_user: Some(version.modified_by.clone()),
        description: version.description.clone(),
        value: Some(value),
        allowed_pattern: version.allowed_pattern.clone(),
        version: Some(version.number),
        labels: Some(labels.collect()),
        tier: Some(version.tier),
        policies: Some(version.policies.iter().map(ParameterInlinePolicy::from).collect()),
        data_type: Some(version.data_type.clone()),
    })
}

const PAGE_USUAL: i32 = 50;
