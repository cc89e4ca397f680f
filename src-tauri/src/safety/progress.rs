use chrono::{DateTime, Days, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::queries::progress as queries;
use crate::{
    access::{Operator, Right},
    error::{Error, Result},
};

/// How the work on safety goes.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct SafetyProgress {
    /// Today, from its beginning to now
    pub today: Work,
    /// One for each of today's hours so far
    pub hours: Vec<Work>,
    /// One for each day that was asked for
    pub days: Vec<Work>,
    /// How far first and second persons agree, by the policies of the top, in the last 90 days.
    pub agreement: Vec<PolicyAgreement>,
    /// What was seen in clear for the decisions of the last 30 days, by the policies of the top.
    pub exposure: Vec<PolicyExposure>,
    /// How right operators were on control items in the last 90 days, until the last midnight (UTC).
    pub accuracy: Vec<ControlAccuracy>,
}

/// What was decided in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    pub from: DateTime<Utc>,
    #[specta(type = i32)]
    pub decided: i64,
    #[specta(type = i32)]
    pub safe: i64,
    #[specta(type = i32)]
    pub r#unsafe: i64,
    #[specta(type = i32)]
    pub again: i64,
    /// Of these, taken back by somebody.
    #[specta(type = i32)]
    pub reverted: i64,
    /// Of these, overturned by an appeal or a third person.
    #[specta(type = i32)]
    pub overturned: i64,
    /// Of these, decided later than they should have been.
    #[specta(type = i32)]
    pub late: i64,
    /// From when it waited to when it was decided. `None` where nothing had waited.
    #[specta(type = Option<i32>)]
    pub median_seconds: Option<f64>,
    /// Looks at unsafe media in clear meanwhile, and how long they were together, in seconds
    #[specta(type = i32)]
    pub looks: i64,
    #[specta(type = i32)]
    pub look_seconds: f64,
    /// The operator's own of both, and of what was decided
    #[specta(type = i32)]
    pub own_decided: i64,
    #[specta(type = i32)]
    pub own_looks: i64,
    #[specta(type = i32)]
    pub own_look_seconds: f64,
}

/// What was seen of media in clear until they were decided.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PolicyExposure {
    /// Of the policy; `None` of what was decided under none.
    pub name: Option<String>,
    #[specta(type = i32)]
    pub decided: i64,
    #[specta(type = i32)]
    pub looks: i64,
    /// Of all looks together
    #[specta(type = i32)]
    pub look_seconds: f64,
    /// The operator's own decisions and their own looks for these
    #[specta(type = i32)]
    pub own_decided: i64,
    #[specta(type = i32)]
    pub own_looks: i64,
    #[specta(type = i32)]
    pub own_look_seconds: f64,
}

/// How far first and second persons say the same of one policy.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct PolicyAgreement {
    pub code: String,
    pub name: String,
    /// Media that two looked at
    #[specta(type = i32)]
    pub pairs: i64,
    /// Of these, where at least one of them named the policy.
    #[specta(type = i32)]
    pub named: i64,
    /// Cohen's kappa: 0.0 is what chance would bring, 1.0 is always. `None` where chance alone would bring that.
    #[specta(type = Option<i32>)]
    pub kappa: Option<f64>,
}

/// How right somebody is on media of which it is known what is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct ControlAccuracy {
    /// Their login
    pub operator: String,
    #[specta(type = i32)]
    pub answered: i64,
    #[specta(type = i32)]
    pub correct: i64,
}

/// A month, its end, and a day for who changes the clock.
const MOST_DAYS: usize = 33;
const QUALITY_DAYS: u64 = 90;
const EXPOSURE_DAYS: u64 = 30;

/// How the work goes. `days` are the beginnings of days and the end of the last, which is today.
///
/// # Errors
/// `Forbidden` without the right to judge; `Invalid` for days that do not follow one another, or too many.
pub async fn progress(
    db: &PgPool,
    by: &Operator,
    days: &[DateTime<Utc>],
    now: DateTime<Utc>,
) -> Result<SafetyProgress> {
    by.may(Right::JudgeSafety)?;
    let [.., today, end] = *days else { return Err(no_days()) };
    if days.len() > MOST_DAYS || !days.is_sorted_by(|one, next| one < next) {
        return Err(no_days());
    }
    let ago = |days| now.checked_sub_days(Days::new(days)).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let since = ago(QUALITY_DAYS);
    let of_days = queries::work(db, days).await?;
    let agreement = queries::agreement(db, since).await?;
    Ok(SafetyProgress {
        today: of_days.last().cloned().unwrap_or_default(),
        hours: queries::work(db, &hours(today, end)).await?,
        days: of_days,
        agreement: agreement
            .into_iter()
            .map(|row| PolicyAgreement {
                kappa: kappa(row.pairs, row.agreed, row.only_first, row.only_second),
                named: row.agreed + row.only_first + row.only_second,
                code: row.code,
                name: row.name,
                pairs: row.pairs,
            })
            .collect(),
        exposure: queries::exposure(db, ago(EXPOSURE_DAYS)).await?,
        accuracy: queries::accuracy(db, since).await?,
    })
}

fn no_days() -> Error {
    Error::Invalid("The days asked for do not follow one another. Check the clock of this machine.".into())
}

/// The beginnings of the hours of a day, and its end.
fn hours(start: DateTime<Utc>, end: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut bounds: Vec<DateTime<Utc>> =
        std::iter::successors(Some(start), |hour| hour.checked_add_signed(chrono::TimeDelta::hours(1)))
            .take_while(|hour| *hour < end)
            .take(26)
            .collect();
    bounds.push(end);
    bounds
}

/// Of `pairs`, where both, only the first and only the second said yes.
#[expect(clippy::cast_precision_loss, reason = "nobody decides 2^52 media")]
fn kappa(pairs: i64, both: i64, only_first: i64, only_second: i64) -> Option<f64> {
    let n = pairs.max(1) as f64;
    let alike = (pairs - only_first - only_second) as f64 / n;
    let (first, second) = ((both + only_first) as f64 / n, (both + only_second) as f64 / n);
    let by_chance = first * second + (1.0 - first) * (1.0 - second);
    (by_chance < 1.0).then(|| (alike - by_chance) / (1.0 - by_chance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kappa_is_what_agreement_there_is_beyond_chance() {
        // 20 times both yes, 15 times both no, 5 and 10 times not the same: Cohen's classic table.
        let kappa_of = kappa(50, 20, 5, 10).expect("some");
        assert!((kappa_of - 0.4).abs() < 1e-9, "{kappa_of}");
        assert_eq!(kappa(5, 5, 0, 0), None, "who always says the same agrees by chance alone");
        assert_eq!(kappa(0, 0, 0, 0), None);
    }

    #[test]
    fn a_day_has_as_many_hours_as_it_lasts() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        assert_eq!(hours(start, start + chrono::TimeDelta::hours(24)).len(), 25);
        assert_eq!(hours(start, start + chrono::TimeDelta::minutes(90)).len(), 3);
    }
}
