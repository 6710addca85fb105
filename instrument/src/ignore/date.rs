//! A day of the calendar, in UTC.

use std::{fmt, time::Duration};

const A_DAY: u64 = 24 * 3600;

/// From 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    year: u64,
    month: u64,
    day: u64,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Date {
    /// `2027-01-31`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = |text: &str, digits: usize| {
            let is_one = text.len() == digits && text.bytes().all(|it| it.is_ascii_digit());
            if is_one { text.parse().ok() } else { None }
        };
        let mut parts = text.split('-');
        let year = number(parts.next()?, 4)?;
        let month = number(parts.next()?, 2)?;
        let day = number(parts.next()?, 2)?;
        let is_one = year >= 1970 && (1..=12).contains(&month) && parts.next().is_none();
        (is_one && (1..=days_of(year, month)).contains(&day)).then_some(Self { year, month, day })
    }

    /// The Unix time at which the day is over.
    pub(super) fn end(self) -> Duration {
        let years = (1970..self.year).map(|year| if is_leap(year) { 366 } else { 365 });
        let months = (1..self.month).map(|month| days_of(self.year, month));
        let days = years.sum::<u64>() + months.sum::<u64>() + self.day;
        Duration::from_secs(days * A_DAY)
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_day_is_over() {
        for (text, seconds) in [
            ("1970-01-01", 86_400),
            ("2000-02-29", 951_868_800),
            ("2026-12-31", 1_798_761_600),
            ("2027-01-31", 1_801_440_000),
            ("2028-02-29", 1_835_481_600),
            ("9999-12-31", 253_402_300_800),
        ] {
            let date = Date::parse(text).expect(text);
            assert_eq!((date.end().as_secs(), date.to_string().as_str()), (seconds, text));
        }
    }

    #[test]
    fn what_is_no_day() {
        for text in [
            "",
            "soon",
            "2027-02-29",
            "2100-02-29",
            "2027-04-31",
            "2027-13-01",
            "2027-00-10",
            "2027-01-00",
            "1969-12-31",
            "27-01-31",
            "2027-1-31",
            "2027-01-31-1",
            "2027-01-+1",
            "2027/01/31",
        ] {
            assert_eq!(Date::parse(text), None, "{text:?}");
        }
    }
}
