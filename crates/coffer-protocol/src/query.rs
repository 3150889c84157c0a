//! awsQuery: form bodies in, XML out.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::decode::{self, Protocol, clipped};
use crate::encode::element;
use crate::{Encode as _, Fault, Input, MessageMember, Output};

/// The content type of requests.
pub const REQUEST_CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// The content type of answers.
pub const ANSWER_CONTENT_TYPE: &str = "text/xml";

/// A form: `Action=…&Version=…` and an operation's members.
#[derive(Debug)]
pub struct Form {
    members: Map<String, Value>,
}

impl Form {
    /// Reads a form body, or a query string.
    pub fn parse(form: &[u8]) -> Result<Self, Fault> {
        let mut members = Map::new();
        let pairs = form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        for (count, pair) in pairs.enumerate() {
            if count >= PAIRS_MAX {
                return Err(malformed("too many members"));
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = text(halves.next().unwrap_or_default())?;
            let value = text(halves.next().unwrap_or_default())?;
            insert(&mut members, &name, value)?;
        }
        Ok(Self { members })
    }

    /// The operation that the form asks for.
    pub fn action(&self) -> Option<&str> {
        self.members.get("Action").and_then(Value::as_str)
    }

    /// The API version that the form speaks.
    pub fn version(&self) -> Option<&str> {
        self.members.get("Version").and_then(Value::as_str)
    }

    /// Reads the operation's input.
    pub fn decode<I: Input>(self) -> Result<I, Fault> {
        decode::input(Value::Object(self.members), Protocol::Query)
    }
}

/// Writes an operation's answer; a fault's is [`Fault::to_xml`].
pub fn encode<O: Output>(
    operation: &str,
    namespace: &str,
    output: &O,
    request_id: &str,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(ANSWER_BYTES_GUESS);
    out.push(b'<');
    operation.encode_xml(&mut out);
    out.extend_from_slice(b"Response xmlns=\"");
    namespace.encode_xml(&mut out);
    out.extend_from_slice(b"\">");
    if !O::NOTHING {
        element(&format!("{operation}Result"), output, &mut out);
    }
    out.extend_from_slice(b"<ResponseMetadata>");
    element("RequestId", request_id, &mut out);
    out.extend_from_slice(b"</ResponseMetadata></");
    operation.encode_xml(&mut out);
    out.extend_from_slice(b"Response>");
    out
}

/// Puts `Tags.member.1.Key` where it belongs; a name that is both a leaf and a branch is refused.
// Observed: what is said twice counts as it was said first (STS's AssumeRole, 2026-07); the
// sentences about indexes, and that `01` is `1` (IAM's TagUser, 2026-09: radkawar/stackd,
// testdata/aws/iam/tag_inputs.json).
fn insert(members: &mut Map<String, Value>, name: &str, value: String) -> Result<(), Fault> {
    let mut segments = name.split('.');
    let mut slot = members.entry(segments.next().unwrap_or_default()).or_insert(Value::Null);
    let mut is_after_index = false;
    for (depth, segment) in segments.enumerate() {
        if depth >= DEPTH_MAX {
            return Err(malformed("members nest too deep"));
        }
        if segment.starts_with('-') {
            let told = format!("Key {} may not have a leading '-'", clipped(segment));
            return Err(malformed_input(told));
        }
        let is_index = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        if is_index && is_after_index {
            return Err(malformed_input("Two index elements may not occur back to back"));
        }
        is_after_index = is_index;
        let segment = if is_index { index(segment)? } else { segment };
        // An empty list is sent as `Tags=`, also by clients that then add to it.
        if slot.is_null() || slot.as_str() == Some("") {
            *slot = Value::Object(Map::new());
        }
        let Value::Object(inner) = slot else {
            return Err(malformed("a member is both a value and a structure"));
        };
        slot = inner.entry(segment).or_insert(Value::Null);
    }
    match slot {
        Value::Object(_) if value.is_empty() => Ok(()),
        Value::Object(_) => Err(malformed("a member is both a value and a structure")),
        Value::Null => {
            *slot = Value::String(value);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The index of a list's member, without leading zeros.
fn index(digits: &str) -> Result<&str, Fault> {
    let index = digits.trim_start_matches('0');
    if index.is_empty() {
        return Err(malformed_input("0 is not a valid index"));
    }
    // Observed of SES, which speaks the protocol too (floci-io/floci, SesQueryHandler).
    if index.parse::<u32>().map_or(true, |number| number > INDEX_MAX) {
        return Err(malformed_input(format!("Index {} is illegal", clipped(digits))));
    }
    Ok(index)
}

/// Decodes `+` and `%20`.
pub(crate) fn text(encoded: &[u8]) -> Result<String, Fault> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (rest.next().and_then(hex), rest.next().and_then(hex));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(malformed("a percent sign is not followed by two digits"));
                };
                high << 4 | low
            }
            plain => *plain,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed("a member is not UTF-8"))
}

fn hex(digit: &u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn malformed(cause: impl Into<Cow<'static, str>>) -> Fault {
    // AWS: the name is in the common errors of the query services; the sentence is ours.
    let message = "The query string contains a syntax error.";
    Fault::new("MalformedQueryString", 400, MessageMember::Lower, message).with_cause(cause.into())
}

fn malformed_input(message: impl Into<String>) -> Fault {
    Fault::serialization(message).in_query()
}

const PAIRS_MAX: usize = 4096;
const DEPTH_MAX: usize = 16;
const INDEX_MAX: u32 = 214_748_369;
const ANSWER_BYTES_GUESS: usize = 1024;
