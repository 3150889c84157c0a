//! The values of condition keys, as the caller of an evaluation knows them.

use std::borrow::Cow;
use std::net::IpAddr;

use coffer_model::Timestamp;

/// What is known about a request, by condition key.
///
/// An evaluation asks only for the keys that the policies at hand speak of, so that nothing is
/// collected beforehand.
pub trait ContextKeys {
    /// The values of a key; nothing where the request does not have it.
    ///
    /// The key comes in lower case, all of it, also what follows a slash or a second colon:
    /// `aws:principaltag/team`, `kms:encryptioncontext:appname`. Only the letters of ASCII are
    /// lowered, so that `eq_ignore_ascii_case` finds the tag.
    // AWS: names of condition keys ignore case, those of tags within them too (IAM user guide,
    // "Policy elements: Condition"; KMS developer guide, "kms:EncryptionContext:context-key").
    fn values(&self, key: &str) -> Option<ContextValues<'_>>;
}

/// No key at all.
impl ContextKeys for () {
    fn values(&self, _key: &str) -> Option<ContextValues<'_>> {
        None
    }
}

/// The values of one key.
#[derive(Debug, Clone)]
pub enum ContextValues<'a> {
    /// The value of a key that has one.
    One(ContextValue<'a>),
    /// The values of a key that may have several, such as `aws:TagKeys`; none is as good as no key.
    Many(Vec<ContextValue<'a>>),
}

/// A value of a key.
#[derive(Debug, Clone)]
pub enum ContextValue<'a> {
    /// A text; numbers, dates and addresses may travel as texts too.
    Text(Cow<'a, str>),
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// An instant.
    Instant(Timestamp),
    /// An address.
    Address(IpAddr),
}

impl ContextValue<'_> {
    /// The value as a text, as AWS writes it.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Flag(true) => Cow::Borrowed("true"),
            Self::Flag(false) => Cow::Borrowed("false"),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Instant(instant) => {
                Cow::Owned(instant.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
            }
            Self::Address(address) => Cow::Owned(address.to_string()),
        }
    }
}

impl ContextValue<'_> {
    pub(crate) fn is_empty_text(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl<'a> ContextValues<'a> {
    /// The values one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, ContextValue<'a>> {
        self.as_slice().iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[ContextValue<'a>] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl<'a> From<&'a str> for ContextValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for ContextValue<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<bool> for ContextValue<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for ContextValue<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Timestamp> for ContextValue<'_> {
    fn from(instant: Timestamp) -> Self {
        Self::Instant(instant)
    }
}

impl From<IpAddr> for ContextValue<'_> {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

impl<'a, T: Into<ContextValue<'a>>> From<T> for ContextValues<'a> {
    fn from(value: T) -> Self {
        Self::One(value.into())
    }
}

impl<'a, T: Into<ContextValue<'a>>> FromIterator<T> for ContextValues<'a> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::Many(values.into_iter().map(Into::into).collect())
    }
}
