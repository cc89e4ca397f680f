//! How many hits there are of each day, week, month or year, and the query that is narrowed to one of these.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::Serialize;
use specta::Type;

use super::language::{EARLIEST_YEAR, Expression, LATEST_YEAR, Moment, Query, Term, TimeField};

const MOST_BARS: usize = 60;

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Bar {
    /// Its first day, in UTC
    pub from: String,
    /// The day after its last
    pub until: String,
    #[specta(type = i32)]
    pub count: i64,
    /// The query's text narrowed to it
    pub query: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Width {
    Day,
    Week,
    Month,
    Years(i32),
}

/// Of the days that have hits, in their order.
pub(super) fn bars(days: &[(NaiveDate, i64)], query: &Query) -> Vec<Bar> {
    let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) else { return Vec::new() };
    let width = width(*first, *last);
    let mut bars = Vec::new();
    let mut days = days.iter().peekable();
    let mut from = width.beginning(*first);
    while from <= *last {
        let until = width.following(from);
        let mut count = 0;
        while let Some((_, hits)) = days.next_if(|(day, _)| *day < until) {
            count += hits;
        }
        bars.push(Bar {
            from: from.to_string(),
            until: until.to_string(),
            count,
            query: narrowed(query, width, from.max(*first), until.min(after(*last))),
        });
        if until <= from {
            break;
        }
        from = until;
    }
    bars
}

/// The narrowest that needs no more bars than can be seen.
fn width(first: NaiveDate, last: NaiveDate) -> Width {
    let years = last.year() - first.year() + 1;
    let fits = |width: Width| {
        let days = (last - width.beginning(first)).num_days();
        let bars = match width {
            Width::Day => days,
            Width::Week => days / 7,
            Width::Month => {
                i64::from(last.year() - first.year()) * 12 + i64::from(last.month()) - i64::from(first.month())
            }
            Width::Years(count) => i64::from(years / count),
        };
        usize::try_from(bars).is_ok_and(|bars| bars < MOST_BARS)
    };
    let widths = [Width::Day, Width::Week, Width::Month, Width::Years(1)];
    widths.into_iter().find(|width| fits(*width)).unwrap_or(Width::Years(years / 50 + 1))
}

impl Width {
    fn beginning(self, day: NaiveDate) -> NaiveDate {
        let found = match self {
            Self::Day => Some(day),
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Month => day.with_day(1),
            Self::Years(_) => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        };
        found.unwrap_or(day)
    }

    fn following(self, from: NaiveDate) -> NaiveDate {
        let found = match self {
            Self::Day => from.succ_opt(),
            Self::Week => from.checked_add_days(Days::new(7)),
            Self::Month => from.checked_add_months(Months::new(1)),
            Self::Years(count) => NaiveDate::from_ymd_opt(from.year() + count, 1, 1),
        };
        found.unwrap_or(from)
    }
}

fn after(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}

/// The same hits from one day up to another, which lie within what the query's own times leave. A day outside of the years that can be
/// written is no bound: what lies beyond the last one that can belongs together.
fn narrowed(query: &Query, width: Width, from: NaiveDate, until: NaiveDate) -> String {
    let is_time = |condition: &&Expression| !matches!(condition, Expression::Term(Term::Time { .. }));
    let others = query.conditions().iter().filter(is_time).cloned();
    let whole = match width {
        _ if until == after(from) => Some(Moment::Day(from)),
        Width::Month if from.day() == 1 && until == width.following(from) => {
            Some(Moment::Month { year: from.year(), month: from.month() })
        }
        Width::Years(1) if from.ordinal() == 1 && until == width.following(from) => Some(Moment::Year(from.year())),
        _ => None,
    };
    let is_written = |day: &NaiveDate| (EARLIEST_YEAR..=LATEST_YEAR).contains(&day.year());
    let first_written = NaiveDate::from_ymd_opt(EARLIEST_YEAR, 1, 1).unwrap_or(from);
    let last_written = NaiveDate::from_ymd_opt(LATEST_YEAR, 12, 31).unwrap_or(until);
    let eve = from.pred_opt().unwrap_or(from).min(last_written);
    let whole = whole.filter(|_| is_written(&from));
    let time = |field, moment| Expression::Term(Term::Time { field, moment });
    let times = if let Some(moment) = whole {
        vec![time(TimeField::On, moment)]
    } else {
        let after = is_written(&eve).then(|| time(TimeField::After, Moment::Day(eve)));
        let until = until.max(first_written);
        let before = is_written(&until).then(|| time(TimeField::Before, Moment::Day(until)));
        after.into_iter().chain(before).collect()
    };
    let narrowed: Query = others.chain(times).collect();
    narrowed.to_string()
}

#[cfg(test)]
mod tests {
    use super::{super::language::parse, *};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    fn of(days: &[(&str, i64)], query: &str) -> Vec<(String, String, i64, String)> {
        let days: Vec<_> = days.iter().map(|(text, count)| (day(text), *count)).collect();
        let bars = bars(&days, &parse(query).expect(query));
        bars.into_iter().map(|bar| (bar.from, bar.until, bar.count, bar.query)).collect()
    }

    #[test]
    fn few_days_have_a_bar_each_and_those_between_are_there() {
        let bars = of(&[("2026-03-30", 2), ("2026-04-01", 1)], "sea after:2026");
        assert_eq!(bars.iter().map(|bar| bar.2).collect::<Vec<_>>(), [2, 0, 1]);
        assert_eq!(bars[0], ("2026-03-30".into(), "2026-03-31".into(), 2, "sea on:2026-03-30".into()));
    }

    #[test]
    fn more_days_share_weeks_months_and_years() {
        let weeks = of(&[("2026-01-07", 1), ("2026-06-30", 2)], "");
        assert_eq!((weeks.len(), weeks[0].0.as_str()), (26, "2026-01-05"));
        assert_eq!(weeks[0].3, "after:2026-01-06 before:2026-01-12");
        let months = of(&[("2024-02-03", 1), ("2026-06-30", 2)], "sea");
        assert_eq!((months.len(), months[1].3.as_str()), (29, "sea on:2024-03"));
        assert_eq!(months[0].3, "sea after:2024-02-02 before:2024-03-01");
        let years = of(&[("1980-02-03", 1), ("2026-06-30", 2)], "sea");
        assert_eq!((years.len(), years[1].3.as_str()), (47, "sea on:1981"));
        assert!(of(&[("0001-02-03", 1), ("9999-06-30", 2)], "").len() <= MOST_BARS);
    }

    #[test]
    fn every_bar_has_a_query_that_can_be_read() {
        for days in [
            &[("0001-02-03", 1), ("9999-06-30", 2)][..],
            &[("0044-03-15", 1)],
            &[("1899-12-31", 1), ("1900-01-01", 1)],
            &[("9998-12-31", 1), ("9999-01-01", 1)],
            &[("9999-12-31", 1)],
        ] {
            for (from, .., query) in of(days, "sea") {
                assert!(parse(&query).is_ok_and(|query| query.conditions().len() > 1), "{from}: {query}");
            }
        }
        assert_eq!(of(&[("0044-03-15", 1)], "")[0].3, "before:1900-01-01");
        assert_eq!(of(&[("9999-12-31", 1)], "")[0].3, "after:9998-12-31");
        assert_eq!(of(&[("9998-12-30", 1), ("9998-12-31", 1)], "")[1].3, "on:9998-12-31");
    }

    #[test]
    fn no_hits_have_no_bars() {
        assert!(of(&[], "sea").is_empty());
    }
}
