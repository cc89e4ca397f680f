//! What was done, how rightly, and how much alike: SQL and nothing else.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, query_as};

use super::super::Done;
use crate::error::Result;

pub(in crate::faces) struct WorkRow {
    pub(in crate::faces) faces: i64,
    /// Those whose act followed another without a pause, and the time that these took.
    pub(in crate::faces) at_work: i64,
    pub(in crate::faces) seconds: f64,
}

pub(in crate::faces) async fn work(db: &PgPool, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<WorkRow> {
    Ok(query_as!(
        WorkRow,
        r#"
        select coalesce(sum(faces), 0) as "faces!",
               coalesce(sum(faces) filter (where seconds is not null), 0) as "at_work!",
               coalesce(sum(seconds), 0) as "seconds!"
          from console.own_work($1, $2)
        "#,
        since,
        until
    )
    .fetch_one(db)
    .await?)
}

/// By hours since the day began: where it begins at half past, so do they.
pub(in crate::faces) async fn hours(db: &PgPool, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Done>> {
    Ok(query_as!(
        Done,
        r#"
        select date_bin('1 hour', at, $1) as "from!", sum(faces) as "faces!"
          from console.own_work($1, $2)
         group by 1
         order by 1
        "#,
        since,
        until
    )
    .fetch_all(db)
    .await?)
}

/// Of the days, those with work.
pub(in crate::faces) async fn days(db: &PgPool, days: &[DateTime<Utc>]) -> Result<Vec<Done>> {
    Ok(query_as!(
        Done,
        r#"
        select ($1::timestamptz[])[width_bucket(at, $1)] as "from!", sum(faces) as "faces!"
          from console.own_work(($1::timestamptz[])[1], ($1::timestamptz[])[cardinality($1)])
         group by 1
         order by 1
        "#,
        days
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) struct AnswersRow {
    pub(in crate::faces) operator: String,
    pub(in crate::faces) week: DateTime<Utc>,
    pub(in crate::faces) answered: i64,
    pub(in crate::faces) correct: i64,
}

/// Control items of each operator.
pub(in crate::faces) async fn answers(db: &PgPool, since: DateTime<Utc>) -> Result<Vec<AnswersRow>> {
    Ok(query_as!(
        AnswersRow,
        r#"
        select operator as "operator!",
               min(week) as "week!",
               sum(answered)::bigint as "answered!",
               sum(correct)::bigint as "correct!"
          from console.control_weeks($1)
         group by operator
         order by operator
        "#,
        since
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) async fn weeks(db: &PgPool, since: DateTime<Utc>, operator: &str) -> Result<Vec<AnswersRow>> {
    Ok(query_as!(
        AnswersRow,
        r#"
        select operator as "operator!", week as "week!", answered as "answered!", correct as "correct!"
          from console.control_weeks($1)
         where operator = $2
         order by week
        "#,
        since,
        operator
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) struct AgreementRow {
    pub(in crate::faces) operator: String,
    pub(in crate::faces) faces: i64,
    pub(in crate::faces) pairs: i64,
    pub(in crate::faces) alike: i64,
    /// So many pairs would be alike by chance.
    pub(in crate::faces) by_chance: f64,
}

pub(in crate::faces) async fn agreement(db: &PgPool, since: DateTime<Utc>) -> Result<Vec<AgreementRow>> {
    Ok(query_as!(
        AgreementRow,
        r#"
        select operator as "operator!",
               faces as "faces!",
               pairs as "pairs!",
               alike as "alike!",
               by_chance as "by_chance!"
          from console.word_agreement($1)
        "#,
        since
    )
    .fetch_all(db)
    .await?)
}
