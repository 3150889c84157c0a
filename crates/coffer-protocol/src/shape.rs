//! What a wire structure looks like, as data.
//!
//! Structures are described once, by `#[derive(Input)]`, `#[derive(Output)]` or both:
//!
//! | attribute | on | says |
//! | --- | --- | --- |
//! | `name = "Tag"` | struct | the AWS shape's name, where it is not the struct's |
//! | `wire = "ARN"` | field, variant | the name on the wire, where it is not the field's in PascalCase or the variant's |
//! | `required` | field | must be there (a plain `T`; every other field is an `Option<T>`) |
//! | `default` | field | a plain `T` that may be absent, and then is `T::default()` |
//! | `min = 1`, `max = 2048` | field | bounds of a number, a text's characters, a blob's bytes, a list's or map's entries |
//! | `pattern = "[a-z]+"` | field | the model's pattern, unchanged; it must match the whole text |
//! | `check = path::to::function` | field | beside `pattern`: a `fn(&str) -> bool` where `regex` cannot |
//! | `sensitive` | field | the value is never echoed (implied by `Sensitive<T>`) |
//! | `member(min = 1, ..)` | list field | the same constraints, for each member |
//! | `key(..)`, `value(..)` | map field | the same constraints, for each key or value |
//! | `uri` | field of a REST input | it stands in the path, under its wire name |
//! | `query = "tagKeys"`, `header = "X-Amz-..."` | field of a REST input or output | it stands there |
//! | `payload` | field of a REST input or output | it is the whole body |
//! | `status` | field of a REST output | it is the HTTP status |

use std::fmt;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::{Decode, Encode, Input, Output};

/// What an operation's input looks like.
pub fn of_input<I: Input>() -> Shape {
    <I as Decode>::shape(Rules::NONE)
}

/// What an operation's output looks like.
pub fn of_output<O: Output>() -> Shape {
    <O as Encode>::shape(Rules::NONE)
}

/// The constraints on a member, and on the members, keys and values within it.
#[derive(Debug, Default)]
pub struct Rules {
    /// The least value, length or size.
    pub min: Option<i64>,
    /// The greatest value, length or size.
    pub max: Option<i64>,
    /// What a text must match.
    pub pattern: Option<&'static Pattern>,
    /// Whether the value must not be shown.
    pub sensitive: bool,
    /// The rules of a list's members.
    pub member: Option<&'static Rules>,
    /// The rules of a map's keys.
    pub key: Option<&'static Rules>,
    /// The rules of a map's values.
    pub value: Option<&'static Rules>,
}

impl Rules {
    /// No constraint at all.
    pub const NONE: &'static Self = &Self {
        min: None,
        max: None,
        pattern: None,
        sensitive: false,
        member: None,
        key: None,
        value: None,
    };

    /// The rules of a list's members.
    pub fn of_member(&self) -> &'static Self {
        self.member.unwrap_or(Self::NONE)
    }

    /// The rules of a map's keys.
    pub fn of_key(&self) -> &'static Self {
        self.key.unwrap_or(Self::NONE)
    }

    /// The rules of a map's values.
    pub fn of_value(&self) -> &'static Self {
        self.value.unwrap_or(Self::NONE)
    }
}

/// A pattern of AWS's model, and how it is matched.
pub struct Pattern {
    source: &'static str,
    matcher: Matcher,
}

enum Matcher {
    Regex { expression: &'static str, compiled: OnceLock<Option<Regex>> },
    Check(fn(&str) -> bool),
}

impl Pattern {
    /// A pattern matched by a regular expression; `derive(Input)` has seen it compile.
    pub const fn new(source: &'static str, expression: &'static str) -> Self {
        Self { source, matcher: Matcher::Regex { expression, compiled: OnceLock::new() } }
    }

    /// A pattern matched by a function.
    pub const fn checked(source: &'static str, check: fn(&str) -> bool) -> Self {
        Self { source, matcher: Matcher::Check(check) }
    }

    /// The pattern as the model writes it.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Whether the whole text matches. A pattern that cannot be compiled matches nothing.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.matcher {
            Matcher::Check(check) => check(text),
            Matcher::Regex { expression, compiled } => compiled
                .get_or_init(|| Regex::new(expression).ok())
                .as_ref()
                .is_some_and(|regex| regex.is_match(text)),
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.source)
    }
}

/// What a value on the wire looks like.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Its type.
    pub kind: Kind,
    /// The least value, length or size.
    pub min: Option<i64>,
    /// The greatest value, length or size.
    pub max: Option<i64>,
    /// What a text must match.
    pub pattern: Option<&'static str>,
    /// Whether the value must not be shown.
    pub sensitive: bool,
}

/// The type of a shape.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Named members; they are made when asked for, so that a structure may hold itself.
    Structure {
        /// The AWS name of the shape.
        name: &'static str,
        /// Makes the members.
        members: fn() -> Vec<Member>,
    },
    /// Values in order.
    List(Box<Shape>),
    /// Values by text.
    Map {
        /// The keys' shape.
        key: Box<Shape>,
        /// The values' shape.
        value: Box<Shape>,
    },
    /// A text; one of a set, where the set is not empty.
    String(&'static [&'static str]),
    /// A number of 32 bits.
    Integer,
    /// A number of 64 bits.
    Long,
    /// A floating point number.
    Double,
    /// True or false.
    Boolean,
    /// Bytes.
    Blob,
    /// An instant.
    Timestamp,
}

