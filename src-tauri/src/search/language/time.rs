//! When a medium was uploaded. Days, months and years are those of UTC.

use std::{fmt, ops::Range};

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{Field, Problem, TimeField, Unit, count::number};

pub const EARLIEST_YEAR: i32 = 1900;
/// Its end still has a year of four digits, which all that reads times understands.
pub const LATEST_YEAR: i32 = 9998;
const FARTHEST_AGO: u32 = 9_999;

/// As typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    Year(i32),
    Month {
        year: i32,
        /// 1 to 12
        month: u32,
    },
    Day(NaiveDate),
    Today,
    Yesterday,
    /// The day that lies so far back from today, or the very instant for hours
    Ago {
        amount: u32,
        unit: Unit,
    },
}

/// From the first instant, up to but without the second. `None`: without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

impl TimeField {
    /// `before`, `on` and `after` the same moment share out all of time: `after:2026` begins with 2027, and `after:-7d` are
    /// seven days, today included. Hours are counted back from `now` itself: `after:-12h` are the last twelve.
    pub fn period(self, moment: Moment, now: DateTime<Utc>) -> Period {
        let Range { start, end } = moment.span(now);
        match self {
            Self::Before => Period { from: None, until: Some(start) },
            Self::On => Period { from: Some(start), until: Some(end) },
            Self::After => Period { from: Some(end), until: None },
        }
    }
}

impl Moment {
    /// Empty for hours: they are an instant. What lies outside of the known years is moved to their edge.
    pub fn span(self, now: DateTime<Utc>) -> Range<DateTime<Utc>> {
        let today = now.date_naive();
        match self {
            Self::Year(year) => months(year, 1, 12),
            Self::Month { year, month } => months(year, month, 1),
            Self::Day(day) => whole(day),
            Self::Today => whole(today),
            Self::Yesterday => whole(today.pred_opt().unwrap_or(today)),
            Self::Ago { amount, unit: Unit::Hours } => {
                let instant = now.checked_sub_signed(TimeDelta::hours(amount.into())).unwrap_or_else(earliest);
                instant.max(earliest())..instant.max(earliest())
            }
            Self::Ago { amount, unit } => whole(back(today, amount, unit).unwrap_or_else(|| earliest().date_naive())),
        }
    }

    pub(super) fn parse(field: TimeField, text: &str) -> Result<Self, Problem> {
        let text = text.to_ascii_lowercase();
        match text.as_str() {
            "today" => Ok(Self::Today),
            "yesterday" => Ok(Self::Yesterday),
            _ => match text.strip_prefix('-') {
                Some(ago) => Self::ago(field, ago),
                None => Self::date(field, &text),
            },
        }
    }

    fn ago(field: TimeField, text: &str) -> Result<Self, Problem> {
        let no_time = || Problem::NoTime { field: Field::Time(field) };
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = Unit::named(&text[digits.len()..]).ok_or_else(no_time)?;
        let amount = number(digits).filter(|amount| *amount <= FARTHEST_AGO).ok_or_else(no_time)?;
        match (field, unit) {
            (TimeField::On, Unit::Hours) => Err(Problem::HoursOn),
            _ => Ok(Self::Ago { amount, unit }),
        }
    }

    /// `2026`, `2026-03`, `2026-03-05`
    fn date(field: TimeField, text: &str) -> Result<Self, Problem> {
        let no_time = || Problem::NoTime { field: Field::Time(field) };
        let mut parts = text.split('-');
        let mut part = |length| match parts.next() {
            Some(digits) if digits.len() == length => number(digits).map(Some).ok_or_else(no_time),
            Some(_) => Err(no_time()),
            None => Ok(None),
        };
        let (year, month, day): (Option<u32>, Option<u32>, Option<u32>) = (part(4)?, part(2)?, part(2)?);
        let year = year.and_then(|year| i32::try_from(year).ok()).ok_or_else(no_time)?;
        if parts.next().is_some() {
            return Err(no_time());
        }
        if !(EARLIEST_YEAR..=LATEST_YEAR).contains(&year) {
            return Err(Problem::YearOutOfRange);
        }
        let first = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1)).ok_or(Problem::NoSuchDay)?;
        Ok(match (month, day) {
            (Some(_), Some(_)) => Self::Day(first),
            (Some(month), None) => Self::Month { year, month },
            (None, _) => Self::Year(year),
        })
    }
}

fn back(today: NaiveDate, amount: u32, unit: Unit) -> Option<NaiveDate> {
    let day = match unit {
        Unit::Hours => Some(today),
        Unit::Days => today.checked_sub_days(Days::new(amount.into())),
        Unit::Weeks => today.checked_sub_days(Days::new(u64::from(amount) * 7)),
        // The 31st becomes the last day of a shorter month.
        Unit::Months => today.checked_sub_months(Months::new(amount)),
        Unit::Years => today.checked_sub_months(Months::new(amount.checked_mul(12)?)),
    };
    day.filter(|day| *day >= earliest().date_naive())
}

