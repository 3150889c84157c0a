//! A policy document as it was written, compiled when it is first decided by.

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
    compiled: OnceLock<Result<Policy, String>>,
}

impl PolicyDocument {
    /// Takes the text of a policy that has been checked.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Inner { text: text.into(), compiled: OnceLock::new() }))
    }

    /// The text, as its author wrote it.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The policy, ready to decide by. A document is one kind of policy, so its grammar is always
    /// the same.
    ///
    /// # Errors
    /// A text that is no policy: nobody knows what it would deny, so nothing is decided by it.
    pub fn policy(&self, grammar: Grammar) -> Result<&Policy, Fault> {
        let compile = || Policy::parse(&self.0.text, grammar).map_err(|error| error.to_string());
        let compiled = self.0.compiled.get_or_init(compile).as_ref();
        compiled
            .map_err(|error| Fault::internal(format!("a stored policy cannot be read: {error}")))
    }
}

impl PartialEq for PolicyDocument {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for PolicyDocument {}

impl fmt::Debug for PolicyDocument {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(out)
    }
}

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input).map(Self::new)
    }
}
