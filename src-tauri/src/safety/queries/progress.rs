//! Figures of decisions: SQL and nothing else.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, query_as};

use super::super::{ControlAccuracy, PolicyExposure, Work};
use crate::{
    db::{MediaId, RulingId},
    error::Result,
};

/// What was decided between each two of the bounds.
pub(in crate::safety) async fn work(db: &PgPool, bounds: &[DateTime<Utc>]) -> Result<Vec<Work>> {
    Ok(query_as!(
        Work,
        r#"
        select begins     as "from!",
               decided    as "decided!",
               safe       as "safe!",
               unsafe     as "unsafe!",
               again      as "again!",
               reverted   as "reverted!",
               overturned as "overturned!",
               late       as "late!",
               median_seconds,
               looks            as "looks!",
               look_seconds     as "look_seconds!",
               own_decided      as "own_decided!",
               own_looks        as "own_looks!",
               own_look_seconds as "own_look_seconds!"
          from console.safety_work($1)
        "#,
        bounds
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::safety) struct AgreementRow {
    pub(in crate::safety) code: String,
    pub(in crate::safety) name: String,
    pub(in crate::safety) pairs: i64,
    pub(in crate::safety) agreed: i64,
    pub(in crate::safety) only_first: i64,
    pub(in crate::safety) only_second: i64,
}

pub(in crate::safety) async fn agreement(db: &PgPool, since: DateTime<Utc>) -> Result<Vec<AgreementRow>> {
    Ok(query_as!(
        AgreementRow,
        r#"
        select code        as "code!",
               name        as "name!",
               pairs       as "pairs!",
               agreed      as "agreed!",
               only_first  as "only_first!",
               only_second as "only_second!"
          from console.safety_agreement($1)
        "#,
        since
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::safety) async fn exposure(db: &PgPool, since: DateTime<Utc>) -> Result<Vec<PolicyExposure>> {
    Ok(query_as!(
        PolicyExposure,
        r#"
        select name,
               decided          as "decided!",
               looks            as "looks!",
               look_seconds     as "look_seconds!",
               own_decided      as "own_decided!",
               own_looks        as "own_looks!",
               own_look_seconds as "own_look_seconds!"
          from console.safety_exposure($1)
        "#,
        since
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::safety) async fn accuracy(db: &PgPool, since: DateTime<Utc>) -> Result<Vec<ControlAccuracy>> {
    Ok(query_as!(
        ControlAccuracy,
        r#"
        select operator as "operator!", answered as "answered!", correct as "correct!" from console.safety_accuracy($1)
        "#,
        since
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::safety) struct WeekRow {
    pub(in crate::safety) decision_id: RulingId,
    pub(in crate::safety) decided_at: DateTime<Utc>,
    pub(in crate::safety) media_id: MediaId,
    pub(in crate::safety) queue: Option<String>,
    pub(in crate::safety) ruling: String,
    pub(in crate::safety) policy: Option<String>,
    pub(in crate::safety) policy_version: Option<i32>,
    pub(in crate::safety) severity: Option<i16>,
    pub(in crate::safety) decided_by: String,
    pub(in crate::safety) proposed_by: Option<String>,
    pub(in crate::safety) waited_seconds: Option<f64>,
    pub(in crate::safety) archived: bool,
    pub(in crate::safety) suspended: bool,
    pub(in crate::safety) reverted_by: Option<String>,
    pub(in crate::safety) reason: Option<String>,
    pub(in crate::safety) looks: i64,
    pub(in crate::safety) look_seconds: f64,
}

pub(in crate::safety) async fn week(db: &PgPool, begins: DateTime<Utc>, ends: DateTime<Utc>) -> Result<Vec<WeekRow>> {
    Ok(query_as!(
        WeekRow,
        r#"
        select decision_id as "decision_id!: RulingId",
               decided_at  as "decided_at!",
               media_id    as "media_id!: MediaId",
               queue,
               ruling      as "ruling!",
               policy,
               policy_version,
               severity,
               decided_by  as "decided_by!",
               proposed_by,
               waited_seconds,
               archived    as "archived!",
               suspended   as "suspended!",
               reverted_by,
               reason,
               looks        as "looks!",
               look_seconds as "look_seconds!"
          from console.safety_week($1, $2)
        "#,
        begins,
        ends
    )
    .fetch_all(db)
    .await?)
}
