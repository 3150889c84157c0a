//! The kinds of documents, and why a text is none.

use std::borrow::Cow;
use std::fmt;

/// What a document is for. It says which elements the document must and must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grammar {
    /// Attached to a user, group or role, or a permissions boundary: no principal.
    Identity,
    /// Attached to a resource: a principal; the resource may be left out.
    Resource,
    /// A role's trust policy: a principal, no resource, actions of STS.
    Trust,
    /// A KMS key's policy: a principal and a resource.
    Key,
    /// Passed with a request for a session: as `Identity`.
    Session,
    /// An organization's service control policy: as `Identity`.
    ServiceControl,
    /// An organization's resource control policy: everybody as principal, and denials only but for
    /// the one that allows everything.
    ResourceControl,
}

impl Grammar {
    /// Whether a statement names principals.
    pub(crate) fn has_principals(self) -> bool {
        matches!(self, Self::Resource | Self::Trust | Self::Key | Self::ResourceControl)
    }
}

/// What part of a document is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// It is no JSON, or its members are not those of a policy.
    Syntax,
    /// Its version.
    Version,
    /// The id of a statement.
    Sid,
    /// A principal.
    Principal,
    /// An action.
    Action,
    /// A resource.
    Resource,
    /// A value that cannot be read, a date for one.
    Value,
}

/// A text that is no policy; written out, it is the sentence that AWS has for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedPolicy {
    flaw: Flaw,
    message: Cow<'static, str>,
}

impl MalformedPolicy {
    pub(crate) fn new(flaw: Flaw, message: impl Into<Cow<'static, str>>) -> Self {
        Self { flaw, message: message.into() }
    }

    pub(crate) fn syntax() -> Self {
        Self::new(Flaw::Syntax, "Syntax errors in policy.")
    }

    /// What part of the document is wrong.
    pub fn flaw(&self) -> Flaw {
        self.flaw
    }

    /// AWS's sentence.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for MalformedPolicy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for MalformedPolicy {}
