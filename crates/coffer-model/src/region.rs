//! Region names, such as `eu-central-1`; invented ones are welcome.

use std::fmt;
use std::str::FromStr;

use arrayvec::ArrayString;
use serde::{Deserialize, Serialize};

/// The name of a region: lower-case letters, digits and hyphens, starting with a letter.
///
/// Operators may use regions that AWS does not have (`dc1`, `on-prem-2`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(ArrayString<BYTES_MAX>);

/// The text was not a region's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRegion;

impl Region {
    /// The region that AWS's global services sign for.
    pub fn global() -> Self {
        Self(ArrayString::from("us-east-1").unwrap_or_default())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, InvalidRegion> {
        let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !starts_well || !text.bytes().all(allowed) {
            return Err(InvalidRegion);
        }
        ArrayString::from(text).map(Self).map_err(|_| InvalidRegion)
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;

    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.as_str().to_owned()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Display for InvalidRegion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a region is lower-case letters, digits and hyphens, at most 32 characters")
    }
}

impl std::error::Error for InvalidRegion {}

const BYTES_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::Region;

    #[test]
    fn invented_regions_are_welcome_and_odd_text_is_not() {
        for text in ["us-east-1", "dc1", "on-prem-2"] {
            assert_eq!(text.parse::<Region>().unwrap().as_str(), text);
        }
        for text in ["", "1a", "US-EAST-1", "a/b", "a b", &"a".repeat(33), "ä"] {
            assert!(text.parse::<Region>().is_err(), "{text}");
        }
    }
}
