//! Requests, read from a tree of values; every broken constraint is reported at once.
//!
//! Two things can be wrong. A value of the wrong type ends the reading at once with a
//! `SerializationException`. A broken constraint is noted, and reading goes on; all of them make
//! one `ValidationException`.

use std::borrow::Cow;

use crate::Fault;
use crate::audit::{ASKED, Audit};
use crate::shape::{Rules, Shape};

mod collections;
mod constraint;
mod echo;
mod leaves;
mod numbers;

pub use constraint::enum_constraint;
pub(crate) use echo::clipped;
pub(crate) use leaves::LIST_UNEXPECTED;
pub use leaves::enumeration;
pub use serde_json::Value;

/// A value that can be read from a request, and says what it looks like.
pub trait Decode: Sized {
    /// Whether it is a text, a number or a boolean: AWS reports a list of these as a whole, and
    /// the members of a list of others one by one.
    const SIMPLE: bool;

    /// Whether it is, or holds, what must not be shown.
    const SENSITIVE: bool = false;

    /// What the value looks like, under the rules of the member that holds it.
    fn shape(rules: &Rules) -> Shape;

    /// Whether a simple value breaks its constraints; what has the wrong type does not.
    fn is_violated(_value: &Value, _rules: &Rules) -> bool {
        false
    }

    /// All constraints on a simple value, in words.
    fn constraints(_rules: &Rules) -> Vec<String> {
        Vec::new()
    }

    /// Reads the value. Nothing comes back where a constraint is broken so that there is no
    /// value; that has been noted.
    fn decode(
        value: Value,
        rules: &Rules,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<Self>, Fault>;
}

/// A structure that an operation reads; made by `#[derive(Input)]`.
pub trait Input: Decode + Audit<ASKED> {
    /// Reads the structure of its members, as [`Decode::decode`] reads it of a value.
    fn of_members(
        members: Members<'_>,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<Self>, Fault>;
}

/// A text was not one of an enum's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownValue;

impl std::fmt::Display for UnknownValue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the text is not one of the enum's values")
    }
}

impl std::error::Error for UnknownValue {}

/// Which protocol's habits a request follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// awsJson, and the bodies of REST-JSON: values have types.
    Json,
    /// awsQuery: every leaf is a text, lists and maps are numbered.
    Query,
}

/// Where in the request a value is.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// The request itself.
    Root,
    /// A member of a structure, by its wire name.
    Member(&'a Path<'a>, &'static str),
    /// A member of a list, counted from 0.
    Index(&'a Path<'a>, usize),
    /// A value of a map.
    Key(&'a Path<'a>, &'a str),
}

/// What is known while a request is read.
#[derive(Debug)]
pub struct Decoder {
    protocol: Protocol,
    /// How many sensitive values enclose the one being read.
    veils: usize,
    violations: Vec<String>,
    violations_count: usize,
    violations_bytes: usize,
}

/// What a violation may show of the value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen<'a> {
    /// There is none.
    Null,
    /// This text.
    Text(&'a str),
    /// Nothing.
    Hidden,
}

/// Reads an operation's input from a tree of values.
pub fn input<I: Input>(value: Value, protocol: Protocol) -> Result<I, Fault> {
    input_by(protocol, |decoder| I::decode(value, Rules::NONE, &Path::Root, decoder))
}

/// Reads an operation's input from its members.
pub(crate) fn input_of_members<I: Input>(
    members: Members<'_>,
    protocol: Protocol,
) -> Result<I, Fault> {
    input_by(protocol, |decoder| I::of_members(members, &Path::Root, decoder))
}

fn input_by<I>(
    protocol: Protocol,
    read: impl FnOnce(&mut Decoder) -> Result<Option<I>, Fault>,
) -> Result<I, Fault> {
    let mut decoder = Decoder::new(protocol);
    match read(&mut decoder)? {
        Some(input) if decoder.violations_count == 0 => Ok(input),
        _ => Err(decoder.fault()),
    }
}

impl Decoder {
    fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            veils: 0,
            violations: Vec::new(),
            violations_count: 0,
            violations_bytes: 0,
        }
    }

    pub(crate) fn is_query(&self) -> bool {
        self.protocol == Protocol::Query
    }

    /// Notes a broken constraint; beyond a bound it is only counted.
    pub(crate) fn note(&mut self, at: &Path<'_>, seen: Seen<'_>, constraint: &str) {
        self.violations_count += 1;
        if self.violations_bytes >= VIOLATIONS_BYTES_MAX {
            return;
        }
        let seen =
            if self.veils > 0 && matches!(seen, Seen::Text(_)) { Seen::Hidden } else { seen };
        let text = constraint::violation(at, seen, constraint);
        self.violations_bytes += text.len();
        self.violations.push(text);
    }

    /// Reads something that must not be shown.
    pub(crate) fn veiled<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.veils += 1;
        let read = read(self);
        self.veils -= 1;
        read
    }

    /// Reads something whose violations have been noted already.
    pub(crate) fn unnoted<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let mut inner = Self::new(self.protocol);
        read(&mut inner)
    }

    /// A value of the wrong type.
    pub(crate) fn mistyped(&self, message: impl Into<String>) -> Fault {
        self.named(Fault::serialization(message))
    }

    fn fault(&self) -> Fault {
        let message = constraint::sentence(self.violations_count, &self.violations);
        self.named(Fault::validation(message))
    }

    fn named(&self, fault: Fault) -> Fault {
        if self.is_query() { fault.in_query() } else { fault }
    }
}

