//! Bodies of requests, as an operator's rule describes them.

use std::collections::BTreeMap;

use bytes::Bytes;
use coffer_model::Sensitive;
use serde_json::Value;
use zeroize::Zeroizing;

use super::template::{Source, Template, Values};
use crate::RotationError;

/// A body with places for members of secrets.
pub(super) enum Body {
    None,
    Json(Json),
    Form(Vec<(String, Template)>),
}

/// A JSON value whose texts have places.
pub(super) enum Json {
    Text(Template),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    Other(Value),
}

impl Body {
    /// Reads a description.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(
        json: Option<Value>,
        form: Option<BTreeMap<String, String>>,
    ) -> Result<Self, String> {
        match (json, form) {
            (Some(_), Some(_)) => Err("give one of `json` and `form`".to_owned()),
            (Some(json), None) => Ok(Self::Json(Json::read(json)?)),
            (None, Some(form)) => {
                let pair = |(name, value): (String, String)| Ok((name, Template::read(&value)?));
                Ok(Self::Form(form.into_iter().map(pair).collect::<Result<_, String>>()?))
            }
            (None, None) => Ok(Self::None),
        }
    }

    /// The members that it has places for.
    pub(super) fn members(&self) -> Vec<(Source, &str)> {
        let mut members = Vec::new();
        match self {
            Self::None => {}
            Self::Json(json) => json.members(&mut members),
            Self::Form(form) => members.extend(form.iter().flat_map(|(_, value)| value.members())),
        }
        members
    }

    /// Its type, and the body with its places filled.
    ///
    /// # Errors
    /// Unusable, for a member that is not there.
    pub(super) fn fill(
        &self,
        values: &Values<'_>,
    ) -> Result<(Option<&'static str>, Bytes), RotationError> {
        Ok(match self {
            Self::None => (None, Bytes::new()),
            Self::Json(json) => {
                let text = Sensitive::new(json.fill(values)?);
                (Some("application/json"), Bytes::from_owner(Exposed(text)))
            }
            Self::Form(form) => {
                let mut text = Zeroizing::new(String::new());
                for (name, template) in form {
                    let value = template.fill(values, |word| Ok(word.to_owned()))?;
                    let value = Zeroizing::new(percent_encoded(value.expose()));
                    let and = if text.is_empty() { "" } else { "&" };
                    text.push_str(and);
                    text.push_str(&percent_encoded(name));
                    text.push('=');
                    text.push_str(&value);
                }
                let text = Sensitive::new(text.as_bytes().to_vec());
                (Some("application/x-www-form-urlencoded"), Bytes::from_owner(Exposed(text)))
            }
        })
    }
}

/// A body that is wiped when it was sent.
struct Exposed(Sensitive<Vec<u8>>);

impl AsRef<[u8]> for Exposed {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

impl Json {
    fn read(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => {
                Self::Text(Template::read(&text).map_err(|why| format!("`json`: {why}"))?)
            }
            Value::Array(list) => {
                Self::List(list.into_iter().map(Self::read).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let member = |(name, value)| Ok((name, Self::read(value)?));
                Self::Object(members.into_iter().map(member).collect::<Result<_, String>>()?)
            }
            other => Self::Other(other),
        })
    }

    fn members<'j>(&'j self, found: &mut Vec<(Source, &'j str)>) {
        match self {
            Self::Text(template) => found.extend(template.members()),
            Self::List(list) => list.iter().for_each(|json| json.members(found)),
            Self::Object(members) => members.iter().for_each(|(_, json)| json.members(found)),
            Self::Other(_) => {}
        }
    }

    /// What it is written as; a member that is filled in is always a text, or a part of one.
    fn fill(&self, values: &Values<'_>) -> Result<Vec<u8>, RotationError> {
        let mut text = Zeroizing::new(Vec::new());
        self.write(values, &mut text)?;
        Ok(std::mem::take(&mut *text))
    }

    fn write(&self, values: &Values<'_>, text: &mut Vec<u8>) -> Result<(), RotationError> {
        // Its error could cite the value.
        let unwritable = |_| RotationError::Unusable("the body cannot be written".to_owned());
        match self {
            Self::Text(template) => {
                let word = template.fill(values, |word| Ok(word.to_owned()))?;
                serde_json::to_writer(text, word.expose()).map_err(unwritable)
            }
            Self::List(list) => {
                text.push(b'[');
                for (at, json) in list.iter().enumerate() {
                    if at > 0 {
                        text.push(b',');
                    }
                    json.write(values, text)?;
                }
                text.push(b']');
                Ok(())
            }
            Self::Object(members) => {
                text.push(b'{');
                for (at, (name, json)) in members.iter().enumerate() {
                    if at > 0 {
                        text.push(b',');
                    }
                    serde_json::to_writer(&mut *text, name).map_err(unwritable)?;
                    text.push(b':');
                    json.write(values, text)?;
                }
                text.push(b'}');
                Ok(())
            }
            Self::Other(value) => serde_json::to_writer(text, value).map_err(unwritable),
        }
    }
}

/// A text as a part of a URL or a form.
pub(super) fn percent_encoded(word: &str) -> String {
    let mut text = String::with_capacity(3 * word.len());
    for byte in word.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            let digits = [byte >> 4, byte & 15];
            text.extend(digits.iter().filter_map(|digit| char::from_digit((*digit).into(), 16)));
        }
    }
    text
}
