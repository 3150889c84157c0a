//! What a service has answered: it may hold a key, so it is wiped when it was read.

use bytes::Bytes;
use coffer_model::Sensitive;
use serde_json::Value;
use zeroize::Zeroize as _;

use crate::RotationError;
use crate::login::NewMember;

/// The bytes of an answer.
pub(super) struct Answer(Bytes);

/// The JSON of an answer.
pub(super) struct Json(Value);

/// A text or a whole number of an answer.
pub(super) struct Word {
    text: Sensitive<String>,
    is_number: bool,
}

impl Answer {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Reads it as JSON.
    ///
    /// # Errors
    /// Failed; without the parser's sentence, which could cite it.
    pub(super) fn json(&self) -> Result<Json, RotationError> {
        let read = serde_json::from_slice(&self.0).map(Json);
        read.map_err(|_| RotationError::Failed("the answer is no JSON".to_owned()))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // Nobody else has them once the connection is closed.
        if let Ok(mut bytes) = std::mem::take(&mut self.0).try_into_mut() {
            bytes.as_mut().zeroize();
        }
    }
}

impl Json {
    /// The text or whole number at a JSON pointer.
    pub(super) fn word(&self, pointer: &str) -> Option<Word> {
        let (text, is_number) = match self.0.pointer(pointer)? {
            Value::String(text) => (text.clone(), false),
            // Others are not there digit by digit as the service wrote them.
            Value::Number(number) if !number.is_f64() => (number.to_string(), true),
            _ => return None,
        };
        Some(Word { text: Sensitive::new(text), is_number })
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// The parser bounds how deep it goes.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Word {
    pub(super) fn text(&self) -> &str {
        self.text.expose()
    }

    /// Whether it can be a member of a secret.
    pub(super) fn is_fit(&self) -> bool {
        let text = self.text();
        !text.is_empty() && text.len() <= WORD_BYTES_MAX && !text.chars().any(char::is_control)
    }

    /// What a member becomes by it: a number stays one, but where the secret has a text, which
    /// whoever reads it counts on.
    pub(super) fn in_place_of(&self, is_text: bool) -> NewMember<'_> {
        match self.is_number && !is_text {
            true => NewMember::Number(self.text()),
            false => NewMember::Text(self.text()),
        }
    }
}

const WORD_BYTES_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::{Answer, wipe};
    use crate::login::NewMember;

    #[test]
    fn words_are_taken_as_the_service_wrote_them_or_not_at_all() {
        let answer = r#"{"text": "a", "id": 18446744073709551615, "minus": -7, "half": 1.50,
            "long": 123456789012345678901234567890, "no": null, "list": [true]}"#;
        let json = Answer::new(Bytes::from_static(answer.as_bytes())).json().unwrap();
        let at = |pointer| json.word(pointer).map(|word| word.text().to_owned());
        assert_eq!(at("/text").as_deref(), Some("a"));
        assert_eq!(at("/id").as_deref(), Some("18446744073709551615"));
        assert_eq!(at("/minus").as_deref(), Some("-7"));
        for pointer in ["/half", "/long", "/no", "/list", "/list/0", "/gone"] {
            assert_eq!(at(pointer), None, "{pointer}");
        }
        let (text, id) = (json.word("/text").unwrap(), json.word("/id").unwrap());
        assert!(matches!(text.in_place_of(false), NewMember::Text("a")));
        assert!(matches!(id.in_place_of(false), NewMember::Number("18446744073709551615")));
        assert!(matches!(id.in_place_of(true), NewMember::Text("18446744073709551615")));
    }

    #[test]
    fn what_was_read_is_wiped() {
        let mut value = json!({"a": "canary", "b": [{"c": "canary"}], "n": 1});
        wipe(&mut value);
        assert_eq!(value, json!({"a": "", "b": [{"c": ""}], "n": 1}));
        wipe(&mut Value::Null);
    }
}
