//! Instants, in milliseconds since 1970-01-01T00:00:00Z.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// An instant, in whole milliseconds since 1970-01-01T00:00:00Z; between the years 0 and 9999.
///
/// INVARIANT: whatever it is made of, what is beyond these years is held at them or refused: it could be
/// written for nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// The text or number was not an instant between the years 0 and 9999.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTimestamp;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The instant so many milliseconds after the epoch; held within the years 0 to 9999.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(MILLIS_MIN, MILLIS_MAX))
    }

    /// Milliseconds since the epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn as_secs(self) -> i64 {
        self.0.div_euclid(MILLIS_PER_SECOND)
    }

    /// The instant a while later; held at the year 9999.
    pub fn plus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// The instant a while earlier; held at the year 0.
    pub fn minus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_sub(millis))
    }

    /// How much later this is than `earlier`; nothing where it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Midnight (UTC) of this instant's day.
    pub fn day(self) -> Self {
        Self(self.0.div_euclid(MILLIS_PER_DAY) * MILLIS_PER_DAY)
    }

    /// The same instant for calendar arithmetic.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// An instant of calendar arithmetic, rounded down to the millisecond.
    pub fn from_jiff(instant: jiff::Timestamp) -> Self {
        Self::from_millis(instant.as_millisecond())
    }

    /// ISO 8601 with milliseconds: `2026-11-22T10:00:00.000Z`.
    pub fn to_iso8601(self) -> String {
        format!("{:.3}", self.to_jiff())
    }

    /// ISO 8601's basic form to the second, as SigV4 writes it: `20261122T100000Z`.
    pub fn to_basic(self) -> String {
        self.to_jiff().strftime("%Y%m%dT%H%M%SZ").to_string()
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    /// Reads milliseconds. No instant was written that is beyond what an instant can be, so one that is
    /// comes from somebody else, or is damaged.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = i64::deserialize(deserializer)?;
        match (MILLIS_MIN..=MILLIS_MAX).contains(&millis) {
            true => Ok(Self(millis)),
            false => Err(D::Error::custom("an instant is between the years 0 and 9999")),
        }
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Reads ISO 8601 with an offset or `Z`.
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        text.parse::<jiff::Timestamp>().map(Self::from_jiff).map_err(|_| InvalidTimestamp)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.to_iso8601())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an instant is written as in 2026-11-22T10:00:00Z")
    }
}

impl std::error::Error for InvalidTimestamp {}

const MILLIS_PER_SECOND: i64 = 1000;
const MILLIS_PER_DAY: i64 = 86_400_000;
const MILLIS_MIN: i64 = -62_167_219_200_000;
const MILLIS_MAX: i64 = 253_370_764_800_000;

#[cfg(test)]
mod tests {
    use serde::Deserialize as _;
    use serde::de::IntoDeserializer as _;
    use serde::de::value::{Error, I64Deserializer};

    use super::{MILLIS_MAX, MILLIS_MIN, Timestamp};

    #[test]
    fn an_instant_that_no_instant_is_written_as_is_not_read() {
        let read = |millis: i64| {
            let deserializer: I64Deserializer<Error> = millis.into_deserializer();
            Timestamp::deserialize(deserializer).ok()
        };
        for millis in [MILLIS_MIN, -1, 0, 1_795_646_259_000, MILLIS_MAX] {
            assert_eq!(read(millis), Some(Timestamp::from_millis(millis)));
        }
        for millis in [MILLIS_MIN - 1, MILLIS_MAX + 1, i64::MIN, i64::MAX] {
            assert_eq!(read(millis), None, "{millis}");
        }
    }

    #[test]
    fn instants_are_written_as_aws_writes_them() {
        let instant: Timestamp = "2026-11-22T10:00:00.125Z".parse().unwrap();
        assert_eq!(instant.to_iso8601(), "2026-11-22T10:00:00.125Z");
        assert_eq!(instant.to_basic(), "20261122T100000Z");
        assert_eq!(instant.day().to_iso8601(), "2026-11-22T00:00:00.000Z");
        assert_eq!("2026-11-22T12:00:00.125+02:00".parse(), Ok(instant));
    }

    #[test]
    fn arithmetic_stays_within_the_years_that_can_be_written() {
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(end.plus(std::time::Duration::MAX), end);
        assert!(end.to_iso8601().starts_with("9999-"));
    }
}
