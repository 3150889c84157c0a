//! Every operation compared with AWS's published model, as botocore carries it: input members and
//! their constraints, output members, errors; in REST protocols also where they stand.
//!
//! What coffer lacks stands in `tests/unsupported.txt`, and where it knowingly differs in
//! `tests/differences.txt`. Both lists may only shrink: an entry that is no longer true fails.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use coffer_pipeline::{Entry, Protocol, Service};
use coffer_services::SERVICES;
use serde_json::{Map, Value, json};

#[test]
fn every_operation_is_as_the_model_says() {
    let mut differences = Vec::new();
    for (service, model) in services() {
        for entry in service.operations {
            compare(service.name, entry, &model, &mut differences);
        }
    }
    assert_ratchet("differences.txt", &differences.into_iter().collect());
}

#[test]
fn operations_that_are_lacking_are_listed() {
    let mut lacking = BTreeSet::new();
    for (service, model) in services() {
        let ours: BTreeSet<&str> = service.operations.iter().map(|entry| entry.name).collect();
        for name in model["operations"].as_object().unwrap().keys() {
            let concerns_us = service.name != "ssm" || PARAMETER_STORE.contains(&name.as_str());
            if concerns_us && !ours.contains(name.as_str()) {
                lacking.insert(format!("{} {name}", service.name));
            }
        }
    }
    assert_ratchet("unsupported.txt", &lacking);
}

fn services() -> Vec<(&'static Service, Value)> {
    let ours = SERVICES.iter().filter(|service| service.name != "coffer");
    ours.map(|service| (service, model(service.name))).collect()
}

fn compare(service: &str, entry: &Entry, model: &Value, differences: &mut Vec<String>) {
    let name = entry.name;
    let operation = &model["operations"][name];
    assert!(operation.is_object(), "{service} has no operation {name} in the model");
    let at = format!("{service} {name}");
    let input = shape_of(model, operation.get("input"), Side::Input);
    diff(
        &format!("{at} input"),
        &input,
        &ours(&(entry.input)().to_json(), Side::Input),
        differences,
    );
    let output = shape_of(model, operation.get("output"), Side::Output);
    let our_output = ours(&(entry.output)().to_json(), Side::Output);
    diff(&format!("{at} output"), &output, &our_output, differences);
    compare_errors(&at, entry, model, operation, differences);
    compare_http(&at, entry, operation, differences);
}

/// Method, path and status, where these say which operation is asked for.
fn compare_http(at: &str, entry: &Entry, operation: &Value, differences: &mut Vec<String>) {
    let Some(http) = entry.http else { return };
    let ours = json!({
        "method": http.method, "requestUri": http.path, "responseCode": http.status,
    });
    diff(&format!("{at} http"), &operation["http"], &ours, differences);
}

#[test]
fn every_operation_of_a_rest_service_says_how_it_is_asked_for() {
    for (service, _) in services() {
        let is_rest = service.protocol == Protocol::RestJson;
        let unlike = |entry: &&Entry| entry.http.is_some() != is_rest;
        assert!(!service.operations.iter().any(|entry| unlike(&entry)), "{}", service.name);
    }
}

