//! What the targets of `fuzz/` reach of this service.

use coffer_model::{AccountId, Region, Timestamp};
use coffer_protocol::Input;
use coffer_store::golden::Rewriter;

use super::count::ParameterCountRecord;
use super::data_type::{DataType, validate};
use super::filter::{Listing, read};
use super::listing::Range;
use super::name::{Reference, hierarchy, path_of, plain_name};
use super::parameter::{ParameterRecord, ParameterType, ParameterVersionRecord};
use super::policy::schedule::PolicyPlanRecord;
use super::resource_policy::ResourcePolicyRecord;
use super::setting::SettingRecord;
use super::wire::ParameterStringFilter;

/// Its tables.
pub const RECORDS: &[Rewriter] = &[
    Rewriter::of::<ParameterCountRecord>(),
    Rewriter::of::<ParameterRecord>(),
    Rewriter::of::<ParameterVersionRecord>(),
    Rewriter::of::<PolicyPlanRecord>(),
    Rewriter::of::<ResourcePolicyRecord>(),
    Rewriter::of::<SettingRecord>(),
];

/// Which of these parameters the filters of a request choose: of `DescribeParameters`, or of
/// `GetParametersByPath`. Nothing for filters that are refused.
///
/// # Errors
/// The name of a parameter that is chosen and would not be looked at.
pub fn chosen(
    listing_is_description: bool,
    filters: &[u8],
    parameters: &[ParameterRecord],
) -> Option<Result<Vec<bool>, String>> {
    let asked: Asked = coffer_protocol::json::decode(filters).ok()?;
    let listing = if listing_is_description { Listing::Describe } else { Listing::ByPath };
    let filters = read(listing, &asked.parameter_filters).ok()?;
    let range = filters.range();
    let chosen = parameters.iter().map(|parameter| {
        let is_met = filters.are_met(parameter);
        let is_seen = !is_met || is_within(&range, parameter);
        is_seen.then_some(is_met).ok_or_else(|| parameter.name.clone())
    });
    Some(chosen.collect())
}

#[derive(Input, Debug)]
struct Asked {
    #[shape(required)]
    parameter_filters: Vec<ParameterStringFilter>,
}

fn is_within(range: &Range, parameter: &ParameterRecord) -> bool {
    let path = path_of(&parameter.name);
    match range {
        Range::Beginning(start) => path.starts_with(start.as_str()),
        Range::OneLevel(start) => {
            path.strip_prefix(start.as_str()).is_some_and(|rest| !rest.contains('/'))
        }
        Range::Paths(paths) => paths.iter().any(|wanted| wanted == path),
        Range::Tagged { key, value } => parameter.tags.get(key) == Some(value),
    }
}

/// What words for a parameter mean: the path, and the path of the ARN that it is named by in turn.
pub fn named(words: &str) -> Option<(String, Option<String>)> {
    let reference = Reference::read(words).ok()?;
    let home = || (AccountId::dev(), Region::global());
    let (account, region) = reference.owner.clone().unwrap_or_else(home);
    let arn = super::name::arn_of(account, &region, reference.path);
    let again = Reference::read(&arn).ok().map(|again| again.path.to_owned());
    Some((reference.path.to_owned(), again))
}

/// Reads a text as a name, as a hierarchy, as a list of parameter policies.
pub fn read_texts(text: &str, now: Timestamp) -> [bool; 3] {
    [plain_name(text).is_ok(), hierarchy(text).is_ok(), super::policy::read(text, now).is_ok()]
}

/// Whether a value is fit for an expression of values; nothing for what is no expression.
pub fn is_allowed(pattern: &str, value: &str) -> bool {
    super::allowed_pattern::check(pattern, ParameterType::String, value).is_ok()
}

/// Whether a value is of a data type, and what the caller of a parameter of this type is told where it
/// is refused. Nothing where there is no such data type, or no such type.
pub fn is_of(
    data_type: &str,
    parameter_type: &str,
    value: &str,
) -> Option<(bool, Result<(), String>)> {
    let named = DataType::named(data_type).ok()?;
    let parameter_type: ParameterType = parameter_type.parse().ok()?;
    let told = validate(data_type, parameter_type, value).map_err(|fault| fault.message);
    Some((named.is_met_by(value), told))
}
