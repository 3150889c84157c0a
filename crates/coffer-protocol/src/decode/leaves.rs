//! Texts, numbers, booleans, blobs and instants.
//!
//! AWS: the sentences about wrong types are those that the JSON services answer with (observed by
//! several public test suites for Athena, SES, X-Ray and DynamoDB, 2024 to 2026).

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_model::Sensitive;
use zeroize::Zeroize;

use super::{Decode, Decoder, Path, Seen, UnknownValue, Value, constraint};
use crate::Fault;
use crate::shape::{Kind, Rules, Shape};

/// A list where something else belongs.
pub(crate) const LIST_UNEXPECTED: &str = "Start of list found where not expected";

/// A structure or map where something else belongs.
pub(crate) const MAP_UNEXPECTED: &str = "Start of structure or map found where not expected.";

impl Decode for String {
    const SIMPLE: bool = true;

    fn shape(rules: &Rules) -> Shape {
        Shape::string(&[], rules)
    }

    fn is_violated(value: &Value, rules: &Rules) -> bool {
        value.as_str().is_some_and(|text| is_text_violated(text, rules))
    }

    fn constraints(rules: &Rules) -> Vec<String> {
        constraint::of_text(rules)
    }

    fn decode(
        value: Value,
        rules: &Rules,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<Self>, Fault> {
        let text = text(value, decoder)?;
        if is_text_violated(&text, rules) {
            note_text(&text, rules, at, decoder);
        }
        Ok(Some(text))
    }
}

impl Decode for bool {
    const SIMPLE: bool = true;

    fn shape(rules: &Rules) -> Shape {
        Shape::new(Kind::Boolean, rules)
    }

    fn decode(
        value: Value,
        _rules: &Rules,
        _at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<Self>, Fault> {
        match &value {
            Value::Bool(flag) => Ok(Some(*flag)),
            Value::String(text) if decoder.is_query() => match text.as_str() {
                "true" => Ok(Some(true)),
                "false" => Ok(Some(false)),
                _ => Err(mistyped(&value, "a Boolean", decoder)),
            },
            // Some services of AWS read any text as true; that is no behaviour to rely on.
            _ => Err(mistyped(&value, "a Boolean", decoder)),
        }
    }
}

impl Decode for Vec<u8> {
    const SIMPLE: bool = false;

    fn shape(rules: &Rules) -> Shape {
        Shape::new(Kind::Blob, rules)
    }

    /// A blob's bounds count its bytes, and it is never shown.
    fn decode(
        value: Value,
        rules: &Rules,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<Self>, Fault> {
        let mut encoded = match value {
            Value::String(encoded) => encoded,
            other => return Err(mistyped(&other, "a Blob", decoder)),
        };
        let decoded = STANDARD.decode(&encoded);
        let length = encoded.len();
        encoded.zeroize();
        let Ok(bytes) = decoded else {
            return Err(decoder.mistyped(if length.is_multiple_of(4) {
                "Invalid Base64 character".to_owned()
            } else {
                format!(
                    "Base64 encoded length is expected a multiple of 4 bytes but found: {length}"
                )
            }));
        };
        note_length(bytes.len(), Seen::Hidden, rules, at, decoder);
        Ok(Some(bytes))
    }
}

impl<T: Decode + Zeroize> Decode for Sensitive<T> {
    const SIMPLE: bool = T::SIMPLE;
    const SENSITIVE: bool = true;

    fn shape(rules: &Rules) -> Shape {
        Shape { sensitive: true, ..T::shape(rules) }
    }

    fn is_violated(value: &Value, rules: &Rules) -> bool {
        T::is_violated(value, rules)
    }

    fn constraints(rules: &Rules) -> Vec<String> {
        T::constraints(rules)
    }

