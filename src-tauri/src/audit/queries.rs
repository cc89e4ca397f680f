//! The log in the database; only the database itself writes it.

use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};

use super::{Entry, Verification};
use crate::{db::AuditId, error::Result};

pub(super) async fn activity(db: &PgPool, before: Option<AuditId>, limit: i64) -> Result<Vec<Entry>> {
    Ok(query_as!(
        Entry,
        r#"
        select id       as "id!: AuditId",
               at       as "at!",
               operator as "operator!",
               role     as "role!",
               action   as "action!",
               subject || ' ' || subject_id as "subject!",
               before,
               after,
               reason
          from console.activity
         where $1::bigint is null
            or id < $1
         order by id desc
         limit $2
        "#,
        before.map(|id| id.0),
        limit
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn verify(db: &PgPool) -> Result<Verification> {
    Ok(query_as!(
        Verification,
        r#"select entries as "entries!", broken_at as "broken_at: AuditId" from console.verify_audit()"#
    )
    .fetch_one(db)
    .await?)
}

pub(super) async fn set_reason(db: &mut PgConnection, reason: &str) -> Result<()> {
    query!("select set_config('console.reason', $1, true)", reason).fetch_one(db).await?;
    Ok(())
}

/// The operator's newest entry about a row: inside the transaction that wrote it, that one.
pub(super) async fn entry_of(db: &mut PgConnection, subject: &str, id: i64) -> Result<AuditId> {
    Ok(query_scalar!(
        r#"
        select id as "id!: AuditId"
          from console.activity
         where subject = $1
           and subject_id = $2
           and operator = session_user::text
         order by id desc
         limit 1
        "#,
        subject,
        id
    )
    .fetch_one(db)
    .await?)
}
