//! Condition keys: those that a simulation is given, and those that policies ask for.

use std::collections::{BTreeMap, BTreeSet};

use coffer_policy::{ContextKeys, ContextValue, ContextValues, Request};
use coffer_protocol::Fault;
use serde_json::Value;

use super::caller::SimulatedCaller;
use super::source::{Source, Sources, invalid};
use crate::iam::wire_simulation::{ContextEntry, ContextKeyType};

/// The condition keys of a simulation, by lower-case name.
pub(super) struct Entries(BTreeMap<String, ContextValues<'static>>);

impl Entries {
    /// Takes the keys that a request gives, and below them those of the caller.
    ///
    /// # Errors
    /// `InvalidInput` for values that are not of their key's type.
    pub(super) fn new(
        given: Option<&Vec<ContextEntry>>,
        caller: &SimulatedCaller,
    ) -> Result<Self, Fault> {
        let of_caller = caller.keys.iter();
        let mut entries: BTreeMap<_, _> =
            of_caller.map(|(key, value)| (key.clone(), one(value.clone()))).collect();
        for entry in given.into_iter().flatten() {
            let (Some(name), Some(kind)) = (&entry.context_key_name, entry.context_key_type) else {
                return Err(invalid("A context entry needs a key name and a key type."));
            };
            let values = entry.context_key_values.as_deref().unwrap_or_default();
            entries.insert(name.to_lowercase(), values_of(name, kind, values)?);
        }
        Ok(Self(entries))
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains_key(&key.to_lowercase())
    }
}

impl ContextKeys for Entries {
    fn values(&self, key: &str) -> Option<ContextValues<'_>> {
        self.0.get(key).cloned()
    }
}

fn one(value: String) -> ContextValues<'static> {
    ContextValues::One(ContextValue::from(value))
}

fn values_of(
    name: &str,
    kind: ContextKeyType,
    values: &[String],
) -> Result<ContextValues<'static>, Fault> {
    use ContextKeyType::{BinaryList, BooleanList, DateList, IpList, NumericList, StringList};
    let is_list =
        matches!(kind, BinaryList | BooleanList | DateList | IpList | NumericList | StringList);
    let mut read = Vec::with_capacity(values.len());
    for value in values {
        read.push(value_of(kind, value).ok_or_else(|| {
            invalid(&format!("Invalid value of type {kind} for context key {name}: {value}"))
        })?);
    }
    match (is_list, read.len()) {
        (true, _) => Ok(ContextValues::Many(read)),
        (false, 1) => Ok(read.into_iter().collect_one()),
        (false, _) => Err(invalid(&format!("Context key {name} of type {kind} needs one value."))),
    }
}

fn value_of(kind: ContextKeyType, value: &str) -> Option<ContextValue<'static>> {
    use ContextKeyType::{Boolean, BooleanList, Ip, IpList, Numeric, NumericList};
    match kind {
        Boolean | BooleanList => value.to_ascii_lowercase().parse::<bool>().ok().map(Into::into),
        Numeric | NumericList => {
            value.parse::<f64>().ok().map(|_| ContextValue::from(value.to_owned()))
        }
        // A text that is a range of addresses is held against others as a text.
        Ip | IpList => match value.parse::<std::net::IpAddr>() {
            Ok(address) => Some(address.into()),
            Err(_) => Some(value.to_owned().into()),
        },
        _ => Some(value.to_owned().into()),
    }
}

trait CollectOne {
    fn collect_one(self) -> ContextValues<'static>;
}

impl<I: Iterator<Item = ContextValue<'static>>> CollectOne for I {
    fn collect_one(mut self) -> ContextValues<'static> {
        match self.next() {
            Some(value) => ContextValues::One(value),
            None => ContextValues::Many(Vec::new()),
        }
    }
}

/// The condition keys that statements about a request ask for, and that the simulation lacks.
/// AWS: service control policies do not count here (IAM API reference, EvaluationResult).
pub(super) fn missing(request: &Request<'_>, sources: &Sources, keys: &Entries) -> Vec<String> {
    let mut missing = BTreeSet::new();
    for source in sources.identity.iter().chain(&sources.boundary).chain(&sources.resource) {
        let wanted = wanted_of(request, source);
        if wanted.is_empty() {
            continue;
        }
        let named = context_keys_of(&source.text);
        missing.extend(
            named.into_iter().filter(|key| wanted.contains(&key.to_lowercase()) && !keys.has(key)),
        );
    }
    missing.into_iter().collect()
}

/// The keys that a policy's statements about a request ask for, in lower case.
fn wanted_of(request: &Request<'_>, source: &Source) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    let statements = source.policy().statements().iter();
    for statement in statements.filter(|statement| statement.is_about_action(request.action)) {
        let variables: Vec<_> = statement.resources().flat_map(variables_of).collect();
        if statement.concerns(request) {
            wanted.extend(statement.context_keys().map(str::to_owned));
        }
        wanted.extend(variables.into_iter().map(|name| name.to_lowercase()));
    }
    wanted
}

/// The condition keys that a policy names, in conditions and in variables, in the order of their
/// names. A key that is written in several ways is named once.
pub(super) fn context_keys_of(text: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let mut keys = BTreeMap::new();
    let mut add = |key: &str| {
        keys.entry(key.to_lowercase()).or_insert_with(|| key.to_owned());
    };
    let statements = document.get("Statement").map(each).unwrap_or_default();
    for statement in statements {
        let operators = statement.get("Condition").and_then(Value::as_object);
        for conditions in operators.into_iter().flatten().filter_map(|(_, all)| all.as_object()) {
            conditions.keys().for_each(|key| add(key));
        }
        for member in ["Resource", "NotResource", "Condition"] {
            for value in statement.get(member).map(texts).unwrap_or_default() {
                variables_of(value).into_iter().for_each(&mut add);
            }
        }
    }
    keys.into_values().collect()
}

/// The names of the variables in a text: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`.
fn variables_of(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for piece in text.split("${").skip(1) {
        let Some((inner, _)) = piece.split_once('}') else { continue };
        let name = inner.split(',').next().unwrap_or_default().trim();
        if !["*", "?", "$", ""].contains(&name) {
            names.push(name);
        }
    }
    names
}

fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}

/// All texts in a value, however deep.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{context_keys_of, variables_of};

    #[test]
    fn keys_are_found_in_conditions_and_in_variables() {
        let text = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/${aws:username}/${*}",
             "Condition": {
                "StringEquals": {"aws:PrincipalTag/team": "${aws:SourceIdentity, 'x'}"},
                "Bool": {"aws:securetransport": "true"}}},
            {"Effect": "Deny", "Action": "*", "NotResource": "*",
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
        ]}"#;
        assert_eq!(
            context_keys_of(text),
            ["aws:PrincipalTag/team", "aws:securetransport", "aws:SourceIdentity", "aws:username"]
        );
        assert!(variables_of("${*}${?}${$}${unclosed").is_empty());
    }
}
