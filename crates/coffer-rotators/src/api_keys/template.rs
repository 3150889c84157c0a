//! Texts with places for members of secrets, such as `Bearer {key.api_key}`.

use coffer_model::Sensitive;

use crate::RotationError;
use crate::login::Members;

/// A text with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Member(Source, String),
    Version,
}

/// Whose member a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The value of the key that the request is about.
    Key,
    /// The value of the new key, where the request is about an older one.
    New,
    /// The value of the secret that `masterarn` names.
    Superuser,
}

/// What the places are filled from.
pub(super) struct Values<'a> {
    pub(super) key: Members<'a>,
    pub(super) new: Option<Members<'a>>,
    pub(super) superuser: Option<Members<'a>>,
    pub(super) version_id: &'a str,
}

impl Template {
    /// Reads a text in which `{{` and `}}` stand for braces.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            match char {
                '{' | '}' if chars.peek() == Some(&char) => {
                    chars.next();
                    plain.push(char);
                }
                '{' => {
                    let mut place = String::new();
                    loop {
                        match chars.next() {
                            Some('}') => break,
                            Some(char) if char != '{' => place.push(char),
                            _ => return Err("a `{` has no `}`; a brace itself is `{{`".to_owned()),
                        }
                    }
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(Part::read(&place)?);
                }
                '}' => return Err("a `}` has no `{`; a brace itself is `}}`".to_owned()),
                char => plain.push(char),
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// The members that it has places for.
    pub(super) fn members(&self) -> impl Iterator<Item = (Source, &str)> {
        self.0.iter().filter_map(|part| match part {
            Part::Member(source, name) => Some((*source, name.as_str())),
            Part::Text(_) | Part::Version => None,
        })
    }

    /// What is between the places.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Member(..) | Part::Version => None,
        })
    }

    /// The text before the first place, and whether there is any place.
    pub(super) fn beginning(&self) -> (&str, bool) {
        match self.0.as_slice() {
            [] => ("", false),
            [Part::Text(text)] => (text, false),
            [Part::Text(text), ..] => (text, true),
            _ => ("", true),
        }
    }

    /// The text with its places filled, each by what `write` makes of the member or the id.
    ///
    /// # Errors
    /// Unusable, for a member that is not there or what `write` refuses; never with a value.
    pub(super) fn fill(
        &self,
        values: &Values<'_>,
        write: impl Fn(&str) -> Result<String, &'static str>,
    ) -> Result<Sensitive<String>, RotationError> {
        let mut pieces = Vec::with_capacity(self.0.len());
        for part in &self.0 {
            pieces.push(match part {
                Part::Text(text) => Sensitive::new(text.clone()),
                // Whoever calls RotateSecret has chosen it, of any characters.
                Part::Version => {
                    let written = write(values.version_id)
                        .map_err(|why| RotationError::Unusable(format!("the version's id {why}")));
                    Sensitive::new(written?)
                }
                Part::Member(source, name) => {
                    let word = values.member(*source, name)?;
                    let written = write(word.expose());
                    Sensitive::new(written.map_err(|why| unusable(*source, name, why))?)
                }
            });
        }
        // A buffer that never grows leaves no copy behind.
        let bytes = pieces.iter().map(|piece| piece.expose().len()).sum();
        let mut text = String::with_capacity(bytes);
        for piece in &pieces {
            text.push_str(piece.expose());
        }
        Ok(Sensitive::new(text))
    }
}

impl Part {
    fn read(place: &str) -> Result<Self, String> {
        if place == "version" {
            return Ok(Self::Version);
        }
        let source = match place.split_once('.') {
            Some(("key", name)) => Some((Source::Key, name)),
            Some(("new", name)) => Some((Source::New, name)),
            Some(("superuser", name)) => Some((Source::Superuser, name)),
            _ => None,
        };
        match source.filter(|(_, name)| !name.is_empty()) {
            Some((source, name)) => Ok(Self::Member(source, name.to_owned())),
            None => Err(format!(
                "`{{{place}}}` is none of {{key.MEMBER}}, {{new.MEMBER}}, {{superuser.MEMBER}} and \
                 {{version}}"
            )),
        }
    }
}

impl Values<'_> {
    fn member(&self, source: Source, name: &str) -> Result<Sensitive<String>, RotationError> {
        let members = match source {
            Source::Key => Some(&self.key),
            Source::New => self.new.as_ref(),
            Source::Superuser => self.superuser.as_ref(),
        };
        let word = members.and_then(|members| members.word(name));
        word.ok_or_else(|| unusable(source, name, "is not there; add it"))
    }
}

/// The sentence for a member that cannot be used.
pub(super) fn unusable(source: Source, name: &str, why: &str) -> RotationError {
    let whose = match source {
        Source::Key | Source::New => "secret's",
        Source::Superuser => "superuser's secret's",
    };
    RotationError::Unusable(format!("the {whose} member `{name}` {why}"))
}

#[cfg(test)]
mod tests {
    use coffer_model::Sensitive;

    use super::{Source, Template, Values};
    use crate::login::Members;

    fn filled(template: &str, key: &str) -> Result<String, String> {
        let key = Sensitive::new(key.to_owned());
        let superuser = Sensitive::new(r#"{"token":"t"}"#.to_owned());
        let values = Values {
            key: Members::of(&key).unwrap(),
            new: None,
            superuser: Some(Members::of(&superuser).unwrap()),
            version_id: "v1",
        };
        let template = Template::read(template)?;
        let filled = template.fill(&values, |word| match word {
            "bad" => Err("is bad"),
            word => Ok(format!("<{word}>")),
        });
        filled.map(|text| text.expose().clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn places_are_filled_and_braces_stay() {
        let key = r#"{"id":12,"text":"x","no":null,"list":[],"on":true}"#;
        for (template, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("a{key.id}b{key.text}", "a<12>b<x>"),
            ("{superuser.token}", "<t>"),
            ("{version}{{key.id}}", "<v1>{key.id}"),
        ] {
            assert_eq!(filled(template, key).as_deref(), Ok(expected), "{template}");
        }
        for template in ["{key.no}", "{key.list}", "{key.on}", "{key.gone}", "{new.id}"] {
            assert!(filled(template, key).unwrap_err().contains("member"), "{template}");
        }
        assert_eq!(
            filled("{key.id}", r#"{"id":"bad"}"#).unwrap_err(),
            "the secret's member `id` is bad"
        );
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for template in ["{", "}", "{key.id", "{id}", "{key.}", "{other.id}", "{ke{y.id}", "{}"] {
            assert!(Template::read(template).is_err(), "{template}");
        }
    }

    #[test]
    fn the_members_of_a_template_are_known() {
        let template = Template::read("https://h/{key.id}/{new.key}").unwrap();
        let members: Vec<_> = template.members().collect();
        assert_eq!(members, [(Source::Key, "id"), (Source::New, "key")]);
        assert_eq!(template.beginning(), ("https://h/", true));
    }
}
