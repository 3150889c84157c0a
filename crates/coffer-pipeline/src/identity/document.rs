//! A policy document as it was written, compiled when it is first decided by.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use coffer_policy::{Grammar, Policy};
use coffer_protocol::Fault;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A policy's text, which was checked when it was put. Copies share the text and its compiled form.
#[derive(Clone)]
pub struct PolicyDocument(Arc<Inner>);

struct Inner {
    text: String,
    named: BTreeMap<String, String>,
    compiled: OnceLock<Result<Policy, String>>,
}

impl PolicyDocument {
    /// Takes the text of a policy that has been checked.
    pub fn new(text: impl Into<String>) -> Self {
        Self::naming(text, BTreeMap::new())
    }

    /// Takes the text of a policy of a resource that names users and roles, and their unique ids by
    /// the ARNs in it.
    ///
    /// Whoever is made anew under a name is somebody else, so it is decided by the ids.
    pub fn naming(text: impl Into<String>, named: BTreeMap<String, String>) -> Self {
        Self(Arc::new(Inner { text: text.into(), named, compiled: OnceLock::new() }))
    }

    /// The text, as its author wrote it.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The unique ids of the users and roles that it was put for, by ARN.
    pub fn named(&self) -> &BTreeMap<String, String> {
        &self.0.named
    }

    /// The policy, ready to decide by. A document is one kind of policy, so its grammar is always
    /// the same.
    ///
    /// # Errors
    /// A text that is no policy: nobody knows what it would deny, so nothing is decided by it.
    pub fn policy(&self, grammar: Grammar) -> Result<&Policy, Fault> {
        let compile = || {
            let policy = Policy::parse(&self.0.text, grammar);
            policy.map(|it| it.naming(&self.0.named)).map_err(|error| error.to_string())
        };
        let compiled = self.0.compiled.get_or_init(compile).as_ref();
        compiled
            .map_err(|error| Fault::internal(format!("a stored policy cannot be read: {error}")))
    }
}

impl PartialEq for PolicyDocument {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() && self.named() == other.named()
    }
}

impl Eq for PolicyDocument {}

impl fmt::Debug for PolicyDocument {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(out)
    }
}

/// As it is kept: the text alone, unless it names somebody.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept<'a> {
    Text(Cow<'a, str>),
    Naming { text: Cow<'a, str>, named: Cow<'a, BTreeMap<String, String>> },
}

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let text = Cow::Borrowed(self.text());
        let kept = match self.named().is_empty() {
            true => Kept::Text(text),
            false => Kept::Naming { text, named: Cow::Borrowed(self.named()) },
        };
        kept.serialize(out)
    }
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Ok(match Kept::deserialize(input)? {
            Kept::Text(text) => Self::new(text),
            Kept::Naming { text, named } => Self::naming(text, named.into_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::PolicyDocument;

    #[test]
    fn a_document_is_kept_as_its_text_and_with_those_it_names() {
        let plain = PolicyDocument::new("{}");
        assert_eq!(serde_json::to_string(&plain).unwrap(), r#""{}""#);
        let named = BTreeMap::from([("arn".to_owned(), "id".to_owned())]);
        let naming = PolicyDocument::naming("{}", named);
        let kept = serde_json::to_string(&naming).unwrap();
        assert_eq!(kept, r#"{"text":"{}","named":{"arn":"id"}}"#);
        for document in [plain, naming] {
            let kept = serde_json::to_string(&document).unwrap();
            assert_eq!(serde_json::from_str::<PolicyDocument>(&kept).unwrap(), document);
        }
    }
}
