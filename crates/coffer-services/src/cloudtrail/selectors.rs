//! Event selectors: which events a trail exports.

use coffer_pipeline::AuditRecord;
use coffer_protocol::{AwsEnum, Fault, Input, Output};
use serde::{Deserialize, Serialize};

use super::errors::CloudTrailError;

/// What a trail's selectors are, where it has any of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Selectors {
    /// Of the first kind.
    Basic(Vec<BasicSelector>),
    /// Of the advanced kind.
    Advanced(Vec<AdvancedSelector>),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BasicSelector {
    reads: bool,
    writes: bool,
    management: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    excluded_sources: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AdvancedSelector {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    fields: Vec<FieldSelector>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FieldSelector {
    field: String,
    tests: Vec<(Test, Vec<String>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Test {
    Equals,
    StartsWith,
    EndsWith,
    NotEquals,
    NotStartsWith,
    NotEndsWith,
}

impl Selectors {
    /// Whether a trail with these exports a record.
    pub(super) fn select(&self, record: &AuditRecord) -> bool {
        match self {
            Self::Basic(all) => all.iter().any(|selector| selector.selects(record)),
            Self::Advanced(all) => {
                all.iter().any(|selector| selector.fields.iter().all(|field| field.holds(record)))
            }
        }
    }
}

impl BasicSelector {
    fn selects(&self, record: &AuditRecord) -> bool {
        let of_kind = if record.is_told_read_only() { self.reads } else { self.writes };
        self.management && of_kind && !self.excluded_sources.contains(&record.event_source)
    }
}

impl FieldSelector {
    fn holds(&self, record: &AuditRecord) -> bool {
        let value = field_of(record, &self.field);
        self.tests.iter().all(|(test, operands)| test.holds(value, operands))
    }
}

impl Test {
    /// Several operands are alternatives, and of a negation all must hold.
    fn holds(self, value: &str, operands: &[String]) -> bool {
        let any = |is: fn(&str, &str) -> bool| operands.iter().any(|operand| is(value, operand));
        match self {
            Self::Equals => any(|value, operand| value == operand),
            Self::StartsWith => any(|value, operand| value.starts_with(operand)),
            Self::EndsWith => any(|value, operand| value.ends_with(operand)),
            Self::NotEquals => !any(|value, operand| value == operand),
            Self::NotStartsWith => !any(|value, operand| value.starts_with(operand)),
            Self::NotEndsWith => !any(|value, operand| value.ends_with(operand)),
        }
    }
}

/// The fields that management events can be selected by.
fn field_of<'r>(record: &'r AuditRecord, field: &str) -> &'r str {
    match field {
        "eventCategory" => "Management",
        "readOnly" if record.is_told_read_only() => "true",
        "readOnly" => "false",
        "eventSource" => &record.event_source,
        "eventName" => &record.event_name,
        "eventType" => &record.event_type,
        "userIdentity.arn" => record.user_identity.arn.as_deref().unwrap_or_default(),
        "sessionCredentialFromConsole" => "false",
        _ => "",
    }
}

/// An event selector on the wire.
#[derive(Input, Output, Debug)]
#[shape(name = "EventSelector")]
pub(super) struct EventSelector {
    read_write_type: Option<ReadWriteType>,
    include_management_events: Option<bool>,
    data_resources: Option<Vec<DataResource>>,
    exclude_management_event_sources: Option<Vec<String>>,
}

/// Data events, of which coffer's services have none.
#[derive(Input, Output, Debug)]
pub(super) struct DataResource {
    #[shape(wire = "Type")]
    kind: Option<String>,
    values: Option<Vec<String>>,
}

/// Which events by what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AwsEnum)]
pub(super) enum ReadWriteType {
    ReadOnly,
    WriteOnly,
    All,
}

/// An advanced event selector on the wire.
#[derive(Input, Output, Debug)]
#[shape(name = "AdvancedEventSelector")]
pub(super) struct AdvancedEventSelector {
    #[shape(min = 0, max = 1000, pattern = ".*")]
    name: Option<String>,
    #[shape(required, min = 1)]
    field_selectors: Vec<AdvancedFieldSelector>,
}

/// One field of it.
#[derive(Input, Output, Debug)]
pub(super) struct AdvancedFieldSelector {
    #[shape(required, min = 1, max = 1000, pattern = r"[\w|\d|\.|_]+")]
    field: String,
    #[shape(min = 1, member(min = 1, max = 2048, pattern = ".+"))]
    equals: Option<Vec<String>>,
    #[shape(min = 1, member(min = 1, max = 2048, pattern = ".+"))]
    starts_with: Option<Vec<String>>,
    #[shape(min = 1, member(min = 1, max = 2048, pattern = ".+"))]
    ends_with: Option<Vec<String>>,
    #[shape(min = 1, member(min = 1, max = 2048, pattern = ".+"))]
    not_equals: Option<Vec<String>>,
    #[shape(min = 1, member(min = 1, max = 2048, pattern = ".+"))]
    not_starts_with: Option<Vec<String>>,
    #[shape(min = 1, member(min = 1, max = 2048, pattern = ".+"))]
    not_ends_with: Option<Vec<String>>,
}

/// Reads the selectors that a caller gives; only one of the two kinds.
pub(super) fn read(
    basic: Option<&[EventSelector]>,
    advanced: Option<&[AdvancedEventSelector]>,
) -> Result<Selectors, Fault> {
    match (basic.unwrap_or_default(), advanced.unwrap_or_default()) {
        ([], []) => Err(invalid("Event selectors can not be empty.")),
        (basic, []) => {
            if basic.len() > BASIC_MAX {
                return Err(invalid("A trail can have up to 5 event selectors."));
            }
            basic.iter().map(basic_of).collect::<Result<_, _>>().map(Selectors::Basic)
        }
        ([], advanced) => {
            let selectors = advanced.iter().map(advanced_of).collect::<Result<Vec<_>, _>>()?;
            let fields = selectors.iter().flat_map(|selector| &selector.fields);
            let tests = fields.flat_map(|field| &field.tests);
            let count: usize = tests.map(|(_, values)| values.len()).sum();
            if count > ADVANCED_VALUES_MAX {
                return Err(invalid("A trail can have up to 500 values in advanced selectors."));
            }
            Ok(Selectors::Advanced(selectors))
        }
        _ => Err(invalid("Only one of EventSelectors and AdvancedEventSelectors can be given.")),
    }
}

fn basic_of(selector: &EventSelector) -> Result<BasicSelector, Fault> {
    if selector.data_resources.as_ref().is_some_and(|resources| !resources.is_empty()) {
        return Err(invalid("coffer has no data events; leave DataResources empty."));
    }
    let excluded = selector.exclude_management_event_sources.clone().unwrap_or_default();
    if excluded.iter().any(|source| !EXCLUDABLE.contains(&source.as_str())) {
        return Err(invalid("Only kms.amazonaws.com or rdsdata.amazonaws.com can be excluded."));
    }
    let kind = selector.read_write_type.unwrap_or(ReadWriteType::All);
    Ok(BasicSelector {
        reads: kind != ReadWriteType::WriteOnly,
        writes: kind != ReadWriteType::ReadOnly,
        management: selector.include_management_events.unwrap_or(true),
        excluded_sources: excluded,
    })
}

fn advanced_of(selector: &AdvancedEventSelector) -> Result<AdvancedSelector, Fault> {
    let fields = selector.field_selectors.iter().map(field_selector_of);
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let is_management = |field: &FieldSelector| {
        field.field == "eventCategory"
            && matches!(field.tests.as_slice(), [(Test::Equals, all)] if all == &["Management"])
    };
    if !fields.iter().any(is_management) {
        return Err(invalid("coffer has management events alone; eventCategory must say so."));
    }
    Ok(AdvancedSelector { name: selector.name.clone(), fields })
}

fn field_selector_of(selector: &AdvancedFieldSelector) -> Result<FieldSelector, Fault> {
    if !FIELDS.contains(&selector.field.as_str()) {
        return Err(invalid("The field is not one that management events are selected by."));
    }
    let tests = [
        (Test::Equals, &selector.equals),
        (Test::StartsWith, &selector.starts_with),
        (Test::EndsWith, &selector.ends_with),
        (Test::NotEquals, &selector.not_equals),
        (Test::NotStartsWith, &selector.not_starts_with),
        (Test::NotEndsWith, &selector.not_ends_with),
    ];
    let given = tests.into_iter().filter_map(|(test, all)| Some((test, all.clone()?)));
    Ok(FieldSelector { field: selector.field.clone(), tests: given.collect() })
}

/// The selectors as they are told, of either kind.
pub(super) fn told(
    selectors: Option<&Selectors>,
) -> (Option<Vec<EventSelector>>, Option<Vec<AdvancedEventSelector>>) {
    match selectors {
        None => {
            // AWS: a trail without selectors of its own exports all management events.
            let usual = BasicSelector {
                reads: true,
                writes: true,
                management: true,
                excluded_sources: Vec::new(),
            };
            (Some(vec![told_basic(&usual)]), None)
        }
        Some(Selectors::Basic(all)) => (Some(all.iter().map(told_basic).collect()), None),
        Some(Selectors::Advanced(all)) => (None, Some(all.iter().map(told_advanced).collect())),
    }
}

fn told_basic(selector: &BasicSelector) -> EventSelector {
    let kind = match (selector.reads, selector.writes) {
        (true, false) => ReadWriteType::ReadOnly,
        (false, true) => ReadWriteType::WriteOnly,
        _ => ReadWriteType::All,
    };
    EventSelector {
        read_write_type: Some(kind),
        include_management_events: Some(selector.management),
        data_resources: Some(Vec::new()),
        exclude_management_event_sources: Some(selector.excluded_sources.clone()),
    }
}

fn told_advanced(selector: &AdvancedSelector) -> AdvancedEventSelector {
    let of = |field: &FieldSelector| {
        let find = |wanted: Test| {
            let found = field.tests.iter().find(|(test, _)| *test == wanted);
            found.map(|(_, all)| all.clone())
        };
        AdvancedFieldSelector {
            field: field.field.clone(),
            equals: find(Test::Equals),
            starts_with: find(Test::StartsWith),
            ends_with: find(Test::EndsWith),
            not_equals: find(Test::NotEquals),
            not_starts_with: find(Test::NotStartsWith),
            not_ends_with: find(Test::NotEndsWith),
        }
    };
    let field_selectors = selector.fields.iter().map(of).collect();
    AdvancedEventSelector { name: selector.name.clone(), field_selectors }
}

fn invalid(message: &str) -> Fault {
    CloudTrailError::InvalidEventSelectorsException.with(message)
}

const FIELDS: [&str; 7] = [
    "eventCategory",
    "readOnly",
    "eventSource",
    "eventName",
    "eventType",
    "userIdentity.arn",
    "sessionCredentialFromConsole",
];
const EXCLUDABLE: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];
const BASIC_MAX: usize = 5;
const ADVANCED_VALUES_MAX: usize = 500;
