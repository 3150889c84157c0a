//! Lists and maps.

use std::collections::BTreeMap;

use serde_json::Map;

use super::{Decode, Decoder, Path, Seen, Value, constraint, echo, leaves};
use crate::Fault;
use crate::shape::{Rules, Shape};

impl<T: Decode> Decode for Vec<T> {
    const SIMPLE: bool = false;
    const SENSITIVE: bool = T::SENSITIVE;

    fn shape(rules: &Rules) -> Shape {
        Shape::list(T::shape(rules.of_member()), rules)
    }

    fn decode(
        value: Value,
        rules: &Rules,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<Self>, Fault> {
        let items = items(value, decoder)?;
        let is_noted = note_list::<T>(&items, rules, at, decoder);
        if is_noted {
            decoder.unnoted(|decoder| members(items, Rules::NONE, at, decoder)).map(Some)
        } else {
            members(items, rules.of_member(), at, decoder).map(Some)
        }
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    const SIMPLE: bool = false;
    const SENSITIVE: bool = T::SENSITIVE;

    fn shape(rules: &Rules) -> Shape {
        let key = Shape::string(&[], rules.of_key());
        Shape::map(key, T::shape(rules.of_value()), rules)
    }

    fn decode(
        value: Value,
        rules: &Rules,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<Self>, Fault> {
        let entries = entries(value, decoder)?;
        let is_noted = note_map::<T>(&entries, rules, at, decoder);
        if is_noted {
            decoder.unnoted(|decoder| values(entries, Rules::NONE, at, decoder)).map(Some)
        } else {
            values(entries, rules.of_value(), at, decoder).map(Some)
        }
    }
}

/// Notes the list's size, and its members' constraints where the members are simple; says whether
/// it did the latter.
fn note_list<T: Decode>(
    items: &[Value],
    rules: &Rules,
    at: &Path<'_>,
    decoder: &mut Decoder,
) -> bool {
    let of_member = rules.of_member();
    let has_null = T::SIMPLE && items.iter().any(Value::is_null);
    let is_broken =
        has_null || (T::SIMPLE && items.iter().any(|item| T::is_violated(item, of_member)));
    if !is_broken && leaves::is_length_within(items.len(), rules) {
        return false;
    }
    let shown = if T::SENSITIVE || of_member.sensitive { None } else { echo::of_items(items) };
    let seen = shown.as_deref().map_or(Seen::Hidden, Seen::Text);
    if is_broken {
        // AWS: simple members are reported as a whole, with all that is asked of them (observed for
        // Lambda, ACM and, through Cloud Control, SSM); the null sentence stands last.
        let null = has_null.then(|| constraint::NOT_NULL.to_owned());
        let all: Vec<_> = T::constraints(of_member).into_iter().chain(null).collect();
        decoder.note(at, seen, &format!("Member must satisfy constraint: [{}]", all.join(", ")));
    }
    leaves::note_length(items.len(), seen, rules, at, decoder);
    is_broken
}

/// Notes the map's size, its keys' constraints, and its values' where these are simple; says
/// whether it did the latter.
fn note_map<T: Decode>(
    entries: &Map<String, Value>,
    rules: &Rules,
    at: &Path<'_>,
    decoder: &mut Decoder,
) -> bool {
    let of_key = rules.of_key();
    let of_value = rules.of_value();
    let keys_broken = entries.keys().any(|key| leaves::is_text_violated(key, of_key));
    let has_null = T::SIMPLE && entries.values().any(Value::is_null);
    let values_broken =
        has_null || (T::SIMPLE && entries.values().any(|value| T::is_violated(value, of_value)));
    let is_hidden = T::SENSITIVE || of_key.sensitive || of_value.sensitive;
    if !keys_broken && !values_broken && leaves::is_length_within(entries.len(), rules) {
        return false;
    }
    let pairs = entries.iter().map(|(key, value)| (key.as_str(), value));
    let shown = if is_hidden { None } else { echo::of_entries(pairs) };
    let seen = shown.as_deref().map_or(Seen::Hidden, Seen::Text);
    if keys_broken {
        let all = constraint::of_text(of_key).join(", ");
        decoder.note(at, seen, &format!("Map keys must satisfy constraint: [{all}]"));
    }
    if values_broken {
        let null = has_null.then(|| constraint::NOT_NULL.to_owned());
        let all: Vec<_> = T::constraints(of_value).into_iter().chain(null).collect();
        decoder.note(at, seen, &format!("Map value must satisfy constraint: [{}]", all.join(", ")));
    }
    leaves::note_length(entries.len(), seen, rules, at, decoder);
    values_broken
}

fn members<T: Decode>(
    items: Vec<Value>,
    rules: &Rules,
    at: &Path<'_>,
    decoder: &mut Decoder,
) -> Result<Vec<T>, Fault> {
    let mut members = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let at = Path::Index(at, index);
        if item.is_null() {
            decoder.note(&at, Seen::Null, constraint::NOT_NULL);
            continue;
        }
        members.extend(super::read::<T>(item, rules, &at, decoder)?);
    }
    Ok(members)
}

fn values<T: Decode>(
    entries: Map<String, Value>,
    rules: &Rules,
    at: &Path<'_>,
    decoder: &mut Decoder,
) -> Result<BTreeMap<String, T>, Fault> {
    let mut values = BTreeMap::new();
    for (key, value) in entries {
        let at = Path::Key(at, &key);
        if value.is_null() {
            decoder.note(&at, Seen::Null, constraint::NOT_NULL);
            continue;
        }
        if let Some(value) = super::read::<T>(value, rules, &at, decoder)? {
            values.insert(key, value);
        }
    }
    Ok(values)
}

fn items(value: Value, decoder: &Decoder) -> Result<Vec<Value>, Fault> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Object(members) if decoder.is_query() => numbered(members, "member", decoder),
        Value::Object(_) => Err(decoder.mistyped(leaves::MAP_UNEXPECTED)),
        Value::String(text) if decoder.is_query() && text.is_empty() => Ok(Vec::new()),
        _ => Err(decoder.mistyped("Expected list or null")),
    }
}

