//! awsJson: targets, content types, bodies.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::decode::{self, Members, Protocol};
use crate::{Fault, Input, Output};

/// What `X-Amz-Target` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// The service: `AmazonSSM`, `secretsmanager`, `TrentService`.
    pub prefix: &'a str,
    /// The operation: `PutParameter`.
    pub operation: &'a str,
}

impl<'a> Target<'a> {
    /// Splits the header's value at its last dot.
    pub fn parse(header: &'a str) -> Option<Self> {
        let (prefix, operation) = header.rsplit_once('.')?;
        let is_named = !prefix.is_empty() && !operation.is_empty();
        is_named.then_some(Self { prefix, operation })
    }
}

/// The version of awsJson that a request speaks, and its answer should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonVersion {
    /// `application/x-amz-json-1.0`
    V1_0,
    /// `application/x-amz-json-1.1`
    V1_1,
}

impl JsonVersion {
    /// Reads a content type; parameters such as `charset` are ignored.
    pub fn of_content_type(header: &str) -> Option<Self> {
        let essence = header.split(';').next().unwrap_or(header).trim();
        [Self::V1_1, Self::V1_0]
            .into_iter()
            .find(|version| essence.eq_ignore_ascii_case(version.content_type()))
    }

    /// The content type of requests and answers.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::V1_0 => "application/x-amz-json-1.0",
            Self::V1_1 => "application/x-amz-json-1.1",
        }
    }
}

/// Reads an operation's input from a request's body; an empty body is an empty object.
pub fn decode<I: Input>(body: &[u8]) -> Result<I, Fault> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return decode::input(Value::Object(Map::new()), Protocol::Json);
    }
    match serde_json::from_slice(body) {
        Ok(Body::Structure(members)) => {
            decode::input_of_members(Members::listed(members), Protocol::Json)
        }
        Ok(Body::List) => decode::input(Value::Array(Vec::new()), Protocol::Json),
        // AWS: a body that is no JSON or no structure is answered without a message (observed for
        // Athena, 2026-09). serde_json's own bound of 128 levels ends up here as well.
        Err(error) => Err(Fault::serialization("").with_cause(error)),
    }
}

/// Reads the members of a REST request's body, which may have none.
pub(crate) fn members(body: &[u8]) -> Result<Vec<(Cow<'_, str>, Value)>, Fault> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    match serde_json::from_slice(body) {
        Ok(Body::Structure(members)) => Ok(members),
        Ok(Body::List) => Err(Fault::serialization(decode::LIST_UNEXPECTED)),
        Err(error) => Err(Fault::serialization("").with_cause(error)),
    }
}

/// What a body is. The members of a structure are kept as they come, their names in place: most
/// structures have few, and each member is asked for once.
enum Body<'a> {
    Structure(Vec<(Cow<'a, str>, Value)>),
    List,
}

impl<'de> Deserialize<'de> for Body<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a structure")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body<'de>, A::Error> {
        let mut members = Vec::with_capacity(MEMBERS_USUAL);
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Body::Structure(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Body<'de>, A::Error> {
        while items.next_element::<Value>()?.is_some() {}
        Ok(Body::List)
    }
}

/// A member's name: where nothing in it is escaped, as it stands in the body.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

/// Writes an operation's answer; a fault's is [`Fault::to_json`].
pub fn encode<O: Output>(output: &O) -> Vec<u8> {
    let mut out = Vec::with_capacity(ANSWER_BYTES_GUESS);
    output.encode_json(&mut out);
    out
}

/// No operation that is called often has more.
const MEMBERS_USUAL: usize = 4;
const ANSWER_BYTES_GUESS: usize = 1024;
