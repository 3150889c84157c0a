//! What an account has besides its identities: an alias, a password policy, keys of its root.

use std::collections::BTreeSet;

use coffer_model::AccountId;
use coffer_pipeline::Call;
use coffer_protocol::{Fault, Output};
use coffer_store::{Key, Record};
use serde::{Deserialize, Serialize};

/// What an account has besides its identities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountRecord {
    /// The account.
    pub(super) account: AccountId,
    /// Its alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alias: Option<String>,
    /// What its users' passwords would have to be like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password_policy: Option<PasswordPolicyRules>,
    /// The access keys that its root has made for itself.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) root_access_keys: BTreeSet<String>,
}

/// A password policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PasswordPolicyRules {
    /// How many characters a password has at least.
    pub(super) length_min: i32,
    /// Whether it has a symbol.
    pub(super) require_symbols: bool,
    /// Whether it has a digit.
    pub(super) require_numbers: bool,
    /// Whether it has an upper-case letter.
    pub(super) require_uppercase: bool,
    /// Whether it has a lower-case letter.
    pub(super) require_lowercase: bool,
    /// Whether users may change their own.
    pub(super) allow_change: bool,
    /// How many days it is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) age_days_max: Option<i32>,
    /// How many former ones are not to be used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reuse_prevention: Option<i32>,
    /// Whether one that is over its days can no longer be changed by its user.
    pub(super) hard_expiry: bool,
}

/// An alias, which only one account of all has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountAliasRecord {
    /// The alias.
    pub(super) alias: String,
    /// Whose it is.
    pub(super) account: AccountId,
}

/// A password policy, as answers have it.
#[derive(Output, Debug)]
pub(super) struct PasswordPolicy {
    minimum_password_length: Option<i32>,
    require_symbols: Option<bool>,
    require_numbers: Option<bool>,
    require_uppercase_characters: Option<bool>,
    require_lowercase_characters: Option<bool>,
    allow_users_to_change_password: Option<bool>,
    expire_passwords: Option<bool>,
    max_password_age: Option<i32>,
    password_reuse_prevention: Option<i32>,
    hard_expiry: Option<bool>,
}

impl PasswordPolicy {
    /// What these rules say.
    pub(super) fn of(rules: &PasswordPolicyRules) -> Self {
        Self {
            minimum_password_length: Some(rules.length_min),
            require_symbols: Some(rules.require_symbols),
            require_numbers: Some(rules.require_numbers),
            require_uppercase_characters: Some(rules.require_uppercase),
            require_lowercase_characters: Some(rules.require_lowercase),
            allow_users_to_change_password: Some(rules.allow_change),
            expire_passwords: Some(rules.age_days_max.is_some()),
            max_password_age: rules.age_days_max,
            password_reuse_prevention: rules.reuse_prevention,
            hard_expiry: Some(rules.hard_expiry),
        }
    }
}

impl AccountRecord {
    /// The row of an account.
    fn key_of(account: AccountId) -> Key {
        Key::of(Self::TABLE, &[account.as_str()])
    }
}

impl Record for AccountRecord {
    const TABLE: &'static str = "iam.account";

    fn key(&self) -> Key {
        Self::key_of(self.account)
    }
}

impl AccountAliasRecord {
    /// The row of an alias.
    pub(super) fn key_of(alias: &str) -> Key {
        Key::of(Self::TABLE, &[alias])
    }
}

impl Record for AccountAliasRecord {
    const TABLE: &'static str = "iam.account-alias";

    fn key(&self) -> Key {
        Self::key_of(&self.alias)
    }
}

/// What the caller's account has.
///
/// # Errors
/// A store that cannot be read.
pub(super) async fn of_caller(call: &mut Call<'_>) -> Result<AccountRecord, Fault> {
    let account = call.account();
    let found = call.get::<AccountRecord>(&AccountRecord::key_of(account)).await?;
    Ok(found.map_or_else(
        || AccountRecord {
            account,
            alias: None,
            password_policy: None,
            root_access_keys: BTreeSet::new(),
        },
        |found| found.as_ref().clone(),
    ))
}

/// Whether a text may be an alias: lower-case letters, digits and single dashes between them.
pub(super) fn is_alias(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [text.bytes().next(), text.bytes().last()];
    (3..=63).contains(&text.len())
        && text.bytes().all(|byte| is_plain(byte) || byte == b'-')
        && ends.into_iter().all(|end| end.is_some_and(is_plain))
        && !text.contains("--")
}

#[cfg(test)]
mod tests {
    use super::is_alias;

    #[test]
    fn aliases_are_lower_case_with_single_dashes_inside() {
        for text in ["abc", "my-team-1", "0-0", &"a".repeat(63)] {
            assert!(is_alias(text), "{text}");
        }
        for text in ["", "ab", "-abc", "abc-", "a--b", "Abc", "a.b", &"a".repeat(64)] {
            assert!(!is_alias(text), "{text}");
        }
    }
}