    fn decode(
        value: Value,
        rules: &Rules,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<Self>, Fault> {
        let decoded = decoder.veiled(|decoder| T::decode(value, rules, at, decoder))?;
        Ok(decoded.map(Self::new))
    }
}

impl<T: Decode> Decode for Box<T> {
    const SIMPLE: bool = T::SIMPLE;
    const SENSITIVE: bool = T::SENSITIVE;

    fn shape(rules: &Rules) -> Shape {
        T::shape(rules)
    }

    fn is_violated(value: &Value, rules: &Rules) -> bool {
        T::is_violated(value, rules)
    }

    fn constraints(rules: &Rules) -> Vec<String> {
        T::constraints(rules)
    }

    fn decode(
        value: Value,
        rules: &Rules,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<Self>, Fault> {
        Ok(T::decode(value, rules, at, decoder)?.map(Self::new))
    }
}

/// Reads one of an enum's values.
pub fn enumeration<T: FromStr<Err = UnknownValue>>(
    value: Value,
    values: &[&str],
    _rules: &Rules,
    at: &Path<'_>,
    decoder: &mut Decoder,
) -> Result<Option<T>, Fault> {
    let text = text(value, decoder)?;
    match text.parse() {
        Ok(known) => Ok(Some(known)),
        Err(UnknownValue) => {
            decoder.note(at, Seen::Text(&text), &constraint::enum_constraint(values));
            Ok(None)
        }
    }
}

/// What is said of a value of the wrong type.
pub(crate) fn mistyped(value: &Value, wanted: &str, decoder: &Decoder) -> Fault {
    let found = match value {
        Value::Array(_) => return decoder.mistyped(LIST_UNEXPECTED),
        // Observed: in a form, what has members where a value is wanted is told as a list.
        Value::Object(_) if decoder.is_query() => return decoder.mistyped(LIST_UNEXPECTED),
        Value::Object(_) => return decoder.mistyped(MAP_UNEXPECTED),
        Value::String(_) => "STRING_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::Null => "NULL_VALUE",
    };
    decoder.mistyped(format!("{found} can not be converted to {wanted}"))
}

/// Whether a length is within its bounds.
pub(crate) fn is_length_within(length: usize, rules: &Rules) -> bool {
    within(i64::try_from(length).unwrap_or(i64::MAX), rules)
}

/// Notes too long or too short a length.
pub(crate) fn note_length(
    length: usize,
    seen: Seen<'_>,
    rules: &Rules,
    at: &Path<'_>,
    decoder: &mut Decoder,
) {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    if let Some(max) = rules.max.filter(|max| length > *max) {
        decoder.note(at, seen, &constraint::length_max(max));
    }
    if let Some(min) = rules.min.filter(|min| length < *min) {
        decoder.note(at, seen, &constraint::length_min(min));
    }
}

/// Whether a text breaks its constraints.
pub(crate) fn is_text_violated(text: &str, rules: &Rules) -> bool {
    let bounded = rules.min.is_some() || rules.max.is_some();
    (bounded && !within(characters(text), rules))
        || rules.pattern.is_some_and(|pattern| !pattern.is_match(text))
}

fn note_text(text: &str, rules: &Rules, at: &Path<'_>, decoder: &mut Decoder) {
    let seen = Seen::Text(text);
    // AWS: the pattern comes before the length where both fail (observed for Cognito, Kinesis).
    if let Some(pattern) = rules.pattern.filter(|pattern| !pattern.is_match(text)) {
        decoder.note(at, seen, &constraint::pattern(pattern.source()));
    }
    let length = usize::try_from(characters(text)).unwrap_or(usize::MAX);
    note_length(length, seen, rules, at, decoder);
}

/// The length that AWS's bounds are about: Unicode scalar values, as Smithy defines it.
fn characters(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

pub(crate) fn within(number: i64, rules: &Rules) -> bool {
    rules.min.is_none_or(|min| number >= min) && rules.max.is_none_or(|max| number <= max)
}

fn text(value: Value, decoder: &Decoder) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(mistyped(&other, "a String", decoder)),
    }
}
