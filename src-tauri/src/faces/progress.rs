//! How the work goes: what an operator has done and how fast, how right they are on control items, how far operators agree.

use chrono::{DateTime, Days, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::queries::progress as queries;
use crate::{
    access::{Operator, Right},
    error::{Error, Result},
};

/// What somebody has done, in their own days.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct Progress {
    pub today: Today,
    /// Today's hours so far in which there is an act, in their order
    pub hours: Vec<Done>,
    /// One for each day that was asked for
    pub days: Vec<Done>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Type)]
pub struct Today {
    /// Decided, and not taken back
    #[specta(type = i32)]
    pub faces: i64,
    /// Faces per hour of work: pauses of more than five minutes are none. `None` before there is a minute of it.
    #[specta(type = Option<i32>)]
    pub pace: Option<f64>,
}

/// How many faces were decided from a moment until the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
pub struct Done {
    pub from: DateTime<Utc>,
    #[specta(type = i32)]
    pub faces: i64,
}

/// How right operators were until the last midnight (UTC): a figure that moved at once would tell which face was a control item.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct Quality {
    /// Of the last 30 days; admins see all, others themselves. Those of whom nothing is known are left out.
    pub operators: Vec<OperatorQuality>,
    /// The operator's own, of the last 12 weeks in which they answered; none before there are enough answers.
    pub weeks: Vec<WeekAccuracy>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OperatorQuality {
    /// Their login
    pub operator: String,
    pub is_own: bool,
    pub accuracy: Accuracy,
    /// `None` where nobody else decided any of their faces.
    pub agreement: Option<Agreement>,
}

/// How many control items were answered rightly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Type)]
pub struct Accuracy {
    #[specta(type = i32)]
    pub answered: i64,
    /// So many answers must there be.
    #[specta(type = i32)]
    pub least: i64,
    /// `None` before there are enough.
    pub share: Option<Share>,
}

/// A share of something, 0.0 to 1.0, and the interval in which it lies with 95 % (Wilson).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Type)]
pub struct Share {
    #[specta(type = i32)]
    pub share: f64,
    #[specta(type = i32)]
    pub low: f64,
    #[specta(type = i32)]
    pub high: f64,
}

/// How right somebody was in a week.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Type)]
pub struct WeekAccuracy {
    /// Its Monday, UTC
    pub week: DateTime<Utc>,
    #[specta(type = i32)]
    pub answered: i64,
    pub share: Share,
}

/// How far an operator and the others said the same of the same faces.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Type)]
pub struct Agreement {
    #[specta(type = i32)]
    pub faces: i64,
    /// The share of pairs of words, theirs and another operator's, that are alike, 0.0 to 1.0
    #[specta(type = i32)]
    pub alike: f64,
    /// Cohen's kappa: 0.0 is what chance would bring, 1.0 is always. `None` where chance alone would bring that.
    #[specta(type = Option<i32>)]
    pub kappa: Option<f64>,
}

/// A month, its end, and a day for who changes the clock.
const MOST_DAYS: usize = 32;
/// Of so little work no pace can be told, in seconds.
const LEAST_WORK: f64 = 60.0;
const LEAST_ANSWERS: i64 = 20;
const QUALITY_DAYS: u64 = 30;
const ACCURACY_WEEKS: u64 = 12;

/// What the operator has done. `days` are the beginnings of days and the end of the last, which is today.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Invalid` for days that do not follow one another, or too many.
pub async fn progress(db: &PgPool, by: &Operator, days: &[DateTime<Utc>]) -> Result<Progress> {
    by.may(Right::NameFaces)?;
    let [.., today, end] = *days else { return Err(no_days()) };
    if days.len() > MOST_DAYS || !days.is_sorted_by(|one, next| one < next) {
        return Err(no_days());
    }
    let work = queries::work(db, today, end).await?;
    Ok(Progress {
        today: Today { faces: work.faces, pace: pace(work.at_work, work.seconds) },
        hours: queries::hours(db, today, end).await?,
        days: if days.len() == 2 {
            vec![Done { from: today, faces: work.faces }]
        } else {
            filled(days, &queries::days(db, days).await?)
        },
    })
}

/// How right operators are and how far they agree, as far as this one may see.
///
/// # Errors
/// `Forbidden` without the right to name faces.
pub async fn quality(db: &PgPool, by: &Operator, now: DateTime<Utc>) -> Result<Quality> {
    by.may(Right::NameFaces)?;
    let answers = queries::answers(db, before(now, QUALITY_DAYS)).await?;
    let agreement = queries::agreement(db, before(now, QUALITY_DAYS)).await?;
    let mut names: Vec<&str> = answers.iter().map(|row| row.operator.as_str()).collect();
    names.extend(agreement.iter().map(|row| row.operator.as_str()));
    names.push(&by.username);
    names.sort_unstable();
    names.dedup();
    let operators = names
        .into_iter()
        .map(|name| OperatorQuality {
            operator: name.to_owned(),
            is_own: name == by.username,
            accuracy: answers
                .iter()
                .find(|row| row.operator == name)
                .map_or_else(|| accuracy(0, 0), |row| accuracy(row.answered, row.correct)),
            agreement: agreement.iter().find(|row| row.operator == name).map(agreed),
        })
        .collect();
    let weeks = queries::weeks(db, before(now, 7 * ACCURACY_WEEKS), &by.username).await?;
    Ok(Quality { operators, weeks: enough(&weeks) })
}

