//! Dates of policies: ISO 8601 in the forms of the W3C's profile, or seconds since 1970.

/// The milliseconds since 1970 that a date names; nothing where the text is no date.
pub(crate) fn millis(text: &str) -> Option<i64> {
    if let Some(seconds) = epoch(text) {
        return Some(seconds.saturating_mul(1000));
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let days = days(date)?;
    let within = time.map_or(Some(0), time_of_day)?;
    let millis = i128::from(days) * i128::from(MILLIS_PER_DAY) + i128::from(within);
    Some(i64::try_from(millis).unwrap_or(if millis < 0 { i64::MIN } else { i64::MAX }))
}

fn epoch(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD` as days since 1970.
fn days(date: &str) -> Option<i64> {
    let (sign, digits) = match date.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, date),
    };
    let mut parts = digits.split('-');
    let year = sign * number(parts.next()?, 9)?;
    if !(YEAR_MIN..=YEAR_MAX).contains(&year) {
        return None;
    }
    let month = parts.next().map_or(Some(1), |text| number(text, 2))?;
    let day = parts.next().map_or(Some(1), |text| number(text, 2))?;
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if day > month_days(year, month) {
        return None;
    }
    // The days of a proleptic Gregorian calendar whose years begin in March.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn month_days(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.s` with or without an offset, as milliseconds since midnight
/// of UTC.
fn time_of_day(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (clock, offset_minutes) = split_offset(text)?;
    let mut parts = clock.split(':');
    let hours = number(parts.next()?, 2)?;
    let minutes = parts.next().map_or(Some(0), |text| number(text, 2))?;
    let (seconds, millis) = parts.next().map_or(Some((0, 0)), seconds)?;
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some(((hours * 60 + minutes - offset_minutes) * 60 + seconds) * 1000 + millis)
}

fn seconds(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = u32::try_from(fraction.len()).ok()?;
    let nanos = number(fraction, 9)? * 10_i64.pow(9 - digits);
    Some((number(whole, 2)?, nanos / 1_000_000))
}

fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.find(['+', '-']) else { return Some((text, 0)) };
    let (clock, offset) = text.split_at_checked(at)?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits = offset.get(1..)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    if hours > 23 || minutes > 59 { None } else { Some((clock, sign * (hours * 60 + minutes))) }
}

fn number(text: &str, digits_max: usize) -> Option<i64> {
    let is_number =
        (1..=digits_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

const MILLIS_PER_DAY: i64 = 86_400_000;
// AWS: the years that IAM takes.
const YEAR_MIN: i64 = -292_275_054;
const YEAR_MAX: i64 = 292_278_993;

#[cfg(test)]
mod tests {
    use coffer_model::Timestamp;

    use super::millis;

    #[test]
    fn every_spelling_of_an_instant_is_the_same_instant() {
        let noon = "2026-11-22T12:00:00Z".parse::<Timestamp>().unwrap().as_millis();
        for text in [
            "2026-11-22T12:00:00Z",
            "2026-11-22t12:00:00z",
            "2026-11-22T12:00Z",
            "2026-11-22T12:00:00.000",
            "2026-11-22T14:30:00+02:30",
            "2026-11-22T14:30:00+0230",
            "2026-11-22T07:00:00.0-05",
            "2026-11-23T00:00:00+12:00",
            "1795348800",
        ] {
            assert_eq!(millis(text), Some(noon), "{text}");
        }
        assert_eq!(millis("2026-11-22T12:00:00.1259Z"), Some(noon + 125));
        assert_eq!(millis("2026-11-22"), Some(noon - 43_200_000));
    }

    #[test]
    fn days_agree_with_the_calendar_of_instants() {
        for text in
            ["0001-01-01", "1600-02-29", "1969-12-31", "1970-01-01", "2000-02-29", "9998-12-31"]
        {
            let instant = format!("{text}T00:00:00Z").parse::<Timestamp>().unwrap();
            assert_eq!(millis(text), Some(instant.as_millis()), "{text}");
        }
        assert_eq!(millis("2026-03"), millis("2026-03-01"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "x",
            "234-13",
            "2026-02-29",
            "2026-11-31",
            "2026-00-10",
            "2026-1-1-1",
            "2026-11-22T24:00:00Z",
            "2026-11-22T12:60Z",
            "2016-12-13t2:00:00.593194+1",
            "2016-12-13t2:00:00.1999999999+10:59",
            "9223372036854775808",
            "2026-11-22T12:00:00+24:00",
            "999999999-01-01",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
