//! What the targets of `fuzz/` reach of MySQL: what a server says, and what is said to it by that.

use super::account::Account;
use super::statements::{self, Dialect, Spoken};

/// An account as the server says it, and as statements name it.
pub fn account(current_user: &str) -> Option<(String, String)> {
    let account = Account::of(current_user)?;
    Some((account.as_current_user(), account.to_string()))
}

/// The statement that gives somebody of another name a right of an account, as the server shows it.
pub fn copied(shown: &str, current_user: &str, name: &str) -> Option<String> {
    let from = Account::of(current_user)?;
    statements::copied(shown, &from, &from.named(name))
}

/// Whether the server shows an account that logs in in the native way.
pub fn is_native(shown: &str, current_user: &str) -> bool {
    Account::of(current_user).is_some_and(|account| statements::is_native(shown, &account))
}

/// How rights that are shown name an account.
pub fn shown(current_user: &str) -> Option<[String; 2]> {
    Account::of(current_user).map(|account| account.shown())
}

/// The statement that gives a password to an account of a server of this version.
pub fn password_set(version: &str, current_user: &str, password: &str) -> Option<String> {
    let account = Account::of(current_user)?;
    let dialect = Dialect::of(version);
    let statement = dialect.set_password(Some(&account), password, Spoken::Plainly);
    Some(statement.expose().clone())
}

/// What the operator is told of an error.
pub fn told(code: u16, message: &str) -> String {
    super::refused("host", "do it", code, message).to_string()
}
