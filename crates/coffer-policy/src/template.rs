//! Values of policies with variables in them: `home/${aws:username}/*`.

use crate::context::{ContextKeys, ContextValues};
use crate::pattern::{Pattern, mark};

/// The version of the language that a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// 2008-10-17, in which variables are plain text.
    V2008,
    /// 2012-10-17.
    V2012,
}

/// What `*` and `?` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wildcards {
    /// They stand for characters.
    Meant,
    /// They are themselves.
    Literal,
}

/// A value, compiled as far as it can be before there is a request.
#[derive(Debug, Clone)]
pub(crate) enum Template {
    /// Without variables.
    Fixed(Pattern),
    /// With variables.
    Varying(Box<[Part]>),
}

/// A part of a value with variables.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// Text with marks for wildcards.
    Marked(Box<[u8]>),
    /// A condition key in lower case, and what to put there where the request does not have it.
    Variable(Box<str>, Option<Box<str>>),
}

impl Template {
    pub(crate) fn new(text: &str, version: Version, wildcards: Wildcards) -> Self {
        let mut parts = parts(text, version, wildcards);
        match parts.as_mut_slice() {
            [] => Self::Fixed(Pattern::of_marked(Vec::new())),
            [Part::Marked(marked)] => {
                Self::Fixed(Pattern::of_marked(std::mem::take(marked).into()))
            }
            _ => Self::Varying(parts.into()),
        }
    }

    /// Whether a text is like the value; nothing where the request does not have a variable.
    #[inline]
    pub(crate) fn is_like(&self, text: &str, keys: &dyn ContextKeys) -> Option<bool> {
        match self {
            Self::Fixed(pattern) => Some(pattern.is_like(text)),
            Self::Varying(parts) => is_like_filled(text, parts, keys),
        }
    }

    /// Whether a text is the value but for the case of its letters.
    pub(crate) fn is_same_ignoring_case(&self, text: &str, keys: &dyn ContextKeys) -> bool {
        match self {
            Self::Fixed(Pattern::Exact(wanted)) => are_same_ignoring_case(wanted, text),
            Self::Fixed(_) => false,
            Self::Varying(parts) => {
                fill(parts, keys).is_some_and(|wanted| are_same_ignoring_case(&wanted, text))
            }
        }
    }

    /// The keys of its variables, in lower case.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let parts = if let Self::Varying(parts) = self { &**parts } else { &[] };
        parts.iter().filter_map(|part| match part {
            Part::Variable(key, _) => Some(&**key),
            Part::Marked(_) => None,
        })
    }

    /// The text that the value is for this request, with marks; nothing without its variables.
    pub(crate) fn fill(&self, keys: &dyn ContextKeys) -> Option<Vec<u8>> {
        match self {
            Self::Fixed(_) => None,
            Self::Varying(parts) => fill(parts, keys),
        }
    }
}

fn are_same_ignoring_case(wanted: &[u8], text: &str) -> bool {
    let folded = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    wanted.eq_ignore_ascii_case(text.as_bytes())
        || (!(wanted.is_ascii() && text.is_ascii())
            && std::str::from_utf8(wanted).is_ok_and(|wanted| folded(wanted) == folded(text)))
}

#[inline(never)]
fn is_like_filled(text: &str, parts: &[Part], keys: &dyn ContextKeys) -> Option<bool> {
    Some(Pattern::of_marked(fill(parts, keys)?).is_like(text))
}

fn fill(parts: &[Part], keys: &dyn ContextKeys) -> Option<Vec<u8>> {
    let mut filled = Vec::new();
    for part in parts {
        match part {
            Part::Marked(marked) => filled.extend_from_slice(marked),
            // What comes from the request is text: its bytes are no marks.
            Part::Variable(key, default) => match (keys.values(key), default) {
                (Some(ContextValues::One(value)), _) => {
                    filled.extend_from_slice(value.text().as_bytes());
                }
                // AWS: a key with several values cannot be a variable (IAM user guide,
                // "Single-valued vs. multivalued context keys").
                (Some(ContextValues::Many(values)), _) if !values.is_empty() => return None,
                (_, Some(default)) => filled.extend_from_slice(default.as_bytes()),
                (_, None) => return None,
            },
        }
    }
    Some(filled)
}

