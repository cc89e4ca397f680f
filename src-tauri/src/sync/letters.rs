//! Dead letters: what could not be done, with the server's own words, and trying it again.

use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::{PgPool, query_as, query_scalar};

use super::QueueKind;
use crate::error::Result;

/// A row that PostgreSQL refused, or a document that Elasticsearch refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    pub kind: QueueKind,
    /// Of the read model or index
    pub name: String,
    pub key: String,
    /// The server's own words
    pub reason: String,
    pub attempts: i32,
    pub at: DateTime<Utc>,
}

/// The newest 1,000, as an admin or a worker may see them.
pub async fn dead_letters(db: &PgPool) -> Result<Vec<DeadLetter>> {
    struct Line {
        kind: String,
        name: String,
        key: String,
        reason: String,
        attempts: i32,
        created_at: DateTime<Utc>,
    }
    let lines = query_as!(
        Line,
        r#"
        select kind as "kind!", name as "name!", key as "key!", reason as "reason!", attempts as "attempts!",
               created_at as "created_at!"
          from console.dead_letters()
        "#
    )
    .fetch_all(db)
    .await?;
    Ok(lines
        .into_iter()
        .map(|Line { kind, name, key, reason, attempts, created_at }| DeadLetter {
            kind: QueueKind::of(&kind),
            name,
            key,
            reason,
            attempts,
            at: created_at,
        })
        .collect())
}

/// Has them tried again: those of one read model or index, or of one key, or all; how many there were. What fails again is
/// a dead letter again.
///
/// # Errors
/// `Forbidden` to all but admins and workers.
pub async fn replay(db: &PgPool, name: Option<&str>, key: Option<&str>) -> Result<i64> {
    Ok(query_scalar!(r#"select console.replay_dead_letters($1, $2) as "letters!""#, name, key).fetch_one(db).await?)
}
