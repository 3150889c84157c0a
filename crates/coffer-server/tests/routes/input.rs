//! Makes an input for any operation from its shape: what it requires, and what a table of examples
//! says of its members.

use coffer_pipeline::Protocol;
use coffer_pipeline::road::Route;
use coffer_protocol::shape::{Kind, Member, Place, Shape};
use serde_json::{Map, Value, json};

/// Values of members, by `Member`, or by `Operation.Member` for one operation alone. A member that
/// is named is given whether or not it is required; `null` leaves out what is not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Examples(Map<String, Value>);

impl Examples {
    pub(crate) fn of(members: Value) -> Self {
        let Value::Object(members) = members else { panic!("{members} is no table") };
        Self(members)
    }

    /// The example of a member.
    pub(crate) fn value(&self, member: &str) -> Value {
        self.0[member].clone()
    }

    fn find(&self, operation: &str, member: &str) -> Option<&Value> {
        self.0.get(&format!("{operation}.{member}")).or_else(|| self.0.get(member))
    }
}

/// An input for an operation.
pub(crate) fn input(route: &Route, examples: &Examples) -> Value {
    let mut input = Map::new();
    for member in members_of(&(route.entry.input)()) {
        let value = match examples.find(route.entry.name, member.wire) {
            Some(Value::Null) => continue,
            Some(example) => example.clone(),
            None if member.required => of_shape(&member.shape),
            None => continue,
        };
        input.insert(member.wire.to_owned(), value);
    }
    Value::Object(input)
}

pub(crate) fn members_of(shape: &Shape) -> Vec<Member> {
    match &shape.kind {
        Kind::Structure { members, .. } => members(),
        _ => Vec::new(),
    }
}

/// The least value that is of a shape, where no pattern asks for more.
fn of_shape(shape: &Shape) -> Value {
    let least = usize::try_from(shape.min.unwrap_or(0).max(1)).unwrap();
    match &shape.kind {
        Kind::Structure { members, .. } => {
            let required = members().into_iter().filter(|member| member.required);
            required.map(|member| (member.wire.to_owned(), of_shape(&member.shape))).collect()
        }
        Kind::List(member) => Value::Array(vec![of_shape(member); least]),
        Kind::Map { key, value } => {
            let key = of_shape(key).as_str().unwrap().to_owned();
            Value::Object([(key, of_shape(value))].into_iter().collect())
        }
        Kind::String([]) => json!("x".repeat(least)),
        Kind::String([first, ..]) => json!(first),
        Kind::Integer | Kind::Long | Kind::Double => json!(shape.min.unwrap_or(1)),
        Kind::Boolean => json!(true),
        Kind::Blob => json!("QUJD".repeat(least.div_ceil(3))),
        Kind::Timestamp => json!(1_800_000_000),
    }
}

/// An input on the wire.
pub(crate) fn written(route: &Route, input: &Value) -> Vec<u8> {
    match route.service.protocol {
        // Of a REST request, what stands elsewhere is taken from here for its head.
        Protocol::Json { .. } | Protocol::RestJson => input.to_string().into_bytes(),
        Protocol::Query { version, .. } => {
            let mut form = format!("Action={}&Version={version}", route.entry.name);
            write_form(&mut form, "", input);
            form.into_bytes()
        }
    }
}

/// The target and the headers of a REST request with such an input.
pub(crate) fn rest_head(route: &Route, input: &Value) -> (String, Vec<(&'static str, String)>) {
    let mut path = route.entry.http.unwrap().path.to_owned();
    let (mut query, mut headers) = (Vec::new(), Vec::new());
    for member in members_of(&(route.entry.input)()) {
        let value = &input[member.wire];
        match member.place {
            Place::Uri => {
                let text = value.as_str().unwrap_or("x");
                path = path.replace(&format!("{{{}}}", member.wire), &escaped(text));
            }
            Place::Query(name) => {
                let texts = texts_of(value).into_iter();
                query.extend(texts.map(|text| format!("{name}={}", escaped(&text))));
            }
            Place::Header(name) => {
                headers.extend(texts_of(value).into_iter().map(|text| (name, text)));
            }
            Place::Body | Place::Payload | Place::Status => {}
        }
    }
    match query.is_empty() {
        true => (path, headers),
        false => (format!("{path}?{}", query.join("&")), headers),
    }
}

fn texts_of(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts_of).collect(),
        other => vec![other.to_string()],
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn write_form(form: &mut String, name: &str, value: &Value) {
    let within = |part: &str| match name {
        "" => part.to_owned(),
        _ => format!("{name}.{part}"),
    };
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                write_form(form, &within(member), value);
            }
        }
        Value::Array(items) => {
            for (count, item) in (1..).zip(items) {
                write_form(form, &within(&format!("member.{count}")), item);
            }
        }
        Value::String(text) => write_pair(form, name, text),
        value => write_pair(form, name, &value.to_string()),
    }
}

fn write_pair(form: &mut String, name: &str, text: &str) {
    form.push_str(&format!("&{name}={}", escaped(text)));
}
