//! What a year of schedules should do: tables that were worked out by hand with a calendar, and a
//! naive reckoning that goes from hour to hour. Neither knows the code under test.

use serde_json::{Value, json};

/// The hour that schedules are set in, half past it; a Friday.
pub(crate) const SET: &str = "2027-01-15T10:30:00";
/// A year and more later, behind a leap day.
pub(crate) const END: &str = "2028-03-05T00";

/// A secret's rules, and when they are to rotate it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) rules: Value,
    /// Whether it rotates when the rules are set, too. That makes a difference to rates in hours
    /// alone, which go by the hours since.
    pub(crate) at_once: bool,
    /// How many hours a window stays open; the rest of the day where there is no number.
    pub(crate) open_hours: Option<u32>,
    /// Whether a window opens at this hour.
    opens: fn(&Hour) -> bool,
    /// The openings by hand, up to the first one behind the end; none where there are hundreds.
    by_hand: &'static [&'static str],
}

/// An hour of the calendar.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hour {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    /// From Sunday, which is 0.
    weekday: u32,
    /// Since the midnight before the schedules are set.
    passed: u32,
}

impl Hour {
    fn first() -> Self {
        Self { year: 2027, month: 1, day: 15, hour: 0, weekday: 5, passed: 0 }
    }

    fn next(mut self) -> Self {
        self.passed += 1;
        self.hour += 1;
        if self.hour == 24 {
            self.hour = 0;
            self.weekday = (self.weekday + 1) % 7;
            self.day += 1;
        }
        if self.day > self.days_of_month() {
            (self.day, self.month) = (1, self.month + 1);
        }
        if self.month > 12 {
            (self.month, self.year) = (1, self.year + 1);
        }
        self
    }