fn months(year: i32, month: u32, count: u32) -> Range<DateTime<Utc>> {
    let start = NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_else(|| earliest().date_naive());
    let end = start.checked_add_months(Months::new(count)).unwrap_or(start);
    midnight(start)..midnight(end)
}

fn whole(day: NaiveDate) -> Range<DateTime<Utc>> {
    midnight(day)..midnight(day.succ_opt().unwrap_or(day))
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

fn earliest() -> DateTime<Utc> {
    midnight(NaiveDate::from_ymd_opt(EARLIEST_YEAR, 1, 1).unwrap_or_default())
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
            Self::Day(day) => write!(f, "{day}"),
            Self::Today => f.write_str("today"),
            Self::Yesterday => f.write_str("yesterday"),
            Self::Ago { amount, unit } => write!(f, "-{amount}{unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    fn period(field: TimeField, text: &str) -> (String, String) {
        let now = at("2026-03-31T15:04:05.678Z");
        let Period { from, until } = field.period(Moment::parse(field, text).expect(text), now);
        let shown = |end: Option<DateTime<Utc>>| end.map(|end| end.format("%FT%T%.f").to_string()).unwrap_or_default();
        (shown(from), shown(until))
    }

    #[test]
    fn on_a_moment_is_all_of_it() {
        for (text, from, until) in [
            ("2026", "2026-01-01", "2027-01-01"),
            ("2026-12", "2026-12-01", "2027-01-01"),
            ("2024-02-29", "2024-02-29", "2024-03-01"),
            ("today", "2026-03-31", "2026-04-01"),
            ("Yesterday", "2026-03-30", "2026-03-31"),
            ("-7d", "2026-03-24", "2026-03-25"),
            ("-2W", "2026-03-17", "2026-03-18"),
            ("-1m", "2026-02-28", "2026-03-01"),
            ("-1y", "2025-03-31", "2025-04-01"),
            ("-0d", "2026-03-31", "2026-04-01"),
            ("-9999y", "1900-01-01", "1900-01-02"),
            ("9998", "9998-01-01", "9999-01-01"),
        ] {
            let midnight = |day| format!("{day}T00:00:00");
            assert_eq!(period(TimeField::On, text), (midnight(from), midnight(until)), "{text}");
        }
    }

    #[test]
    fn before_and_after_leave_nothing_between_but_the_moment() {
        assert_eq!(period(TimeField::Before, "2026-03"), (String::new(), "2026-03-01T00:00:00".into()));
        assert_eq!(period(TimeField::After, "2026-03"), ("2026-04-01T00:00:00".into(), String::new()));
        assert_eq!(period(TimeField::After, "-7d"), ("2026-03-25T00:00:00".into(), String::new()));
        assert_eq!(period(TimeField::After, "-12h"), ("2026-03-31T03:04:05.678".into(), String::new()));
        assert_eq!(period(TimeField::Before, "-12h"), (String::new(), "2026-03-31T03:04:05.678".into()));
    }

    #[test]
    fn no_moment_panics_at_any_time() {
        let moments = [
            Moment::Year(i32::MAX),
            Moment::Month { year: i32::MIN, month: 13 },
            Moment::Day(NaiveDate::MAX),
            Moment::Day(NaiveDate::MIN),
            Moment::Yesterday,
            Moment::Today,
        ];
        let agos = Unit::ALL.iter().map(|&unit| Moment::Ago { amount: u32::MAX, unit });
        for moment in moments.into_iter().chain(agos) {
            for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC, DateTime::UNIX_EPOCH] {
                let span = moment.span(now);
                assert!(span.start <= span.end, "{moment:?}");
            }
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "-",
            "26",
            "2026-3",
            "2026-3-5",
            "2026/03/05",
            "2026-03-05-01",
            "7d",
            "+7d",
            "-7",
            "-d",
            "-7days",
            "-10000d",
            "-1é",
            "2026-",
            "-2026",
            "today!",
            "٢٠٢٦",
        ] {
            let refused = Moment::parse(TimeField::Before, text);
            assert!(matches!(refused, Err(Problem::NoTime { .. })), "{text}: {refused:?}");
        }
        assert_eq!(Moment::parse(TimeField::On, "2026-02-30"), Err(Problem::NoSuchDay));
        assert_eq!(Moment::parse(TimeField::On, "2026-13"), Err(Problem::NoSuchDay));
        assert_eq!(Moment::parse(TimeField::On, "1066"), Err(Problem::YearOutOfRange));
        assert_eq!(Moment::parse(TimeField::On, "-12h"), Err(Problem::HoursOn));
    }
}