fn entries(value: Value, decoder: &Decoder) -> Result<Map<String, Value>, Fault> {
    match value {
        Value::Object(members) if decoder.is_query() => {
            let pairs = numbered(members, "entry", decoder)?.into_iter().filter_map(|entry| {
                let Value::Object(mut entry) = entry else { return None };
                match (entry.remove("key")?, entry.remove("value")?) {
                    (Value::String(key), value) => Some((key, value)),
                    _ => None,
                }
            });
            Ok(pairs.collect())
        }
        Value::Object(entries) => Ok(entries),
        Value::Array(_) => Err(decoder.mistyped(leaves::LIST_UNEXPECTED)),
        Value::String(text) if decoder.is_query() && text.is_empty() => Ok(Map::new()),
        _ => Err(decoder.mistyped("Expected map or null")),
    }
}

/// The members of a query's list, in order: `X.member.1`, or `X.1` where the list is flattened.
///
/// Observed of IAM (radkawar/stackd, testdata/aws/iam/query_collections.json, 2026-09): members that
/// are left out are there with nothing in them, up to ten in a row, and what has a name in the place
/// of an index is the only member.
fn numbered(
    mut members: Map<String, Value>,
    between: &str,
    decoder: &Decoder,
) -> Result<Vec<Value>, Fault> {
    let inner = match members.remove(between) {
        Some(Value::Object(inner)) => inner,
        Some(Value::String(text)) if text.is_empty() => return Ok(Vec::new()),
        Some(_) => return Err(decoder.mistyped("Unexpected list element termination")),
        None => members,
    };
    let mut found: Vec<(usize, Value)> = Vec::new();
    let mut named = Map::new();
    for (key, value) in inner {
        match key.parse().ok().filter(|_| !key.starts_with('+')) {
            Some(index) => found.push((index, value)),
            None => drop(named.insert(key, value)),
        }
    }
    if found.is_empty() && !named.is_empty() {
        return Ok(vec![Value::Object(named)]);
    }
    found.sort_by_key(|(index, _)| *index);
    let mut items = Vec::with_capacity(found.len());
    let mut last = 1;
    for (index, value) in found {
        let skipped = index.saturating_sub(last);
        if skipped > SKIPPED_MAX {
            let skipped = in_thousands(skipped);
            let told = format!("Excessively sparse input would skip {skipped} list elements");
            return Err(decoder.mistyped(told));
        }
        items.resize(index.saturating_sub(1), Value::String(String::new()));
        items.push(value);
        last = index;
    }
    Ok(items)
}

/// A number as AWS writes it in this place: `1,499`.
fn in_thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const SKIPPED_MAX: usize = 10;
