//! Answers, written straight into bytes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coffer_model::{Sensitive, Timestamp};
use zeroize::Zeroize;

use crate::audit::{ANSWERED, Audit};
use crate::rest::Placed;
use crate::shape::{Kind, Rules, Shape};

mod text;

/// A value that can be written as JSON and as XML, and says what it looks like.
pub trait Encode {
    /// Whether there is no result at all: no body in JSON, no `…Result` element in XML.
    const NOTHING: bool = false;

    /// What the value looks like, under the rules of the member that holds it.
    fn shape(rules: &Rules) -> Shape;

    /// Appends the value as JSON.
    fn encode_json(&self, out: &mut Vec<u8>);

    /// Appends the content of the value's XML element.
    fn encode_xml(&self, out: &mut Vec<u8>);
}

/// A structure that an operation answers with; made by `#[derive(Output)]`.
pub trait Output: Encode + Audit<ANSWERED> {
    /// Hands over the members that stand outside of the body's structure in REST protocols.
    fn place(&self, answer: &mut Placed) {
        let _ = answer;
    }
}

/// Ends an object or list whose entries each wrote a comma.
pub fn close(bracket: u8, out: &mut Vec<u8>) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(bracket);
}

/// Appends an XML element.
pub fn element<T: Encode + ?Sized>(name: &str, value: &T, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
    value.encode_xml(out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

impl Encode for str {
    fn shape(rules: &Rules) -> Shape {
        Shape::string(&[], rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        text::json(self, out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        text::xml(self, out);
    }
}

impl Encode for String {
    fn shape(rules: &Rules) -> Shape {
        Shape::string(&[], rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        text::json(self, out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        text::xml(self, out);
    }
}

impl Encode for bool {
    fn shape(rules: &Rules) -> Shape {
        Shape::new(Kind::Boolean, rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        self.encode_json(out);
    }
}

impl Encode for i32 {
    fn shape(rules: &Rules) -> Shape {
        Shape::new(Kind::Integer, rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        text::integer(i64::from(*self), out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        self.encode_json(out);
    }
}

impl Encode for i64 {
    fn shape(rules: &Rules) -> Shape {
        Shape::new(Kind::Long, rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        text::integer(*self, out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        self.encode_json(out);
    }
}

impl Encode for f64 {
    fn shape(rules: &Rules) -> Shape {
        Shape::new(Kind::Double, rules)
    }

    /// What is not finite is written as a text, as AWS does.
    fn encode_json(&self, out: &mut Vec<u8>) {
        match serde_json::Number::from_f64(*self) {
            Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
            None => text::json(not_finite(*self), out),
        }
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        match serde_json::Number::from_f64(*self) {
            Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
            None => out.extend_from_slice(not_finite(*self).as_bytes()),
        }
    }
}

impl Encode for Timestamp {
    fn shape(rules: &Rules) -> Shape {
        Shape::new(Kind::Timestamp, rules)
    }

    /// Seconds since the epoch, with milliseconds where there are any.
    fn encode_json(&self, out: &mut Vec<u8>) {
        text::seconds(self.as_millis(), out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_iso8601().as_bytes());
    }
}

impl Encode for Vec<u8> {
    fn shape(rules: &Rules) -> Shape {
        Shape::new(Kind::Blob, rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        self.encode_xml(out);
        out.push(b'"');
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let length = base64::encoded_len(self.len(), true).unwrap_or(usize::MAX);
        out.resize(start.saturating_add(length), 0);
        let written = out.get_mut(start..).map(|room| STANDARD.encode_slice(self, room));
        debug_assert!(matches!(written, Some(Ok(bytes)) if bytes == length));
    }
}

impl<T: Encode + Zeroize> Encode for Sensitive<T> {
    fn shape(rules: &Rules) -> Shape {
        Shape { sensitive: true, ..T::shape(rules) }
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        self.expose().encode_json(out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        self.expose().encode_xml(out);
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn shape(rules: &Rules) -> Shape {
        Shape::list(T::shape(rules.of_member()), rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for member in self {
            member.encode_json(out);
            out.push(b',');
        }
        close(b']', out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        for member in self {
            element("member", member, out);
        }
    }
}

impl<T: Encode> Encode for BTreeMap<String, T> {
    fn shape(rules: &Rules) -> Shape {
        let key = Shape::string(&[], rules.of_key());
        Shape::map(key, T::shape(rules.of_value()), rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (key, value) in self {
            key.encode_json(out);
            out.push(b':');
            value.encode_json(out);
            out.push(b',');
        }
        close(b'}', out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        for (key, value) in self {
            out.extend_from_slice(b"<entry>");
            element("key", key, out);
            element("value", value, out);
            out.extend_from_slice(b"</entry>");
        }
    }
}

impl<T: Encode + ?Sized> Encode for Box<T> {
    fn shape(rules: &Rules) -> Shape {
        T::shape(rules)
    }

    fn encode_json(&self, out: &mut Vec<u8>) {
        self.as_ref().encode_json(out);
    }

    fn encode_xml(&self, out: &mut Vec<u8>) {
        self.as_ref().encode_xml(out);
    }
}

/// The answer of an operation that has none.
impl Encode for () {
    const NOTHING: bool = true;

    fn shape(_rules: &Rules) -> Shape {
        Shape::structure("", Vec::new)
    }

    fn encode_json(&self, _out: &mut Vec<u8>) {}

    fn encode_xml(&self, _out: &mut Vec<u8>) {}
}

impl Output for () {}

fn not_finite(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
