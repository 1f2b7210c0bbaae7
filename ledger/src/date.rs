//! When: days of the world, known exactly or only within bounds.
//!
//! A [`Date`] is written in EDTF (ISO 8601-2:2019, Annex A, levels 0 and 1) and stands for a closed interval
//! of days: `2025-04` is 1 to 30 April 2025. An open end (`../1854-01-18`) reaches to the first or last day
//! that can be written, years −9999 to 9999. A qualifier (`?`, `~`, `%`) is kept and printed and moves no
//! bound: ISO 8601-2 §8.4.2 says that it speaks of confidence, not of another value.
//!
//! What is parsed must print back to the same text, so that one date has one spelling.

use std::fmt;

use edtf_core::{Bound, BoundDate, Edtf};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::spelling::of_text;

/// An instant of the register's own time.
pub use jiff::Timestamp as Instant;
/// A day of the proleptic Gregorian calendar, years −9999 to 9999.
pub use jiff::civil::Date as Day;

/// A date as a source gives it: EDTF text and the closed interval of days that it stands for.
#[derive(Clone, PartialEq, Eq)]
pub struct Date {
    text: Spelling,
    earliest: Day,
    latest: Day,
}

/// The text of a date; `YYYY-MM-DD` always lies in place, for millions of acts are read that have several of them.
#[derive(Clone, PartialEq, Eq)]
enum Spelling {
    Plain([u8; 10]),
    Other(Box<str>),
}

impl Spelling {
    fn of(text: &str) -> Self {
        match <[u8; 10]>::try_from(text.as_bytes()) {
            Ok(bytes) if text.is_ascii() => Self::Plain(bytes),
            Ok(_) | Err(_) => Self::Other(text.into()),
        }
    }
}

/// When acts are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedAt {
    /// The instant that a clock shows.
    Clock(Instant),
    /// An instant that the registrar asserts, as when an existing register is transcribed.
    Asserted(Instant),
}

impl RecordedAt {
    /// The instant.
    #[must_use]
    pub fn instant(self) -> Instant {
        match self {
            Self::Clock(instant) | Self::Asserted(instant) => instant,
        }
    }
}

/// Why a text is not a date of the register.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not EDTF at all, or a day that does not exist.
    #[error("`{text}` is not an EDTF date: {reason}")]
    NotEdtf {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// EDTF, but of a form for which a register has no use.
    #[error("`{text}` is EDTF, but {reason}")]
    NotForRegisters {
        /// The text as given.
        text: String,
        /// Why the form is not taken.
        reason: &'static str,
    },
    /// A second spelling of a date that has one already.
    #[error("`{text}` is written `{canonical}`")]
    NotCanonical {
        /// The text as given.
        text: String,
        /// The one spelling that is taken.
        canonical: String,
    },
}

impl Date {
    /// Reads EDTF text.
    ///
    /// # Errors
    /// [`DateError`] when the text is not EDTF, is not the canonical spelling, or is a form that has no bounds
    /// in days (a time of day, a season, an unknown end, a set).
    pub fn parse(text: &str) -> Result<Self, DateError> {
        match plain_day(text) {
            Some(day) => Ok(Self { text: Spelling::of(text), earliest: day, latest: day }),
            None => Self::parse_edtf(text),
        }
    }

    fn parse_edtf(text: &str) -> Result<Self, DateError> {
        let refuse = |reason| DateError::NotForRegisters { text: text.to_owned(), reason };
        let edtf =
            Edtf::parse(text).map_err(|e| DateError::NotEdtf { text: text.to_owned(), reason: e.message })?;
        let canonical = edtf.to_string();
        if canonical != text {
            return Err(DateError::NotCanonical { text: text.to_owned(), canonical });
        }
        if matches!(edtf, Edtf::DateTime(_)) {
            return Err(refuse("a register counts in days: leave out the time of day"));
        }
        if edtf.level() > 1 {
            return Err(refuse("only levels 0 and 1 are taken: write an interval such as 2003-02/2003-05"));
        }
        if has_season(text) {
            return Err(refuse("a season has no agreed days: write its months, such as 2003-03/2003-05"));
        }
        let bounds = edtf.bounds();
        let unknown =
            || refuse("it has no bounds within the years -9999 to 9999: an open end is written `..`");
        let earliest = day_of(bounds.earliest).ok_or_else(unknown)?;
        let latest = day_of(bounds.latest).ok_or_else(unknown)?;
        Ok(Self { text: Spelling::of(text), earliest, latest })
    }

    /// The date that is exactly one day.
    #[must_use]
    pub fn on(day: Day) -> Self {
        Self { text: Spelling::of(&day.to_string()), earliest: day, latest: day }
    }

    /// The first day that this date may be.
    #[must_use]
    pub fn earliest(&self) -> Day {
        self.earliest
    }

    /// The last day that this date may be.
    #[must_use]
    pub fn latest(&self) -> Day {
        self.latest
    }

