use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::queries;
use crate::{
    access::{Operator, Right},
    db::{MediaId, PostId, RowVersion, UserId},
    error::Result,
    people::{self, Person},
};

/// A window of the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct SafetyQueue {
    /// How many media wait in all.
    #[specta(type = i32)]
    pub total: i64,
    pub items: Vec<SafetyItem>,
    /// Where the next window starts; `None` at the end.
    pub next: Option<MediaId>,
}

/// A medium to be judged, without its picture.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SafetyItem {
    pub media_id: MediaId,
    pub post_id: PostId,
    pub post_title: Option<String>,
    pub media_type: String,
    pub caption: Option<String>,
    pub tags: Vec<String>,
    pub scenes: Vec<String>,
    pub uploader: Person,
    pub created_at: DateTime<Utc>,
    /// The AI's two words, which may disagree.
    pub status: String,
    pub is_safe: Option<bool>,
    /// Pixels as stored; they may be wrong.
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub version: RowVersion,
}

/// Unsafe media that no admin has judged since the AI flagged them, oldest first.
pub async fn waiting(db: &PgPool, by: &Operator, after: Option<MediaId>, limit: i64) -> Result<SafetyQueue> {
    by.may(Right::JudgeSafety)?;
    let limit = limit.clamp(1, 100);
    let total = queries::count(db).await?;
    let rows = queries::waiting(db, after, limit).await?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == limit;
    let next = rows.last().filter(|_| full).map(|last| last.media_id);
    let mut ids: Vec<UserId> = rows.iter().map(|row| row.uploader_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = people::by_ids(db, &ids).await?;
    let items = rows
        .into_iter()
        .filter_map(|row| {
            Some(SafetyItem {
                uploader: people.get(&row.uploader_id)?.clone(),
                media_id: row.media_id,
                post_id: row.post_id,
                post_title: row.post_title,
                media_type: row.media_type,
                caption: row.caption,
                tags: row.tags,
                scenes: row.scenes,
                created_at: row.created_at,
                status: row.status,
                is_safe: row.is_safe,
                width: row.width,
                height: row.height,
                version: row.version,
            })
        })
        .collect();
    Ok(SafetyQueue { total, items, next })
}

/// How many media wait for this operator.
pub async fn count(db: &PgPool, by: &Operator) -> Result<i64> {
    by.may(Right::JudgeSafety)?;
    queries::count(db).await
}