fn compare_errors(
    at: &str,
    entry: &Entry,
    model: &Value,
    operation: &Value,
    differences: &mut Vec<String>,
) {
    let theirs: BTreeSet<String> = operation["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| error_line(model, error["shape"].as_str().unwrap()))
        .collect();
    let ours: BTreeSet<String> = entry
        .errors
        .iter()
        .map(|row| {
            let member = row.member.name().unwrap_or("-");
            format!("{} {} {} {member}", row.name, row.code, row.status)
        })
        .collect();
    for line in theirs.difference(&ours) {
        differences.push(format!("{at} error missing: {line}"));
    }
    for line in ours.difference(&theirs) {
        differences.push(format!("{at} error not in the model: {line}"));
    }
}

/// An error of the model: shape, code, status, and the member that carries its message.
fn error_line(model: &Value, shape: &str) -> String {
    let described = &model["shapes"][shape];
    let code = described["error"]["code"].as_str().unwrap_or(shape);
    let is_fault = described["fault"].as_bool().unwrap_or(false);
    let status = described["error"]["httpStatusCode"].as_i64();
    let status = status.unwrap_or(if is_fault { 500 } else { 400 });
    let members = described["members"].as_object().unwrap();
    let member = ["message", "Message"].into_iter().find(|name| members.contains_key(*name));
    // AWS: CloudTrail's model gives its errors no members, and they come with `message` all the
    // same (aws-cli#3048).
    let is_cloudtrail = model["metadata"]["endpointPrefix"] == "cloudtrail";
    let usual = if is_cloudtrail { "message" } else { "-" };
    format!("{shape} {code} {status} {}", member.unwrap_or(usual))
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Input,
    Output,
}

/// A shape of the model with all shapes it names put in place.
fn shape_of(model: &Value, reference: Option<&Value>, side: Side) -> Value {
    match reference {
        Some(reference) => {
            resolve(model, reference["shape"].as_str().unwrap(), side, &mut Vec::new())
        }
        None => json!({"type": "structure", "members": {}}),
    }
}

fn resolve(model: &Value, name: &str, side: Side, outer: &mut Vec<String>) -> Value {
    if outer.iter().any(|seen| seen == name) {
        return json!({"recursive": name});
    }
    outer.push(name.to_owned());
    let shape = &model["shapes"][name];
    let mut out = Map::new();
    out.insert("type".to_owned(), json!(plain_type(shape["type"].as_str().unwrap())));
    if let Some(members) = shape["members"].as_object() {
        let members: Map<_, _> = members
            .iter()
            .map(|(key, member)| {
                let resolved = resolve(model, member["shape"].as_str().unwrap(), side, outer);
                (key.clone(), resolved)
            })
            .collect();
        out.insert("members".to_owned(), Value::Object(members));
        let places = places_of(shape);
        if !places.is_empty() {
            out.insert("places".to_owned(), Value::Object(places));
        }
    }
    for part in ["member", "key", "value"] {
        if let Some(inner) = shape[part]["shape"].as_str() {
            out.insert(part.to_owned(), resolve(model, inner, side, outer));
        }
    }
    for constraint in CONSTRAINTS {
        if let Some(value) = shape.get(constraint) {
            out.insert(constraint.to_owned(), value.clone());
        }
    }
    outer.pop();
    normal(out, side)
}

/// Where members stand that are not in the body's structure.
fn places_of(shape: &Value) -> Map<String, Value> {
    let mut places = Map::new();
    for (name, member) in shape["members"].as_object().into_iter().flatten() {
        let place = match member["location"].as_str() {
            Some("statusCode") => json!(["statusCode"]),
            Some(location) => json!([location, member["locationName"]]),
            None if shape["payload"] == json!(name) => json!(["payload"]),
            None => continue,
        };
        places.insert(name.clone(), place);
    }
    places
}

/// Our description with what only we have left out.
fn ours(shape: &Value, side: Side) -> Value {
    let Some(shape) = shape.as_object() else { return shape.clone() };
    let mut out = Map::new();
    for (key, value) in shape {
        let value = match key.as_str() {
            "members" => {
                let members = value.as_object().unwrap().iter();
                Value::Object(
                    members.map(|(name, member)| (name.clone(), ours(member, side))).collect(),
                )
            }
            "member" | "key" | "value" => ours(value, side),
            "order" | "name" => continue,
            "type" => json!(plain_type(value.as_str().unwrap())),
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    normal(out, side)
}

/// What says the same is written the same; answers are not held to constraints.
fn normal(mut shape: Map<String, Value>, side: Side) -> Value {
    if side == Side::Output {
        for constraint in CONSTRAINTS {
            shape.remove(constraint);
        }
    }
    if shape.get("type") == Some(&json!("structure")) {
        // Sensitive structures mark their members; ours are marked where the value is.
        shape.remove("sensitive");
        shape.entry("members").or_insert(json!({}));
    }
    let is_number = matches!(shape.get("type").and_then(Value::as_str), Some("integer" | "long"));
    if !is_number && shape.get("min") == Some(&json!(0)) {
        shape.remove("min");
    }
    if let Some(required) = shape.get_mut("required").and_then(Value::as_array_mut) {
        required.sort_by_key(|name| name.as_str().unwrap().to_owned());
        if required.is_empty() {
            shape.remove("required");
        }
    }
    Value::Object(shape)
}

fn plain_type(name: &str) -> &str {
    if name == "float" { "double" } else { name }
}

fn diff(at: &str, theirs: &Value, ours: &Value, differences: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
            for key in keys {
                let inner = format!("{at}.{key}");
                match (theirs.get(key), ours.get(key)) {
                    (Some(theirs), Some(ours)) => diff(&inner, theirs, ours, differences),
                    (Some(_), None) => differences.push(format!("{inner} missing")),
                    _ => differences.push(format!("{inner} not in the model")),
                }
            }
        }
        _ if theirs == ours => {}
        _ => differences.push(format!("{at}: the model has {theirs}, coffer has {ours}")),
    }
}

fn assert_ratchet(file: &str, found: &BTreeSet<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let listed: BTreeSet<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let new: Vec<_> = found.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(found).collect();
    assert!(new.is_empty(), "not in tests/{file}, so mend it: {new:#?}");
    assert!(stale.is_empty(), "no longer true, so strike it from tests/{file}: {stale:#?}");
}

/// Reads a service's model from the botocore that the test set-up installs.
fn model(service: &str) -> Value {
    let folder = botocore().join(service);
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    versions.sort();
    let file = versions.last().unwrap().join("service-2.json.gz");
    let bytes = std::fs::read(&file).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn botocore() -> PathBuf {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/lib");
    let pythons = std::fs::read_dir(&venv).unwrap_or_else(|error| {
        panic!("no botocore in `{}` ({error}): run `cargo xtask test`", venv.display())
    });
    let found = pythons
        .map(|entry| entry.unwrap().path().join("site-packages/botocore/data"))
        .find(|path| path.is_dir());
    found.unwrap_or_else(|| panic!("no botocore in `{}`: run `cargo xtask test`", venv.display()))
}

const CONSTRAINTS: [&str; 6] = ["required", "enum", "min", "max", "pattern", "sensitive"];

/// The part of SSM that coffer is: Parameter Store, its tags, settings and sharing.
const PARAMETER_STORE: [&str; 19] = [
    "AddTagsToResource",
    "DeleteParameter",
    "DeleteParameters",
    "DeleteResourcePolicy",
    "DescribeParameters",
    "GetParameter",
    "GetParameterHistory",
    "GetParameters",
    "GetParametersByPath",
    "GetResourcePolicies",
    "GetServiceSetting",
    "LabelParameterVersion",
    "ListTagsForResource",
    "PutParameter",
    "PutResourcePolicy",
    "RemoveTagsFromResource",
    "ResetServiceSetting",
    "UnlabelParameterVersion",
    "UpdateServiceSetting",
];