    /// The numbers of the first and the last day that it may be.
    pub(crate) fn numbers(&self) -> (i32, i32) {
        let first = short::number_of(self.earliest);
        (first, if self.earliest == self.latest { first } else { short::number_of(self.latest) })
    }

    /// The EDTF text, as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.text {
            Spelling::Plain(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
            Spelling::Other(text) => text,
        }
    }

    /// The date one day later: exact when this one is, an interval when this one is.
    #[must_use]
    pub fn next_day(&self) -> Self {
        let (first, last) = (next(self.earliest), next(self.latest));
        if first == last {
            return Self::on(first);
        }
        let left = if self.earliest == Day::MIN { "..".to_owned() } else { first.to_string() };
        let right = if self.latest == Day::MAX { "..".to_owned() } else { last.to_string() };
        Self { text: Spelling::of(&format!("{left}/{right}")), earliest: first, latest: last }
    }
}

/// `YYYY-MM-DD`: most dates are such, and reading a ledger reads millions of them.
fn plain_day(text: &str) -> Option<Day> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    let two = |at: usize| {
        let digits = bytes[at].is_ascii_digit() && bytes[at + 1].is_ascii_digit();
        digits.then(|| 10 * (bytes[at] - b'0').cast_signed() + (bytes[at + 1] - b'0').cast_signed())
    };
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = 100 * i16::from(two(0)?) + i16::from(two(2)?);
    Day::new(year, two(5)?, two(8)?).ok()
}

fn next(day: Day) -> Day {
    if day == Day::MIN { day } else { day.tomorrow().unwrap_or(Day::MAX) }
}

/// Level 1 writes seasons as months 21 to 24.
fn has_season(text: &str) -> bool {
    text.split('/').any(|part| {
        let digits = part.trim_end_matches(['?', '~', '%']);
        digits.rsplit_once('-').is_some_and(|(year, month)| {
            year.len() >= 4
                && !year.trim_start_matches('-').contains('-')
                && matches!(month, "21" | "22" | "23" | "24")
        })
    })
}

/// `None` where EDTF gives no bound, or one beyond the years that can be counted.
fn day_of(bound: Bound) -> Option<Day> {
    match bound {
        Bound::NegativeInfinity => Some(Day::MIN),
        Bound::PositiveInfinity => Some(Day::MAX),
        Bound::Date(BoundDate { year, month, day }) => {
            let small = |n: u8| i8::try_from(n).ok();
            Day::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()
        }
        Bound::Unknown => None,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        of_text(deserializer, Self::parse)
    }
}

/// Dates in few bytes, where they are not the record of anything: a plain day as a number.
pub(crate) mod short {
    use std::borrow::Cow;

    use serde::{Deserialize, Serialize, Serializer};

    use super::{Date, Day, Spelling, plain_day};

    /// A date that is read as far as it must be.
    #[derive(Debug, Clone, Serialize, Deserialize)]
    pub(crate) enum Short<'a> {
        /// No date.
        None,
        /// A plain day, by its number.
        Plain(i32),
        /// Any other: the numbers of its first and last days, and as it is written.
        Other(i32, i32, #[serde(borrow)] Cow<'a, str>),
    }

    impl Short<'_> {
        /// The numbers of the first and the last day; none where there is no date.
        pub(crate) fn days(&self) -> Option<(i32, i32)> {
            match self {
                Self::None => None,
                Self::Plain(number) => Some((*number, *number)),
                Self::Other(first, last, _) => Some((*first, *last)),
            }
        }

