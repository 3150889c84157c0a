//! Event selectors of trails: what is told of them is read as the same, and they select what a second
//! evaluator, which reads what is told, selects.

use coffer_pipeline::AuditRecord;
use coffer_services::cloudtrail::fuzzed::selected;
use serde_json::Value;

use crate::names::context;
use crate::{Target, input};

pub(crate) const TARGET: Target = Target { name: "event_selectors", bytes_max: 16 * 1024, run };

/// A line with the source of an event and its name behind it, and the request's JSON.
fn run(input: &[u8]) {
    let Some((words, body)) = input::head(input) else { return };
    let (source, name) = words.split_once(' ').unwrap_or((words, ""));
    let records = [record(source, name), record("ssm", "PutParameter"), record("kms", "Decrypt")];
    let Some((told, chosen)) = selected(body, &records) else { return };
    let (told_again, chosen_again) = selected(&told, &records).unwrap();
    let text = String::from_utf8(told).unwrap();
    assert_eq!(text.as_bytes(), told_again);
    assert_eq!(chosen, chosen_again, "{text}");
    let selectors: Value = serde_json::from_str(&text).unwrap();
    for (record, chosen) in records.iter().zip(chosen) {
        let expected = is_selected(&selectors, record);
        assert_eq!(chosen, [expected; 2], "{text} {} {}", record.event_source, record.event_name);
    }
}

fn record(service: &str, name: &str) -> AuditRecord {
    let record = AuditRecord::new(&context(), service, name, Vec::new());
    AuditRecord { read_only: name.starts_with("De"), ..record }
}

/// The second evaluator.
fn is_selected(selectors: &Value, record: &AuditRecord) -> bool {
    if let Value::Array(all) = &selectors["AdvancedEventSelectors"] {
        let fields = |selector: &Value| {
            let fields = selector["FieldSelectors"].as_array().unwrap();
            fields.iter().all(|field| holds(field, record))
        };
        return all.iter().any(fields);
    }
    let all = selectors["EventSelectors"].as_array().unwrap();
    all.iter().any(|selector| {
        let kind = selector["ReadWriteType"].as_str().unwrap();
        let excluded = &selector["ExcludeManagementEventSources"];
        let is_excluded = |source: &Value| source == record.event_source.as_str();
        let other = if record.is_told_read_only() { "WriteOnly" } else { "ReadOnly" };
        selector["IncludeManagementEvents"] == true
            && kind != other
            && !excluded.as_array().is_some_and(|all| all.iter().any(is_excluded))
    })
}

fn holds(selector: &Value, record: &AuditRecord) -> bool {
    let is_read_only = record.is_told_read_only().to_string();
    let value: &str = match selector["Field"].as_str().unwrap() {
        "eventCategory" => "Management",
        "readOnly" => &is_read_only,
        "eventSource" => &record.event_source,
        "eventName" => &record.event_name,
        "eventType" => &record.event_type,
        "userIdentity.arn" => record.user_identity.arn.as_deref().unwrap_or_default(),
        "sessionCredentialFromConsole" => "false",
        field => panic!("no field that events are selected by: {field}"),
    };
    let any = |test: &str, is: fn(&str, &str) -> bool| {
        let operands = selector[test].as_array()?;
        Some(operands.iter().any(|operand| is(value, operand.as_str().unwrap())))
    };
    let is = |value: &str, operand: &str| value == operand;
    let starts = |value: &str, operand: &str| value.starts_with(operand);
    let ends = |value: &str, operand: &str| value.ends_with(operand);
    any("Equals", is) != Some(false)
        && any("StartsWith", starts) != Some(false)
        && any("EndsWith", ends) != Some(false)
        && any("NotEquals", is) != Some(true)
        && any("NotStartsWith", starts) != Some(true)
        && any("NotEndsWith", ends) != Some(true)
}
