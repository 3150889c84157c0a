//! Accounts: a user's name and where they may come from.

use std::fmt;

use super::statements::text;

/// `'name'@'host'`, as statements name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    host: String,
}

impl Account {
    /// Reads what `CURRENT_USER()` says. Names may hold an `@`, hosts may not.
    pub(super) fn of(current_user: &str) -> Option<Self> {
        let (name, host) = current_user.rsplit_once('@')?;
        Some(Self { name: name.to_owned(), host: host.to_owned() })
    }

    /// What `CURRENT_USER()` says of it.
    pub(super) fn as_current_user(&self) -> String {
        format!("{}@{}", self.name, self.host)
    }

    /// Somebody of another name who may come from the same hosts.
    pub(super) fn named(&self, name: &str) -> Self {
        Self { name: name.to_owned(), host: self.host.clone() }
    }

    /// The condition on the rows of `mysql`'s tables about it.
    pub(super) fn condition(&self) -> String {
        format!("User = {} AND Host = {}", text(&self.name), text(&self.host))
    }

    /// As rights that are shown name it: in backticks, or in apostrophes by older servers.
    pub(super) fn shown(&self) -> [String; 2] {
        let quoted = |name: &str, quote: char| {
            let doubled = format!("{quote}{quote}");
            format!("{quote}{}{quote}", name.replace(quote, &doubled))
        };
        ['`', '\'']
            .map(|quote| format!("{}@{}", quoted(&self.name, quote), quoted(&self.host, quote)))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}@{}", text(&self.name), text(&self.host))
    }
}
