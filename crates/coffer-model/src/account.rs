//! Account ids: exactly twelve decimal digits.

use std::fmt;
use std::str::FromStr;

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};

/// The id of an account: twelve decimal digits, leading zeros kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(ArrayString<DIGITS>);

/// The text was not twelve decimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidAccountId;

impl AccountId {
    /// The account of `coffer dev`, the one that LocalStack's users know.
    pub fn dev() -> Self {
        Self::from_number(0)
    }

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes an account id of any number, by its last twelve decimal digits.
    pub fn from_number(number: u64) -> Self {
        let mut digits = [b'0'; DIGITS];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789".get((rest % 10) as usize).copied().unwrap_or(b'0');
            rest /= 10;
        }
        // Digits are text, so this always is.
        Self(ArrayString::from_byte_string(&digits).unwrap_or_default())
    }
}

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, InvalidAccountId> {
        let digits = ArrayString::from(text).map_err(|_| InvalidAccountId)?;
        let is_whole = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_whole { Ok(Self(digits)) } else { Err(InvalidAccountId) }
    }
}

impl TryFrom<String> for AccountId {
    type Error = InvalidAccountId;

    fn try_from(text: String) -> Result<Self, InvalidAccountId> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Display for InvalidAccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an account id is twelve decimal digits")
    }
}

impl std::error::Error for InvalidAccountId {}

const DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::AccountId;

    #[test]
    fn only_twelve_digits_are_an_account_id() {
        assert_eq!("000000000000".parse(), Ok(AccountId::dev()));
        for text in ["", "12345678901", "1234567890123", "12345678901a", "１２３４"] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_gives_its_last_twelve_digits() {
        assert_eq!(AccountId::from_number(42).as_str(), "000000000042");
        assert_eq!(AccountId::from_number(9_123_456_789_012).as_str(), "123456789012");
    }
}