fn no_days() -> Error {
    Error::Invalid("The days asked for do not follow one another. Check the clock of this machine.".into())
}

fn before(now: DateTime<Utc>, days: u64) -> DateTime<Utc> {
    now.checked_sub_days(Days::new(days)).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[expect(clippy::cast_precision_loss, reason = "nobody decides 2^52 faces a day")]
fn pace(faces: i64, seconds: f64) -> Option<f64> {
    (seconds >= LEAST_WORK).then(|| faces as f64 * 3600.0 / seconds)
}

/// Each of the days, those without work, too.
fn filled(days: &[DateTime<Utc>], done: &[Done]) -> Vec<Done> {
    let Some((_, starts)) = days.split_last() else { return Vec::new() };
    starts
        .iter()
        .map(|from| Done { from: *from, faces: done.iter().find(|day| day.from == *from).map_or(0, |day| day.faces) })
        .collect()
}

fn accuracy(answered: i64, correct: i64) -> Accuracy {
    let share = (answered >= LEAST_ANSWERS).then(|| Share::of(correct, answered)).flatten();
    Accuracy { answered, least: LEAST_ANSWERS, share }
}

fn enough(weeks: &[queries::AnswersRow]) -> Vec<WeekAccuracy> {
    if weeks.iter().map(|week| week.answered).sum::<i64>() < LEAST_ANSWERS {
        return Vec::new();
    }
    weeks
        .iter()
        .filter_map(|row| {
            let share = Share::of(row.correct, row.answered)?;
            Some(WeekAccuracy { week: row.week, answered: row.answered, share })
        })
        .collect()
}

impl Share {
    /// `None` of nothing.
    #[expect(clippy::cast_precision_loss, reason = "nobody answers 2^52 items")]
    fn of(correct: i64, answered: i64) -> Option<Self> {
        /// 95 % of a normal distribution lie within so many standard deviations.
        const Z: f64 = 1.959_963_984_540_054;
        if answered <= 0 {
            return None;
        }
        let (n, share) = (answered as f64, correct as f64 / answered as f64);
        let middle = share + Z * Z / (2.0 * n);
        let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        Some(Self { share, low: ((middle - reach) / scale).max(0.0), high: ((middle + reach) / scale).min(1.0) })
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody decides 2^52 faces")]
fn agreed(row: &queries::AgreementRow) -> Agreement {
    let pairs = row.pairs.max(1) as f64;
    let (alike, by_chance) = (row.alike as f64 / pairs, row.by_chance / pairs);
    let kappa = (by_chance < 1.0).then(|| (alike - by_chance) / (1.0 - by_chance));
    Agreement { faces: row.faces, alike, kappa }
}

#[cfg(test)]
mod tests {
    use super::{Share, accuracy, agreed, pace, queries::AgreementRow};

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 5e-4
    }

    #[test]
    fn the_interval_is_wilson_s() {
        // Figures of the literature: Newcombe 1998, table I.
        for (correct, answered, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (29, 29, 0.8830, 1.0)]
        {
            let share = Share::of(correct, answered).expect("some");
            assert!(close(share.low, low) && close(share.high, high), "{share:?}");
        }
        assert!(Share::of(0, 0).is_none());
    }

    #[test]
    fn of_few_answers_no_share_is_told() {
        assert!(accuracy(19, 19).share.is_none());
        assert!(accuracy(20, 19).share.is_some_and(|share| close(share.share, 0.95)));
    }

    #[test]
    fn kappa_is_what_agreement_there_is_beyond_chance() {
        // 20 times both yes, 15 times both no, 5 and 10 times not the same: Cohen's classic table.
        let row =
            |pairs, alike, by_chance| AgreementRow { operator: String::new(), faces: pairs, pairs, alike, by_chance };
        let agreement = agreed(&row(50, 35, (25.0 * 30.0 + 25.0 * 20.0) / 50.0));
        assert!(close(agreement.alike, 0.7) && close(agreement.kappa.expect("some"), 0.4), "{agreement:?}");
        assert!(agreed(&row(5, 5, 5.0)).kappa.is_none(), "who always says the same agrees by chance alone");
    }

    #[test]
    fn a_pace_needs_a_minute_of_work() {
        assert_eq!(pace(9, 59.0), None);
        assert_eq!(pace(30, 900.0), Some(120.0));
    }
}
