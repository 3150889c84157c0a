//! REST-JSON: an operation is known by its method and path; members stand in path, query string,
//! headers and body.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_model::Sensitive;
use http::HeaderMap;
use serde_json::{Number, Value};

use crate::decode::{self, Members, Protocol};
use crate::shape::{Kind, Member, Place, Shape, of_input};
use crate::{Fault, Input, Output, json, query};

/// The content type of requests and answers.
pub const CONTENT_TYPE: &str = "application/json";

/// The header that has an error's code.
pub const ERROR_TYPE: &str = "x-amzn-errortype";

/// How an operation is asked for, as its model says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Http {
    /// The method.
    pub method: &'static str,
    /// The path: segments, of which `{Name}` stands for a member of the input.
    pub path: &'static str,
    /// The status of an answer that is no error.
    pub status: u16,
}

impl Http {
    /// The members in the path of a request, as they are encoded there; nothing where it is no
    /// request for this operation.
    pub fn labels<'p>(&self, method: &str, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
        if method != self.method {
            return None;
        }
        // AWS: older models end some paths with a slash, and so do the clients made of them.
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut labels = Vec::new();
        let mut given = path.split('/');
        for wanted in self.path.split('/') {
            let given = given.next()?;
            match wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(_) if given.is_empty() => return None,
                Some(name) => labels.push((name, given)),
                None if wanted != given => return None,
                None => {}
            }
        }
        given.next().is_none().then_some(labels)
    }
}

/// The parts of a request that members stand in.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, as it came.
    pub path: &'a str,
    /// The query string, as it came.
    pub query: Option<&'a str>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
}

/// Reads an operation's input. What stands elsewhere cannot be given by the body.
///
/// # Errors
/// What cannot be read, and the constraints that are broken.
pub fn decode<I: Input>(parts: &Parts<'_>, operation: &Http) -> Result<I, Fault> {
    let labels = operation.labels(parts.method, parts.path).unwrap_or_default();
    let pairs = pairs(parts.query.unwrap_or_default())?;
    let described = match of_input::<I>().kind {
        Kind::Structure { members, .. } => members(),
        _ => Vec::new(),
    };
    let has_payload = described.iter().any(|member| member.place == Place::Payload);
    let mut members = if has_payload { Vec::new() } else { json::members(parts.body)? };
    for member in described.iter().filter(|member| member.place != Place::Body) {
        members.retain(|(name, _)| name != member.wire);
        let value = match member.place {
            Place::Body | Place::Status => None,
            Place::Uri => label(&labels, member)?,
            Place::Query(name) => of_query(&pairs, name, member),
            Place::Header(name) => of_header(parts.headers, name, member)?,
            Place::Payload => payload(parts.body),
        };
        members.extend(value.map(|value| (Cow::Borrowed(member.wire), value)));
    }
    decode::input_of_members(Members::listed(members), Protocol::Json)
}

fn label(labels: &[(&str, &str)], member: &Member) -> Result<Option<Value>, Fault> {
    let Some((_, encoded)) = labels.iter().find(|(name, _)| *name == member.wire) else {
        return Ok(None);
    };
    // In a path, a plus sign is one.
    let text = unescaped(&encoded.replace('+', "%2B"))?;
    Ok(Some(typed(text, &member.shape)))
}

fn pairs(query: &str) -> Result<Vec<(String, String)>, Fault> {
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pairs.len() >= PAIRS_MAX {
            return Err(Fault::serialization("").with_cause("too many members in the query string"));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((unescaped(name)?, unescaped(value)?));
    }
    Ok(pairs)
}

fn of_query(pairs: &[(String, String)], name: &str, member: &Member) -> Option<Value> {
    let mut given = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
    if let Kind::List(of) = &member.shape.kind {
        let items: Vec<_> = given.map(|value| typed(value.clone(), of)).collect();
        return (!items.is_empty()).then_some(Value::Array(items));
    }
    given.next().map(|value| typed(value.clone(), &member.shape))
}

fn of_header(headers: &HeaderMap, name: &str, member: &Member) -> Result<Option<Value>, Fault> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text =
        value.to_str().map_err(|_| Fault::serialization("").with_cause("a header is not text"))?;
    Ok(Some(typed(text.to_owned(), &member.shape)))
}

/// A body that is no structure, as the value of its member.
fn payload(body: &[u8]) -> Option<Value> {
    (!body.is_empty()).then(|| Value::String(STANDARD.encode(body)))
}

/// A text as the value that its shape asks for; one that is none stays a text, and is told as a
/// value of the wrong type.
fn typed(text: String, shape: &Shape) -> Value {
    match shape.kind {
        Kind::Integer | Kind::Long => match text.parse::<i64>() {
            Ok(number) => Value::Number(Number::from(number)),
            Err(_) => Value::String(text),
        },
        Kind::Boolean => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::String(text),
        },
        _ => Value::String(text),
    }
}

fn unescaped(encoded: &str) -> Result<String, Fault> {
    query::text(encoded.as_bytes())
        .map_err(|fault| Fault::serialization("").with_cause(fault.cause.unwrap_or_default()))
}

/// What an answer has outside of its body's structure.
#[derive(Default)]
pub struct Placed {
    status: Option<u16>,
    headers: Vec<(&'static str, String)>,
    payload: Option<Vec<u8>>,
}

impl Placed {
    /// Adds a header.
    pub fn header(&mut self, name: &'static str, value: &impl ToString) {
        self.headers.push((name, value.to_string()));
    }

    /// Says the status.
    pub fn status(&mut self, status: i32) {
        self.status = u16::try_from(status).ok();
    }

    /// Says the body, which is empty where there is none.
    pub fn payload<P: Payload>(&mut self, payload: Option<&P>) {
        self.payload = Some(payload.map(|payload| payload.bytes().to_vec()).unwrap_or_default());
    }
}

/// What can be a whole body.
pub trait Payload {
    /// Its bytes.
    fn bytes(&self) -> &[u8];
}

impl Payload for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

impl Payload for Sensitive<Vec<u8>> {
    fn bytes(&self) -> &[u8] {
        self.expose()
    }
}

/// An answer, in parts.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers beside those that every answer has.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Writes an operation's answer; a fault's is [`Fault::to_rest_json`].
pub fn encode<O: Output>(operation: &Http, output: &O) -> Answer {
    let mut placed = Placed::default();
    output.place(&mut placed);
    let status = placed.status.unwrap_or(operation.status);
    let body = match placed.payload {
        Some(payload) => payload,
        None if status == NO_CONTENT => Vec::new(),
        None => json::encode(output),
    };
    Answer { status, headers: placed.headers, body }
}

const NO_CONTENT: u16 = 204;
const PAIRS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::Http;

    #[test]
    fn a_path_is_matched_by_whole_segments() {
        let operation =
            Http { method: "GET", path: "/2015-03-31/functions/{Name}/code", status: 200 };
        let labels = |method, path| operation.labels(method, path);
        let found = Some(vec![("Name", "arn%3Aa")]);
        assert_eq!(labels("GET", "/2015-03-31/functions/arn%3Aa/code"), found);
        assert_eq!(labels("GET", "/2015-03-31/functions/arn%3Aa/code/"), found);
        for (method, path) in [
            ("PUT", "/2015-03-31/functions/a/code"),
            ("GET", "/2015-03-31/functions//code"),
            ("GET", "/2015-03-31/functions/a"),
            ("GET", "/2015-03-31/functions/a/code/b"),
            ("GET", "/2015-03-31/functions/a/Code"),
            ("GET", ""),
        ] {
            assert_eq!(labels(method, path), None, "{method} {path}");
        }
    }
}
