//! How far behind everything is, for the System screen.

use serde::Serialize;
use specta::Type;
use sqlx::{PgPool, query};

use super::{folder::Texts, generation};
use crate::{elastic::Elastic, error::Result, read_models};

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SyncStatus {
    pub queues: Vec<QueueStatus>,
    pub indices: Vec<IndexStatus>,
    pub workers: Vec<WorkerStatus>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QueueStatus {
    pub name: String,
    pub kind: QueueKind,
    #[specta(type = i32)]
    pub waiting: i64,
    /// `None` when nothing waits.
    pub oldest_seconds: Option<f64>,
    #[specta(type = i32)]
    pub dead_letters: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum QueueKind {
    ReadModel,
    Index,
    /// What else a worker does: matching faces, choosing feeds
    Task,
}

impl QueueKind {
    /// From `read_model`, `index` or `task`, as the queues call it.
    pub(super) fn of(kind: &str) -> Self {
        match kind {
            "index" => Self::Index,
            "task" => Self::Task,
            _ => Self::ReadModel,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IndexStatus {
    pub name: String,
    /// The index behind the alias. `None` without Elasticsearch, or while there is none.
    pub generation: Option<String>,
    #[specta(type = Option<i32>)]
    pub documents: Option<i64>,
    /// Of the read model
    #[specta(type = i32)]
    pub rows: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WorkerStatus {
    pub name: String,
    #[specta(type = i32)]
    pub seen_seconds_ago: f64,
}

/// What waits, as a member of staff may know it.
pub async fn queues(db: &PgPool, has_elastic: bool) -> Result<Vec<QueueStatus>> {
    Ok(query!(
        r#"
        select kind as "kind!", name as "name!", waiting as "waiting!", oldest_seconds, dead_letters as "dead_letters!"
          from console.queue_status()
        "#
    )
    .fetch_all(db)
    .await?
    .into_iter()
    .map(|row| QueueStatus {
        kind: QueueKind::of(&row.kind),
        name: row.name,
        waiting: row.waiting,
        oldest_seconds: row.oldest_seconds,
        dead_letters: row.dead_letters,
    })
    // Without Elasticsearch nobody sends these, and nobody waits for them.
    .filter(|queue| {
        let is_in_postgresql = [Texts::Media, Texts::People].iter().any(|texts| texts.name() == queue.name);
        has_elastic || queue.kind != QueueKind::Index || is_in_postgresql
    })
    .collect())
}

/// Queues, indices and workers, as a member of staff may see them. An Elasticsearch that does not answer leaves its columns
/// empty: why is in its health.
pub async fn status(db: &PgPool, elastic: Option<&Elastic>) -> Result<SyncStatus> {
    let queues = queues(db, elastic.is_some()).await?;
    let workers =
        query!(r#"select name as "name!", seen_seconds_ago as "seen_seconds_ago!" from console.worker_status()"#)
            .fetch_all(db)
            .await?
            .into_iter()
            .map(|row| WorkerStatus { name: row.name, seen_seconds_ago: row.seen_seconds_ago })
            .collect();
    Ok(SyncStatus { queues, indices: indices(db, elastic).await?, workers })
}

async fn indices(db: &PgPool, elastic: Option<&Elastic>) -> Result<Vec<IndexStatus>> {
    let rows =
        query!(r#"select name as "name!", count as "count!" from console.read_model_rows()"#).fetch_all(db).await?;
    let mut indices = Vec::new();
    for model in read_models::ALL {
        let rows = rows.iter().find(|row| row.name == model.name).map_or(0, |row| row.count);
        let mut index = IndexStatus { name: model.name.to_owned(), generation: None, documents: None, rows };
        if let Some(elastic) = elastic {
            index.generation = generation::current(elastic, model).await.ok().flatten().map(|current| current.name);
            if index.generation.is_some() {
                index.documents = elastic.count(model.index).await.ok();
            }
        }
        indices.push(index);
    }
    Ok(indices)
}