/// The members of a structure that is being read.
#[derive(Debug)]
pub struct Members<'a>(Kept<'a>);

#[derive(Debug)]
enum Kept<'a> {
    /// By name.
    Map(serde_json::Map<String, Value>),
    /// As they came. Of two of one name the last one counts.
    List(Vec<(Cow<'a, str>, Value)>),
}

impl<'a> Members<'a> {
    /// The members of a structure that was read from JSON, in their order.
    pub(crate) fn listed(members: Vec<(Cow<'a, str>, Value)>) -> Self {
        Self(Kept::List(members))
    }

    fn remove(&mut self, wire: &str) -> Option<Value> {
        match &mut self.0 {
            Kept::Map(members) => members.remove(wire),
            Kept::List(members) => {
                let place = members.iter().rposition(|(name, _)| name == wire)?;
                members.get_mut(place).map(|(_, value)| value.take())
            }
        }
    }

    /// Takes a structure apart.
    pub fn take(value: Value, decoder: &Decoder) -> Result<Self, Fault> {
        match value {
            Value::Object(members) => Ok(Self(Kept::Map(members))),
            Value::Array(_) => Err(decoder.mistyped(leaves::LIST_UNEXPECTED)),
            Value::String(text) if decoder.is_query() && text.is_empty() => {
                Ok(Self(Kept::List(Vec::new())))
            }
            _ => Err(decoder.mistyped("Expected null")),
        }
    }

    /// Reads a member that must be there.
    pub fn required<T: Decode>(
        &mut self,
        wire: &'static str,
        rules: &Rules,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<T>, Fault> {
        let at = Path::Member(at, wire);
        match self.remove(wire) {
            None | Some(Value::Null) => {
                decoder.note(&at, Seen::Null, constraint::NOT_NULL);
                Ok(None)
            }
            Some(value) => read(value, rules, &at, decoder),
        }
    }

    /// Reads a member that may be absent, or null.
    pub fn optional<T: Decode>(
        &mut self,
        wire: &'static str,
        rules: &Rules,
        at: &Path<'_>,
        decoder: &mut Decoder,
    ) -> Result<Option<T>, Fault> {
        match self.remove(wire) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value, rules, &Path::Member(at, wire), decoder),
        }
    }
}

fn read<T: Decode>(
    value: Value,
    rules: &Rules,
    at: &Path<'_>,
    decoder: &mut Decoder,
) -> Result<Option<T>, Fault> {
    if rules.sensitive || T::SENSITIVE {
        decoder.veiled(|decoder| T::decode(value, rules, at, decoder))
    } else {
        T::decode(value, rules, at, decoder)
    }
}

/// Once the violations' texts are this long, further ones are only counted.
const VIOLATIONS_BYTES_MAX: usize = 16 * 1024;
