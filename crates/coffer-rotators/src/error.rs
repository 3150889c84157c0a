//! Why a step of a rotation failed.

use std::fmt;

/// Why a step of a rotation failed. Each holds a sentence for the operator, with no secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotationError {
    /// The database does not let the login in: a wrong password, no such user, a locked one.
    Refused(String),
    /// No connection: no address, an address that may not be reached, nobody listens, it was cut.
    Unreachable(String),
    /// No answer within the time that was given.
    TimedOut(String),
    /// The connection cannot be secured as the secret demands, so no password was sent.
    Insecure(String),
    /// The secret's text cannot be used for this rotation.
    Unusable(String),
    /// The database was reached and would not do what was asked.
    Failed(String),
    /// Something was made that cannot be used, and each further attempt would make another.
    Wasted(String),
}

impl RotationError {
    /// Whether the step is not to be tried again by itself.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Wasted(_))
    }

    /// Whether the same step may well succeed later, with nothing changed by anybody.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TimedOut(_))
    }
}

impl fmt::Display for RotationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why)
            | Self::Unreachable(why)
            | Self::TimedOut(why)
            | Self::Insecure(why)
            | Self::Unusable(why)
            | Self::Failed(why)
            | Self::Wasted(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for RotationError {}

/// What a server says, fit for a line of a log: short, and with nothing that moves a cursor.
///
/// Callers answer for that it was not asked with a secret: servers like to cite what they were told.
pub(crate) fn said(message: &str) -> String {
    message.chars().filter(|char| !char.is_control()).take(SAID_CHARS_MAX).collect()
}

const SAID_CHARS_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn what_a_server_says_is_kept_short_and_on_one_line() {
        assert_eq!(said("role \"a\"\nis\u{1b}[2J gone"), "role \"a\"is[2J gone");
        assert_eq!(said(&"x".repeat(5000)).len(), 200);
    }
}