        /// The date; none where there is none, or none of these numbers.
        pub(crate) fn date(&self) -> Option<Date> {
            match self {
                Self::None => None,
                Self::Plain(number) => plain(*number),
                Self::Other(first, last, text) => {
                    Some(Date { text: Spelling::of(text), earliest: day_of(*first)?, latest: day_of(*last)? })
                }
            }
        }
    }

    #[allow(clippy::ref_option, reason = "serde hands it on so")]
    pub(crate) fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(date) = date else { return Short::None.serialize(serializer) };
        if let Some(day) = plain_day(date.as_str()) {
            return Short::Plain(number_of(day)).serialize(serializer);
        }
        let (first, last) = date.numbers();
        Short::Other(first, last, Cow::Borrowed(date.as_str())).serialize(serializer)
    }

    /// The day of a number; where there is none of that number, none.
    pub(crate) fn day_of(number: i32) -> Option<Day> {
        let (months, day) = (number.div_euclid(31), number.rem_euclid(31) + 1);
        let (year, month) = (1970 + months.div_euclid(12), months.rem_euclid(12) + 1);
        Day::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    /// A day as a number, in the order of days: as if every month had 31 of them, from the first of 1970 on.
    pub(crate) fn number_of(day: Day) -> i32 {
        let months = (i32::from(day.year()) - 1970) * 12 + i32::from(day.month()) - 1;
        months * 31 + i32::from(day.day()) - 1
    }

    fn plain(number: i32) -> Option<Date> {
        let day = day_of(number)?;
        let digit =
            |number: i16, power: i16| u8::try_from(number / power % 10).map(|digit| b'0' + digit).ok();
        let (year, month, date) = (day.year(), i16::from(day.month()), i16::from(day.day()));
        let text = [
            digit(year, 1000)?,
            digit(year, 100)?,
            digit(year, 10)?,
            digit(year, 1)?,
            b'-',
            digit(month, 10)?,
            digit(month, 1)?,
            b'-',
            digit(date, 10)?,
            digit(date, 1)?,
        ];
        Some(Date { text: Spelling::Plain(text), earliest: day, latest: day })
    }

    #[cfg(test)]
    #[test]
    fn what_is_short_is_read_back() {
        #[derive(Serialize)]
        struct Dated(#[serde(serialize_with = "super::short::serialize")] Option<Date>);
        let texts =
            ["2025-07-03", "0000-01-01", "9999-12-31", "1899-02-28", "2004-06-XX", "2003", "1998-09-22~"];
        let plain = texts.map(|text| Date::parse(text).ok()).into_iter();
        for date in
            plain.chain(["../1854-01-18", "2021-08-15/.."].map(|text| Date::parse(text).ok())).chain([None])
        {
            let wanted = Dated(date);
            let bytes = bincode::serde::encode_to_vec(&wanted, bincode::config::standard()).unwrap();
            let (read, _): (Short<'_>, usize) =
                bincode::serde::borrow_decode_from_slice(&bytes, bincode::config::standard()).unwrap();
            assert_eq!(read.date(), wanted.0);
            assert_eq!(read.days(), wanted.0.as_ref().map(Date::numbers));
            let days = wanted.0.map(|date| (date.earliest(), date.latest()));
            assert_eq!(
                read.days().map(|(first, last)| (day_of(first), day_of(last))),
                days.map(|(first, last)| (Some(first), Some(last)))
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(text: &str) -> String {
        match Date::parse(text) {
            Ok(date) => format!("{} to {}", date.earliest(), date.latest()),
            Err(e) => e.to_string(),
        }
    }

    #[test]
    fn a_date_is_a_closed_interval_of_days() {
        assert_eq!(bounds("2025-07-03"), "2025-07-03 to 2025-07-03");
        assert_eq!(bounds("2025-04"), "2025-04-01 to 2025-04-30");
        assert_eq!(bounds("2003"), "2003-01-01 to 2003-12-31");
        assert_eq!(bounds("199X"), "1990-01-01 to 1999-12-31");
        assert_eq!(bounds("2004-XX"), "2004-01-01 to 2004-12-31");
        assert_eq!(bounds("2003-02/2003-05"), "2003-02-01 to 2003-05-31");
        assert_eq!(bounds("1998-09-22~"), "1998-09-22 to 1998-09-22");
        assert_eq!(bounds("../1854-01-18"), "-009999-01-01 to 1854-01-18");
        assert_eq!(bounds("2021-08-15/.."), "2021-08-15 to 9999-12-31");
    }

    #[test]
    fn what_is_refused_says_why() {
        assert_eq!(
            bounds("2025-02-30"),
            "`2025-02-30` is not an EDTF date: day is out of range for the month"
        );
        assert_eq!(
            bounds("2003-05/2003-02"),
            "`2003-05/2003-02` is not an EDTF date: interval end precedes interval start"
        );
        assert_eq!(bounds("?2004"), "`?2004` is written `2004?`");
        assert!(bounds("2001-21").contains("season"), "{}", bounds("2001-21"));
        assert!(bounds("2001-21/2001-22").contains("season"));
        assert!(bounds("2025-07-03T10:00:00Z").contains("time of day"));
        assert!(bounds("Y20000").contains("no bounds"));
        assert!(bounds("/2001").contains("open end"));
        assert!(bounds("[2001,2003]").contains("levels 0 and 1"));
        assert!(bounds("2025-01-21").contains("to 2025-01-21"), "a day is no season");
    }

    #[test]
    fn the_short_way_for_a_plain_day_reads_as_the_long_one() {
        for text in
            ["2025-07-03", "0000-02-29", "1900-02-29", "2025-13-01", "2025-00-01", "2025-1x-01", "9999-12-31"]
        {
            assert_eq!(Date::parse(text), Date::parse_edtf(text), "{text}");
        }
    }

    #[test]
    fn the_next_day_keeps_the_bounds() {
        let next = |text: &str| Date::parse(text).expect("a date").next_day().to_string();
        assert_eq!(next("2023-10-18"), "2023-10-19");
        assert_eq!(next("2023-10"), "2023-10-02/2023-11-01");
        assert_eq!(next("2023-10-18/.."), "2023-10-19/..");
    }
}
