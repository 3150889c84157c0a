//! Values as AWS's messages show them.

use serde_json::Value;

/// The value as Java would print it: `[a, b]`, `{k=v}`; nothing where it holds structures, whose
/// form nobody can rely on.
pub(crate) fn of(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => of_items(items),
        Value::Object(entries) => {
            let shown = entries.iter().map(|(key, value)| (key.as_str(), value));
            of_entries(shown)
        }
        simple => leaf(simple),
    }
}

/// A list's members.
pub(crate) fn of_items(items: &[Value]) -> Option<String> {
    let mut text = String::from("[");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(&leaf(item)?);
        if text.len() > ECHO_BYTES_MAX {
            break;
        }
    }
    text.push(']');
    Some(text)
}

/// A map's entries.
pub(crate) fn of_entries<'a>(
    entries: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Option<String> {
    let mut text = String::from("{");
    for (key, value) in entries {
        if text.len() > 1 {
            text.push_str(", ");
        }
        text.push_str(key);
        text.push('=');
        text.push_str(&leaf(value)?);
        if text.len() > ECHO_BYTES_MAX {
            break;
        }
    }
    text.push('}');
    Some(text)
}

/// The beginning of a text, not longer than messages show.
pub(crate) fn clipped(text: &str) -> &str {
    text.get(..text.floor_char_boundary(ECHO_BYTES_MAX)).unwrap_or(text)
}

fn leaf(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::String(text) => Some(clipped(text).to_owned()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// No more than so many bytes of a value are shown.
const ECHO_BYTES_MAX: usize = 4096;