/// The parts of a value, literal text in as few as there can be.
fn parts(text: &str, version: Version, wildcards: Wildcards) -> Vec<Part> {
    let marked = |byte| if wildcards == Wildcards::Meant { mark(byte) } else { byte };
    let mut parts = Vec::new();
    let mut literal = Vec::new();
    let mut rest = text;
    while let Some((before, inside, after)) = next_variable(rest, version) {
        literal.extend(before.bytes().map(marked));
        match variable(inside) {
            Some(Inside::Character(character)) => literal.push(character),
            Some(Inside::Variable(key, default)) => {
                if !literal.is_empty() {
                    parts.push(Part::Marked(std::mem::take(&mut literal).into()));
                }
                parts.push(Part::Variable(key, default));
            }
            None => literal.extend(["${", inside, "}"].concat().bytes().map(marked)),
        }
        rest = after;
    }
    literal.extend(rest.bytes().map(marked));
    if !literal.is_empty() {
        parts.push(Part::Marked(literal.into()));
    }
    parts
}

/// What is before the next variable, in it and after it.
fn next_variable(text: &str, version: Version) -> Option<(&str, &str, &str)> {
    if version == Version::V2008 {
        return None;
    }
    let (before, opened) = text.split_once("${")?;
    // A default may have a brace in it.
    let quoted = opened.find('\'').filter(|quote| opened.find('}').is_some_and(|end| *quote < end));
    let from = match quoted {
        Some(quote) => {
            let after = opened.get(quote + 1..)?;
            quote + 1 + after.find('\'').map_or(0, |end| end + 1)
        }
        None => 0,
    };
    let end = from + opened.get(from..)?.find('}')?;
    Some((before, opened.get(..end)?, opened.get(end + 1..)?))
}

enum Inside {
    Character(u8),
    Variable(Box<str>, Option<Box<str>>),
}

fn variable(inside: &str) -> Option<Inside> {
    match inside {
        "*" => return Some(Inside::Character(b'*')),
        "?" => return Some(Inside::Character(b'?')),
        "$" => return Some(Inside::Character(b'$')),
        _ => {}
    }
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => {
            let quoted = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            (key, Some(quoted.into()))
        }
        None => (inside, None),
    };
    let key = key.trim();
    if key.is_empty() || key.contains(['*', '?', '$', '{', '\'']) {
        return None;
    }
    Some(Inside::Variable(key.to_ascii_lowercase().into(), default))
}

#[cfg(test)]
mod tests {
    use super::{Template, Version, Wildcards};
    use crate::context::{ContextKeys, ContextValues};

    struct Keys;

    impl ContextKeys for Keys {
        fn values(&self, key: &str) -> Option<ContextValues<'_>> {
            match key {
                "aws:username" => Some("ada".into()),
                "aws:principaltag/star" => Some("*".into()),
                "aws:tagkeys" => Some(["one"].into_iter().collect()),
                _ => None,
            }
        }
    }

    fn check(template: &str, text: &str, wanted: Option<bool>) {
        let template = Template::new(template, Version::V2012, Wildcards::Meant);
        assert_eq!(template.is_like(text, &Keys), wanted, "{template:?} {text}");
    }

    #[test]
    fn variables_are_filled_from_the_request() {
        check("home/${aws:username}/*", "home/ada/x", Some(true));
        check("home/${AWS:UserName}/*", "home/bob/x", Some(false));
        check("${aws:username}${aws:username}", "adaada", Some(true));
        check("home/${aws:userid}/*", "home//x", None);
        check("${aws:userid, 'nobody'}", "nobody", Some(true));
        check("${aws:username, 'nobody'}", "ada", Some(true));
        check("${aws:userid, 'a}b'}!", "a}b!", Some(true));
        check("${aws:userid,''}!", "!", Some(true));
        check("${aws:TagKeys}", "one", None);
    }

    #[test]
    fn what_a_variable_holds_is_no_pattern() {
        check("${aws:PrincipalTag/star}", "anything", Some(false));
        check("${aws:PrincipalTag/star}", "*", Some(true));
        check("${aws:userid, '*'}", "anything", Some(false));
    }

    #[test]
    fn special_characters_are_escaped() {
        check("a${*}b", "a*b", Some(true));
        check("a${*}b", "axb", Some(false));
        check("a${?}b", "axb", Some(false));
        check("${$}{aws:username}", "${aws:username}", Some(true));
    }

    #[test]
    fn what_is_no_variable_is_text() {
        for text in ["${", "${}", "$", "${aws:username", "${a, b}", "$aws:username"] {
            check(text, text, Some(true));
        }
        let old = Template::new("${aws:username}", Version::V2008, Wildcards::Meant);
        assert_eq!(old.is_like("${aws:username}", &Keys), Some(true));
        assert_eq!(old.is_like("ada", &Keys), Some(false));
    }

    #[test]
    fn case_is_ignored_where_it_is_to_be() {
        let template = Template::new("${aws:username}-ÄÖ", Version::V2012, Wildcards::Literal);
        assert!(template.is_same_ignoring_case("ADA-äö", &Keys));
        assert!(!template.is_same_ignoring_case("ADA-ao", &Keys));
    }
}
