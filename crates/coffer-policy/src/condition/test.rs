//! The values of a condition, read beforehand, and how a request's values are held against them.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::context::{ContextKeys, ContextValue};
use crate::date;
use crate::network::Network;
use crate::number::Number;
use crate::pattern::Pattern;
use crate::template::{Template, Version, Wildcards};

/// What an operator takes values for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    TextIgnoringCase,
    TextLike,
    Number(Comparison),
    Date(Comparison),
    Flag,
    Binary,
    Address,
    Arn,
    Null,
}

/// How two numbers are to be to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn is_true<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// The values of a condition. Those that could not be read are left out: nothing is equal to them.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Text(Box<[Template]>),
    TextIgnoringCase(Box<[Template]>),
    Number(Comparison, Box<[Number]>),
    Date(Comparison, Box<[i64]>),
    Flag(Box<[bool]>),
    Binary(Box<[Box<[u8]>]>),
    Address(Box<[Network]>),
    Arn(Box<[ArnTemplate]>),
    Null(Box<[bool]>),
}

impl Test {
    pub(crate) fn new(kind: Kind, values: &[&str], version: Version) -> Self {
        let templates = |wildcards| {
            values.iter().map(|value| Template::new(value, version, wildcards)).collect()
        };
        let flags = || values.iter().filter_map(|value| flag(value)).collect();
        match kind {
            Kind::Text => Self::Text(templates(Wildcards::Literal)),
            Kind::TextIgnoringCase => Self::TextIgnoringCase(templates(Wildcards::Literal)),
            Kind::TextLike => Self::Text(templates(Wildcards::Meant)),
            Kind::Number(comparison) => {
                let numbers = values.iter().filter_map(|value| Number::read(value)).collect();
                Self::Number(comparison, numbers)
            }
            Kind::Date(comparison) => {
                let dates = values.iter().filter_map(|value| date::millis(value)).collect();
                Self::Date(comparison, dates)
            }
            Kind::Flag => Self::Flag(flags()),
            Kind::Binary => Self::Binary(
                values.iter().filter_map(|value| Some(binary(value)?.into_boxed_slice())).collect(),
            ),
            Kind::Address => {
                Self::Address(values.iter().filter_map(|value| Network::read(value)).collect())
            }
            Kind::Arn => {
                Self::Arn(values.iter().map(|value| ArnTemplate::new(value, version)).collect())
            }
            Kind::Null => Self::Null(flags()),
        }
    }