    fn days_of_month(&self) -> u32 {
        match self.month {
            2 if self.year.is_multiple_of(4) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    fn is(&self, hour: u32, is_day: bool) -> bool {
        self.hour == hour && is_day
    }

    fn is_weekend(&self) -> bool {
        matches!(self.weekday, 0 | 6)
    }

    /// Whether this is the so-manieth such day of the week.
    fn is_nth(&self, weekday: u32, nth: u32) -> bool {
        self.weekday == weekday && self.day.div_ceil(7) == nth
    }

    /// Whether this is the day of the week nearest to one of the month: on it, or on the Friday or
    /// the Monday beside a weekend, without leaving the month.
    fn is_weekday_near(&self, near: u32) -> bool {
        let last = self.days_of_month();
        match (self.day, self.weekday) {
            _ if self.is_weekend() => false,
            (day, _) if day == near => true,
            // The Saturday of this Friday, the Sunday of this Monday.
            (day, 5) if day + 1 == near => true,
            (day, 1) if day == near + 1 => true,
            // A Sunday that ends the month, a Saturday that begins it.
            (day, 5) if day + 2 == near => near == last,
            (day, 1) if day == near + 2 => near == 1,
            _ => false,
        }
    }

    /// Whether so many days have gone by, or some such spans.
    fn is_after_days(&self, days: u32) -> bool {
        self.passed > 0 && self.passed.is_multiple_of(24 * days)
    }

    /// Such as `2027-01-15T10`.
    pub(crate) fn text(&self) -> String {
        format!("{:04}-{:02}-{:02}T{:02}", self.year, self.month, self.day, self.hour)
    }
}

impl Case {
    /// The openings from hour to hour, up to the first one behind the end.
    pub(crate) fn openings(&self) -> Vec<String> {
        let mut openings = Vec::new();
        let mut hour = Hour::first();
        while openings.last().is_none_or(|last: &String| last.as_str() < END) {
            hour = hour.next();
            // The half hour that they are set at is behind the hour.
            if hour.passed > 10 && (self.opens)(&hour) {
                openings.push(hour.text());
            }
        }
        openings
    }

    /// The last second of the window that opens at an hour, such as `2027-01-31T05:59:59`.
    pub(crate) fn closes(&self, opens: &str) -> String {
        let (day, hour) = opens.split_once('T').unwrap();
        let hour: u32 = hour.parse().unwrap();
        let last = self.open_hours.map_or(23, |hours| hour + hours - 1);
        assert!(last < 24, "{}: windows end with the day", self.name);
        format!("{day}T{last:02}:59:59")
    }
}

/// The hours from the one after the schedules are set to the last.
pub(crate) fn hours() -> impl Iterator<Item = Hour> {
    let all = std::iter::successors(Some(Hour::first()), |hour| Some(hour.next()));
    all.skip(11).take_while(|hour| hour.text().as_str() < END)
}

fn expression(text: &str, duration: Option<&str>) -> Value {
    match duration {
        Some(duration) => json!({"ScheduleExpression": text, "Duration": duration}),
        None => json!({"ScheduleExpression": text}),
    }
}

/// All rules that a year of rotations goes by.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = cases_by_day_of_month();
    cases.extend(cases_by_day_of_week());
    cases.extend(cases_by_rate());
    cases
}

fn cases_by_day_of_month() -> Vec<Case> {
    vec![
        Case {
            name: "last-day",
            rules: expression("cron(0 4 L * ? *)", Some("2h")),
            at_once: true,
            open_hours: Some(2),
            opens: |it| it.is(4, it.day == it.days_of_month()),
            by_hand: LAST_DAY,
        },
        Case {
            name: "last-weekday",
            rules: expression("cron(0 9 LW * ? *)", None),
            at_once: false,
            open_hours: None,
            opens: |it| it.is(9, it.is_weekday_near(it.days_of_month())),
            by_hand: LAST_WEEKDAY,
        },
        Case {
            name: "weekday-near-the-middle",
            rules: expression("cron(0 9 15W * ? *)", Some("15h")),
            at_once: true,
            open_hours: Some(15),
            opens: |it| it.is(9, it.is_weekday_near(15)),
            by_hand: NEAR_THE_MIDDLE,
        },
        Case {
            name: "weekday-near-the-first",
            rules: expression("cron(0 9 1W * ? *)", None),
            at_once: false,
            open_hours: None,
            opens: |it| it.is(9, it.is_weekday_near(1)),
            by_hand: NEAR_THE_FIRST,
        },
        Case {
            name: "leap-day",
            rules: expression("cron(0 0 29 2 ? *)", Some("1h")),
            at_once: true,
            open_hours: Some(1),
            opens: |it| it.is(0, it.month == 2 && it.day == 29),
            by_hand: &["2028-02-29T00", "2032-02-29T00"],
        },
        Case {
            name: "thirty-first",
            rules: expression("cron(0 8 31 * ? *)", None),
            at_once: false,
            open_hours: None,
            opens: |it| it.is(8, it.day == 31),
            by_hand: THIRTY_FIRST,
        },
        Case {
            name: "twice-on-two-days",
            rules: expression("cron(0 2,14 1,15 * ? *)", Some("3h")),
            at_once: true,
            open_hours: Some(3),
            opens: |it| matches!(it.hour, 2 | 14) && matches!(it.day, 1 | 15),
            by_hand: &[],
        },
        Case {
            name: "days-of-some-months",
            rules: expression("cron(0 22 10-12 MAR-MAY,dec ? *)", None),
            at_once: false,
            open_hours: None,
            opens: |it| {
                let is_month = matches!(it.month, 3..=5 | 12);
                it.is(22, is_month && (10..=12).contains(&it.day))
            },
            by_hand: DAYS_OF_SOME_MONTHS,
        },
    ]
}

fn cases_by_day_of_week() -> Vec<Case> {
    vec![
        Case {
            name: "second-tuesday",
            rules: expression("cron(0 12 ? * TUE#2 *)", Some("12h")),
            at_once: true,
            open_hours: Some(12),
            opens: |it| it.is(12, it.is_nth(2, 2)),
            by_hand: SECOND_TUESDAY,
        },
        Case {
            name: "fifth-sunday",
            rules: expression("cron(0 0 ? * SUN#5 *)", None),
            at_once: false,
            open_hours: None,
            opens: |it| it.is(0, it.is_nth(0, 5)),
            by_hand: FIFTH_SUNDAY,
        },
        Case {
            name: "last-friday-of-quarters",
            rules: expression("cron(0 16 ? FEB,MAY,AUG,NOV FRIL *)", None),
            at_once: true,
            open_hours: None,
            opens: |it| {
                let is_last = it.weekday == 5 && it.day + 7 > it.days_of_month();
                it.is(16, it.month % 3 == 2 && is_last)
            },
            by_hand: LAST_FRIDAY_OF_QUARTERS,
        },
        Case {
            name: "second-wednesday-of-every-third-month",
            rules: expression("cron(0 12 ? 1/3 4#2 *)", None),
            at_once: false,
            open_hours: None,
            opens: |it| it.is(12, it.month % 3 == 1 && it.is_nth(3, 2)),
            by_hand: SECOND_WEDNESDAY,
        },
        Case {
            name: "last-day-of-the-week",
            rules: expression("cron(0 8 ? * L *)", None),
            at_once: true,
            open_hours: None,
            opens: |it| it.is(8, it.weekday == 6),
            by_hand: &[],
        },
        Case {
            name: "friday-to-monday",
            rules: expression("cron(0 6 ? * FRI-MON *)", Some("4h")),
            at_once: false,
            open_hours: Some(4),
            opens: |it| it.is(6, matches!(it.weekday, 5 | 6 | 0 | 1)),
            by_hand: &[],
        },
        Case {
            name: "every-twelve-hours",
            rules: expression("cron(0 /12 ? * MON-SUN *)", None),
            at_once: true,
            open_hours: Some(1),
            opens: |it| it.hour % 12 == 0,
            by_hand: &[],
        },
    ]
}

fn cases_by_rate() -> Vec<Case> {
    vec![
        Case {
            name: "every-ten-days",
            rules: expression("rate(10 days)", Some("24h")),
            at_once: false,
            open_hours: Some(24),
            opens: |it| it.is_after_days(10),
            by_hand: EVERY_TEN_DAYS,
        },
        Case {
            name: "after-thirty-days",
            rules: json!({"AutomaticallyAfterDays": 30, "Duration": "2h"}),
            at_once: true,
            open_hours: Some(2),
            opens: |it| it.is_after_days(30),
            by_hand: AFTER_THIRTY_DAYS,
        },
        Case {
            name: "after-more-than-a-year",
            rules: expression("rate(400 days)", None),
            at_once: false,
            open_hours: None,
            opens: |it| it.is_after_days(400),
            by_hand: &["2028-02-19T00", "2029-03-25T00"],
        },
        Case {
            name: "every-day",
            rules: expression("rate(1 day)", Some("1h")),
            at_once: true,
            open_hours: Some(1),
            opens: |it| it.is_after_days(1),
            by_hand: &[],
        },
        Case {
            name: "every-seven-hours",
            rules: expression("rate(7 hours)", None),
            at_once: false,
            open_hours: Some(1),
            opens: |it| it.passed % 7 == 0,
            by_hand: &[],
        },
        Case {
            name: "every-hundred-hours",
            rules: expression("rate(100 hours)", None),
            at_once: true,
            open_hours: Some(1),
            opens: |it| it.passed > 10 && (it.passed - 10) % 100 == 0,
            by_hand: &[],
        },
    ]
}

#[test]
fn the_reckoning_is_what_was_worked_out_by_hand() {
    let mut rows = 0;
    for case in cases().iter().filter(|case| !case.by_hand.is_empty()) {
        assert_eq!(case.openings(), case.by_hand, "{}", case.name);
        rows += case.by_hand.len();
    }
    assert!(rows > 140, "{rows} rows");
    // And by counting: 2027 has 52 Saturdays and one leap day fewer than 2028.
    let count = |name: &str, from: &str, to: &str| {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        let openings = case.openings();
        openings.iter().filter(|it| (from..to).contains(&it.as_str())).count()
    };
    assert_eq!(count("last-day-of-the-week", "2027-02", "2028-02"), 52);
    assert_eq!(count("every-twelve-hours", "2027-03", "2028-03"), 2 * 366);
    assert_eq!(count("every-day", "2028-02", "2028-03"), 29);
    assert_eq!(count("twice-on-two-days", "2027-02", "2028-02"), 48);
    // 168 hours are a week: 24 of seven hours each.
    assert_eq!(count("every-seven-hours", "2027-02-01", "2027-02-08"), 24);
}

// By hand: 2027 begins on a Friday, its months on Fri, Mon, Mon, Thu, Sat, Tue, Thu, Sun, Wed, Fri,
// Mon, Wed; 2028 begins on a Saturday, and its February and March on a Tuesday and a Wednesday.

#[rustfmt::skip]
const LAST_DAY: &[&str] = &[
    "2027-01-31T04", "2027-02-28T04", "2027-03-31T04", "2027-04-30T04", "2027-05-31T04",
    "2027-06-30T04", "2027-07-31T04", "2027-08-31T04", "2027-09-30T04", "2027-10-31T04",
    "2027-11-30T04", "2027-12-31T04", "2028-01-31T04", "2028-02-29T04", "2028-03-31T04",
];
#[rustfmt::skip]
const LAST_WEEKDAY: &[&str] = &[
    "2027-01-29T09", "2027-02-26T09", "2027-03-31T09", "2027-04-30T09", "2027-05-31T09",
    "2027-06-30T09", "2027-07-30T09", "2027-08-31T09", "2027-09-30T09", "2027-10-29T09",
    "2027-11-30T09", "2027-12-31T09", "2028-01-31T09", "2028-02-29T09", "2028-03-31T09",
];
#[rustfmt::skip]
const NEAR_THE_MIDDLE: &[&str] = &[
    "2027-02-15T09", "2027-03-15T09", "2027-04-15T09", "2027-05-14T09", "2027-06-15T09",
    "2027-07-15T09", "2027-08-16T09", "2027-09-15T09", "2027-10-15T09", "2027-11-15T09",
    "2027-12-15T09", "2028-01-14T09", "2028-02-15T09", "2028-03-15T09",
];
#[rustfmt::skip]
const NEAR_THE_FIRST: &[&str] = &[
    "2027-02-01T09", "2027-03-01T09", "2027-04-01T09", "2027-05-03T09", "2027-06-01T09",
    "2027-07-01T09", "2027-08-02T09", "2027-09-01T09", "2027-10-01T09", "2027-11-01T09",
    "2027-12-01T09", "2028-01-03T09", "2028-02-01T09", "2028-03-01T09", "2028-04-03T09",
];
#[rustfmt::skip]
const THIRTY_FIRST: &[&str] = &[
    "2027-01-31T08", "2027-03-31T08", "2027-05-31T08", "2027-07-31T08", "2027-08-31T08",
    "2027-10-31T08", "2027-12-31T08", "2028-01-31T08", "2028-03-31T08",
];
#[rustfmt::skip]
const DAYS_OF_SOME_MONTHS: &[&str] = &[
    "2027-03-10T22", "2027-03-11T22", "2027-03-12T22", "2027-04-10T22", "2027-04-11T22",
    "2027-04-12T22", "2027-05-10T22", "2027-05-11T22", "2027-05-12T22", "2027-12-10T22",
    "2027-12-11T22", "2027-12-12T22", "2028-03-10T22",
];
#[rustfmt::skip]
const SECOND_TUESDAY: &[&str] = &[
    "2027-02-09T12", "2027-03-09T12", "2027-04-13T12", "2027-05-11T12", "2027-06-08T12",
    "2027-07-13T12", "2027-08-10T12", "2027-09-14T12", "2027-10-12T12", "2027-11-09T12",
    "2027-12-14T12", "2028-01-11T12", "2028-02-08T12", "2028-03-14T12",
];
#[rustfmt::skip]
const FIFTH_SUNDAY: &[&str] = &[
    "2027-01-31T00", "2027-05-30T00", "2027-08-29T00", "2027-10-31T00", "2028-01-30T00",
    "2028-04-30T00",
];
#[rustfmt::skip]
const LAST_FRIDAY_OF_QUARTERS: &[&str] = &[
    "2027-02-26T16", "2027-05-28T16", "2027-08-27T16", "2027-11-26T16", "2028-02-25T16",
    "2028-05-26T16",
];
#[rustfmt::skip]
const SECOND_WEDNESDAY: &[&str] = &[
    "2027-04-14T12", "2027-07-14T12", "2027-10-13T12", "2028-01-12T12", "2028-04-12T12",
];
#[rustfmt::skip]
const EVERY_TEN_DAYS: &[&str] = &[
    "2027-01-25T00", "2027-02-04T00", "2027-02-14T00", "2027-02-24T00", "2027-03-06T00",
    "2027-03-16T00", "2027-03-26T00", "2027-04-05T00", "2027-04-15T00", "2027-04-25T00",
    "2027-05-05T00", "2027-05-15T00", "2027-05-25T00", "2027-06-04T00", "2027-06-14T00",
    "2027-06-24T00", "2027-07-04T00", "2027-07-14T00", "2027-07-24T00", "2027-08-03T00",
    "2027-08-13T00", "2027-08-23T00", "2027-09-02T00", "2027-09-12T00", "2027-09-22T00",
    "2027-10-02T00", "2027-10-12T00", "2027-10-22T00", "2027-11-01T00", "2027-11-11T00",
    "2027-11-21T00", "2027-12-01T00", "2027-12-11T00", "2027-12-21T00", "2027-12-31T00",
    "2028-01-10T00", "2028-01-20T00", "2028-01-30T00", "2028-02-09T00", "2028-02-19T00",
    "2028-02-29T00", "2028-03-10T00",
];
#[rustfmt::skip]
const AFTER_THIRTY_DAYS: &[&str] = &[
    "2027-02-14T00", "2027-03-16T00", "2027-04-15T00", "2027-05-15T00", "2027-06-14T00",
    "2027-07-14T00", "2027-08-13T00", "2027-09-12T00", "2027-10-12T00", "2027-11-11T00",
    "2027-12-11T00", "2028-01-10T00", "2028-02-09T00", "2028-03-10T00",
];