/// A member of a structure.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name on the wire.
    pub wire: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it looks like.
    pub shape: Shape,
    /// Where it stands, in REST protocols.
    pub place: Place,
}

/// Where a member stands in the requests and answers of REST protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the body's structure, as everywhere in the other protocols.
    Body,
    /// In the path, under the member's own name.
    Uri,
    /// In the query string, under this name.
    Query(&'static str),
    /// In the header of this name.
    Header(&'static str),
    /// It is the body.
    Payload,
    /// It is the HTTP status.
    Status,
}

impl Place {
    /// The place in the botocore model's words, where it is not the body's structure.
    fn described(self, wire: &str) -> Option<Value> {
        Some(match self {
            Self::Body => return None,
            Self::Uri => json!(["uri", wire]),
            Self::Query(name) => json!(["querystring", name]),
            Self::Header(name) => json!(["header", name]),
            Self::Payload => json!(["payload"]),
            Self::Status => json!(["statusCode"]),
        })
    }
}

impl Shape {
    /// A shape under rules.
    pub fn new(kind: Kind, rules: &Rules) -> Self {
        Self {
            kind,
            min: rules.min,
            max: rules.max,
            pattern: rules.pattern.map(Pattern::source),
            sensitive: rules.sensitive,
        }
    }

    /// A text under rules; one of a set, where the set is not empty.
    pub fn string(values: &'static [&'static str], rules: &Rules) -> Self {
        Self::new(Kind::String(values), rules)
    }

    /// A structure.
    pub fn structure(name: &'static str, members: fn() -> Vec<Member>) -> Self {
        Self::new(Kind::Structure { name, members }, Rules::NONE)
    }

    /// A list of such members.
    pub fn list(member: Self, rules: &Rules) -> Self {
        Self::new(Kind::List(Box::new(member)), rules)
    }

    /// A map of such keys and values.
    pub fn map(key: Self, value: Self, rules: &Rules) -> Self {
        Self::new(Kind::Map { key: Box::new(key), value: Box::new(value) }, rules)
    }

    /// The description as JSON, in the botocore model's words: `type`, `members`, `required`,
    /// `member`, `key`, `value`, `enum`, `min`, `max`, `pattern`, `sensitive`; with the members'
    /// names in order as `order`, and in `places` where those stand that are not in the body's
    /// structure. A structure within itself is only `{"recursive": name}`.
    pub fn to_json(&self) -> Value {
        self.described(&mut Vec::new())
    }

    fn described(&self, outer: &mut Vec<&'static str>) -> Value {
        let mut json = Map::new();
        let kind = match &self.kind {
            Kind::Structure { name, members } => {
                if outer.contains(name) {
                    return json!({ "recursive": name });
                }
                outer.push(name);
                describe_members(name, &members(), outer, &mut json);
                outer.pop();
                "structure"
            }
            Kind::List(member) => {
                json.insert("member".to_owned(), member.described(outer));
                "list"
            }
            Kind::Map { key, value } => {
                json.insert("key".to_owned(), key.described(outer));
                json.insert("value".to_owned(), value.described(outer));
                "map"
            }
            Kind::String(values) => {
                if !values.is_empty() {
                    json.insert("enum".to_owned(), json!(values));
                }
                "string"
            }
            Kind::Integer => "integer",
            Kind::Long => "long",
            Kind::Double => "double",
            Kind::Boolean => "boolean",
            Kind::Blob => "blob",
            Kind::Timestamp => "timestamp",
        };
        json.insert("type".to_owned(), json!(kind));
        self.describe_constraints(&mut json);
        Value::Object(json)
    }

    fn describe_constraints(&self, json: &mut Map<String, Value>) {
        if let Some(min) = self.min {
            json.insert("min".to_owned(), json!(min));
        }
        if let Some(max) = self.max {
            json.insert("max".to_owned(), json!(max));
        }
        if let Some(pattern) = self.pattern {
            json.insert("pattern".to_owned(), json!(pattern));
        }
        if self.sensitive {
            json.insert("sensitive".to_owned(), json!(true));
        }
    }
}

fn describe_members(
    name: &'static str,
    members: &[Member],
    outer: &mut Vec<&'static str>,
    json: &mut Map<String, Value>,
) {
    let shapes: Map<_, _> = members
        .iter()
        .map(|member| (member.wire.to_owned(), member.shape.described(outer)))
        .collect();
    let order: Vec<_> = members.iter().map(|member| member.wire).collect();
    let required: Vec<_> =
        members.iter().filter(|member| member.required).map(|member| member.wire).collect();
    let places: Map<_, _> = members
        .iter()
        .filter_map(|member| Some((member.wire.to_owned(), member.place.described(member.wire)?)))
        .collect();
    if !places.is_empty() {
        json.insert("places".to_owned(), Value::Object(places));
    }
    json.insert("name".to_owned(), json!(name));
    json.insert("members".to_owned(), Value::Object(shapes));
    json.insert("order".to_owned(), json!(order));
    json.insert("required".to_owned(), json!(required));
}