    /// The keys of the variables in its values, in lower case.
    pub(crate) fn variables(&self) -> Vec<&str> {
        match self {
            Self::Text(templates) | Self::TextIgnoringCase(templates) => {
                templates.iter().flat_map(Template::keys).collect()
            }
            Self::Arn(templates) => templates.iter().flat_map(ArnTemplate::keys).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a value of the request is as one of the condition's.
    pub(crate) fn is_passed_by(&self, value: &ContextValue<'_>, keys: &dyn ContextKeys) -> bool {
        match self {
            Self::Text(templates) => {
                let text = value.text();
                templates.iter().any(|template| template.is_like(&text, keys) == Some(true))
            }
            Self::TextIgnoringCase(templates) => {
                let text = value.text();
                templates.iter().any(|template| template.is_same_ignoring_case(&text, keys))
            }
            Self::Number(comparison, numbers) => number(value).is_some_and(|value| {
                numbers.iter().any(|number| comparison.is_true(value, *number))
            }),
            Self::Date(comparison, dates) => instant(value)
                .is_some_and(|value| dates.iter().any(|date| comparison.is_true(value, *date))),
            Self::Flag(flags) => match value {
                ContextValue::Flag(value) => flags.contains(value),
                other => flag(&other.text()).is_some_and(|value| flags.contains(&value)),
            },
            Self::Binary(all) => {
                binary(&value.text()).is_some_and(|value| all.iter().any(|bytes| **bytes == *value))
            }
            Self::Address(networks) => address(value)
                .is_some_and(|value| networks.iter().any(|network| network.contains(value))),
            Self::Arn(templates) => {
                let text = value.text();
                templates.iter().any(|template| template.is_like(&text, keys))
            }
            // Whether a key is there is asked of the key, not of its values.
            Self::Null(_) => false,
        }
    }
}

fn flag(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn binary(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn number(value: &ContextValue<'_>) -> Option<Number> {
    match value {
        ContextValue::Number(number) => Some((*number).into()),
        ContextValue::Text(text) => Number::read(text),
        ContextValue::Instant(instant) => Some(instant.as_secs().into()),
        ContextValue::Flag(_) | ContextValue::Address(_) => None,
    }
}

fn instant(value: &ContextValue<'_>) -> Option<i64> {
    match value {
        ContextValue::Instant(instant) => Some(instant.as_millis()),
        ContextValue::Number(seconds) => Some(seconds.saturating_mul(1000)),
        ContextValue::Text(text) => date::millis(text),
        ContextValue::Flag(_) | ContextValue::Address(_) => None,
    }
}

fn address(value: &ContextValue<'_>) -> Option<IpAddr> {
    match value {
        ContextValue::Address(address) => Some(*address),
        ContextValue::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value that an ARN is held against, segment by segment.
#[derive(Debug, Clone)]
pub(crate) enum ArnTemplate {
    /// Its segments.
    Segments(Box<[Template; SEGMENTS]>),
    /// A value that is an ARN only when its variables are filled in.
    Whole(Template),
}

impl ArnTemplate {
    fn new(text: &str, version: Version) -> Self {
        let segments = split_outside_variables(text, version);
        let template = |text: &str| Template::new(text, version, Wildcards::Meant);
        match <[&str; SEGMENTS]>::try_from(segments) {
            Ok(segments) => Self::Segments(Box::new(segments.map(template))),
            Err(_) => Self::Whole(template(text)),
        }
    }

    fn keys(&self) -> Vec<&str> {
        match self {
            Self::Segments(templates) => templates.iter().flat_map(Template::keys).collect(),
            Self::Whole(template) => template.keys().collect(),
        }
    }

    fn is_like(&self, arn: &str, keys: &dyn ContextKeys) -> bool {
        let Some(segments) = segments(arn) else { return false };
        match self {
            Self::Segments(templates) => templates
                .iter()
                .zip(segments)
                .all(|(template, segment)| template.is_like(segment, keys) == Some(true)),
            Self::Whole(template) => template.fill(keys).is_some_and(|filled| {
                let mut patterns = filled.splitn(SEGMENTS, |byte| *byte == b':');
                segments.into_iter().all(|segment| {
                    patterns.next().is_some_and(|pattern| {
                        Pattern::of_marked(pattern.to_vec()).is_like(segment)
                    })
                })
            }),
        }
    }
}

fn segments(arn: &str) -> Option<[&str; SEGMENTS]> {
    let mut parts = arn.splitn(SEGMENTS, ':');
    let mut next = || parts.next();
    Some([next()?, next()?, next()?, next()?, next()?, next()?])
}

/// The segments of a value; the colons within variables are not between segments.
fn split_outside_variables(text: &str, version: Version) -> Vec<&str> {
    let mut segments = Vec::new();
    let mut start = 0;
    let mut is_inside = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if version == Version::V2012 && text.get(..at).is_some_and(ends_in_dollar) => {
                is_inside = true;
            }
            b'}' => is_inside = false,
            b':' if !is_inside && segments.len() + 1 < SEGMENTS => {
                segments.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    segments.extend(text.get(start..));
    segments
}

fn ends_in_dollar(text: &str) -> bool {
    text.ends_with('$')
}

/// An ARN has six segments, the last of which may have colons in it.
const SEGMENTS: usize = 6;

#[cfg(test)]
mod tests {
    use super::{Comparison, Kind, Test};
    use crate::context::{ContextKeys, ContextValue, ContextValues};
    use crate::template::Version;

    struct Keys;

    impl ContextKeys for Keys {
        fn values(&self, key: &str) -> Option<ContextValues<'_>> {
            match key {
                "aws:principalaccount" => Some("111122223333".into()),
                "aws:sourcearn" => Some("arn:aws:sns:us-east-1:1:topic".into()),
                "aws:username" => Some("1:role/x".into()),
                _ => None,
            }
        }
    }

    fn check<'a>(kind: Kind, wanted: &str, value: impl Into<ContextValue<'a>>, passes: bool) {
        let value = value.into();
        let test = Test::new(kind, &[wanted], Version::V2012);
        assert_eq!(test.is_passed_by(&value, &Keys), passes, "{value:?} {kind:?} {wanted}");
    }

    #[test]
    fn arns_are_held_against_each_other_segment_by_segment() {
        let topic = "arn:aws:sns:us-east-1:111122223333:a:b";
        for pattern in [
            "arn:aws:sns:us-east-1:111122223333:a:b",
            "arn:aws:sns:*:*:*",
            "arn:*:s?s:us-*-1:1*3:a*b",
            "arn:aws:sns:us-east-1:${aws:PrincipalAccount}:a:b",
        ] {
            check(Kind::Arn, pattern, topic, true);
        }
        for pattern in [
            "*",
            "arn:*",
            "arn:aws:sns:*",
            "arn:aws:sns:us-east-1:*:b",
            "ARN:aws:sns:us-east-1:111122223333:a:b",
            "arn:aws:sns:us-east-1:${aws:userid}:a:b",
        ] {
            check(Kind::Arn, pattern, topic, false);
        }
        check(Kind::Arn, "${aws:SourceArn}", "arn:aws:sns:us-east-1:1:topic", true);
        check(Kind::Arn, "${aws:SourceArn}", "arn:aws:sns:us-east-1:1:topics", false);
        check(Kind::Arn, "arn:aws:iam::${aws:username}:*", "arn:aws:iam::1:role/x:y", false);
        check(Kind::Arn, "*:*:*:*:*:*", "no ARN", false);
    }

    #[test]
    fn values_are_of_their_kind() {
        check(Kind::Number(Comparison::Equal), "1.50", "1.5", true);
        check(Kind::Number(Comparison::Less), "10", "9", true);
        check(Kind::Number(Comparison::GreaterOrEqual), "10", 10_i64, true);
        check(Kind::Number(Comparison::Equal), "x", "x", false);
        check(Kind::Date(Comparison::Less), "2026-11-22T12:00:00+02:00", "1795341599", true);
        check(Kind::Date(Comparison::Less), "2026-11-22T12:00:00+02:00", 1_795_341_600_i64, false);
        check(Kind::Flag, "TRUE", true, true);
        check(Kind::Flag, "true", "True", true);
        check(Kind::Flag, "false", true, false);
        check(Kind::Flag, "yes", "yes", false);
        check(Kind::Binary, "QmluYXJ5", "QmluYXJ5", true);
        check(Kind::Binary, "QmluYXJ5", "qmluYXJ5", false);
        check(Kind::Address, "10.0.0.0/8", "10.9.8.7", true);
        check(Kind::Address, "10.0.0.0/8", "somewhere", false);
        check(Kind::TextLike, "a*:?", "a:b:c", true);
        check(Kind::Text, "a*", "ab", false);
        check(Kind::Text, "a*", "a*", true);
        check(Kind::TextIgnoringCase, "ÄB", "äb", true);
        check(Kind::Text, "true", true, true);
    }
}
