//! How the parts are: versions, health, what waits.

#[cfg(feature = "desktop")]
pub mod commands;
mod queries;
mod upkeep;

use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

pub use self::upkeep::{
    Generation, GenerationState, IndexUpkeep, Job, JobState, Recall, Upkeep, WaitsFor, cancel_job, dead_letters,
    queue_samples, recall, replay, start_job, upkeep,
};
use crate::{
    access::{Operator, Right},
    db,
    elastic::Elastic,
    error::Result,
    faces, safety,
    sync::{self, IndexStatus, QueueKind, QueueStatus, WorkerStatus},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct Health {
    pub state: HealthState,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum HealthState {
    Ok,
    /// Works, with something missing.
    Degraded,
    Down,
    /// Not configured.
    Off,
}

/// The status bar.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub postgres: Health,
    pub elasticsearch: Health,
    /// Keys whose rows are to be computed anew.
    #[specta(type = i32)]
    pub read_model_queue: i64,
    /// Documents that are to be sent.
    #[specta(type = i32)]
    pub index_queue: i64,
}

/// What waits for the operator to decide it; `None` where that is not theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
pub struct Waiting {
    #[specta(type = Option<i32>)]
    pub faces: Option<i64>,
    #[specta(type = Option<i32>)]
    pub safety: Option<i64>,
}

/// The System screen.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct System {
    pub version: String,
    #[specta(type = i32)]
    pub schema_version: i64,
    pub postgres: Postgres,
    pub elasticsearch: ElasticsearchState,
    pub indices: Vec<IndexStatus>,
    pub queues: Vec<QueueStatus>,
    pub workers: Vec<WorkerStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct Postgres {
    pub version: String,
    pub pgvector: String,
    pub database: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct ElasticsearchState {
    pub url: Option<String>,
    pub version: Option<String>,
    pub health: Health,
}

impl Health {
    fn new(state: HealthState, message: impl Into<String>) -> Self {
        Self { state, message: message.into() }
    }
}

/// How the parts are; asked every few seconds.
///
/// # Errors
/// Those of PostgreSQL: without it there is no status.
pub async fn status(db: &PgPool, elastic: Option<&Elastic>, by: &Operator) -> Result<Status> {
    by.may(Right::Search)?;
    let queues = sync::queues(db, elastic.is_some()).await?;
    let waiting = |kind: QueueKind| queues.iter().filter(|queue| queue.kind == kind).map(|queue| queue.waiting).sum();
    Ok(Status {
        postgres: Health::new(HealthState::Ok, "PostgreSQL answers."),
        elasticsearch: elasticsearch(elastic).await,
        read_model_queue: waiting(QueueKind::ReadModel),
        index_queue: waiting(QueueKind::Index),
    })
}

/// Counts what waits: with a million media that takes a tenth of a second of the database, so it is no part of the status.
///
/// # Errors
/// Those of PostgreSQL.
pub async fn waiting(db: &PgPool, by: &Operator) -> Result<Waiting> {
    by.may(Right::Search)?;
    let faces = match by.may(Right::NameFaces) {
        Ok(()) => Some(faces::count(db, by).await?),
        Err(_) => None,
    };
    let safety = match by.may(Right::JudgeSafety) {
        Ok(()) => Some(safety::count(db, by).await?),
        Err(_) => None,
    };
    Ok(Waiting { faces, safety })
}

async fn elasticsearch(elastic: Option<&Elastic>) -> Health {
    let Some(elastic) = elastic else {
        return Health::new(HealthState::Off, "Elasticsearch is not configured; PostgreSQL answers searches.");
    };
    match elastic.health().await {
        Ok(cluster) if cluster.status == "red" => {
            Health::new(HealthState::Degraded, "Elasticsearch is red: some indices do not answer.")
        }
        Ok(cluster) => Health::new(HealthState::Ok, format!("Elasticsearch is {}.", cluster.status)),
        Err(failure) => Health::new(HealthState::Down, failure.to_string()),
    }
}

/// Everything about the parts.
pub async fn system(db: &PgPool, elastic: Option<&Elastic>, by: &Operator) -> Result<System> {
    by.may(Right::Search)?;
    let sync = sync::status(db, elastic).await?;
    let version = match elastic {
        Some(elastic) => elastic.version().await.ok(),
        None => None,
    };
    Ok(System {
        version: env!("CARGO_PKG_VERSION").into(),
        schema_version: db::schema_version(db).await?.unwrap_or(0),
        postgres: queries::postgres(db).await?,
        elasticsearch: ElasticsearchState {
            url: elastic.map(|elastic| elastic.url().to_string()),
            version,
            health: elasticsearch(elastic).await,
        },
        indices: sync.indices,
        queues: sync.queues,
        workers: sync.workers,
    })
}
