//! Keeping indices true, as the System screen shows it: how far behind they are, their generations, and the work on them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::queries;
use crate::{
    access::{Operator, Right},
    error::{Error, Result},
    search::Engine,
    sync::{self, DeadLetter, JobKind, LastCheck, Sample},
};

/// Everything about the indices and the work on them.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Upkeep {
    pub indices: Vec<IndexUpkeep>,
    /// The newest first, 100 at most
    pub jobs: Vec<Job>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IndexUpkeep {
    pub name: String,
    /// Keys whose rows are to be computed, and documents to be sent
    #[specta(type = i32)]
    pub backlog: i64,
    /// `None` when nothing waits.
    #[specta(type = Option<i32>)]
    pub oldest_seconds: Option<f64>,
    /// In the last minute
    #[specta(type = i32)]
    pub documents_per_second: f64,
    /// Of the last day: documents of which the index had a newer version, which is no failure
    #[specta(type = i32)]
    pub conflicts: i64,
    #[specta(type = i32)]
    pub dead_letters: i64,
    pub last_check: Option<LastCheck>,
    /// The newest first
    pub generations: Vec<Generation>,
}

/// An index behind the alias, or beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    pub name: String,
    pub state: GenerationState,
    /// Why it can't be made true
    pub problem: Option<String>,
    pub since: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum GenerationState {
    /// Searched
    Live,
    /// Being filled
    Building,
    /// Kept to go back to
    Previous,
    /// Left by a rebuild that was cancelled or failed; the next one goes on with it.
    Halted,
}

/// Long work on an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    #[specta(type = i32)]
    pub id: i64,
    pub kind: JobKind,
    pub index: String,
    pub state: JobState,
    /// Somebody asked for its end.
    pub cancelling: bool,
    /// `rows`, `documents`, `wait`, `verify` or `swap`
    pub step: Option<String>,
    #[specta(type = i32)]
    pub done: i64,
    #[specta(type = i32)]
    pub total: i64,
    /// In a sentence, when it has ended.
    pub outcome: Option<String>,
    /// The login
    pub asked_by: String,
    pub asked_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// What is missing for it to begin
    pub waits_for: Option<WaitsFor>,
}

/// What no worker that is seen brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WaitsFor {
    /// There is none.
    Worker,
    /// None of them knows an Elasticsearch, and the index is there.
    Elasticsearch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum JobState {
    Waiting,
    Running,
    Done,
    Failed,
    Cancelled,
}

/// How good the vector index of one engine is.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Recall {
    pub index: String,
    pub engine: Engine,
    /// The part of the ten nearest neighbours that it finds, 0.0 to 1.0
    #[specta(type = i32)]
    pub recall_at_10: f64,
    /// How many vectors were asked for
    pub sample: i32,
    pub measured_at: DateTime<Utc>,
}

/// # Errors
/// `Forbidden` without the right to search.
pub async fn upkeep(db: &PgPool, has_elastic: bool, by: &Operator) -> Result<Upkeep> {
    by.may(Right::Search)?;
    let queues = sync::queues(db, has_elastic).await?;
    let checks = sync::last_checks(db).await?;
    let rates = queries::rates(db).await?;
    let mut generations = queries::generations(db).await?;
    let mut indices = Vec::new();
    for name in sync::index_names() {
        let own = || queues.iter().filter(|queue| queue.name == name);
        let (of_index, others): (Vec<_>, Vec<_>) = generations.into_iter().partition(|(index, _)| index == name);
        generations = others;
        let rate = rates.iter().find(|rate| rate.name == name);
        indices.push(IndexUpkeep {
            name: name.to_owned(),
            backlog: own().map(|queue| queue.waiting).sum(),
            oldest_seconds: own().filter_map(|queue| queue.oldest_seconds).reduce(f64::max),
            documents_per_second: rate.map_or(0.0, |rate| rate.documents_per_second),
            conflicts: rate.map_or(0, |rate| rate.conflicts),
            dead_letters: own().map(|queue| queue.dead_letters).sum(),
            last_check: checks.iter().find(|check| check.index == name).cloned(),
            generations: of_index.into_iter().map(|(_, generation)| generation).collect(),
        });
    }
    Ok(Upkeep { indices, jobs: queries::jobs(db).await? })
}

/// Samples of all queues over the last hours, one for each span of seconds.
///
/// # Errors
/// `Forbidden` without the right to search.
pub async fn queue_samples(db: &PgPool, by: &Operator, hours: u32, span_seconds: u32) -> Result<Vec<Sample>> {
    by.may(Right::Search)?;
    sync::samples(db, hours, span_seconds).await
}

/// Asks a worker for long work; the job's id.
///
/// # Errors
/// `Forbidden` for others than admins, `Invalid` for an index that there is not, `Conflict` where such work is under way.
pub async fn start_job(db: &PgPool, by: &Operator, kind: JobKind, index: &str) -> Result<i64> {
    by.may(Right::KeepIndices)?;
    if !sync::index_names().any(|name| name == index) {
        return Err(Error::Invalid(format!("There is no index {index}.")));
    }
    if kind == JobKind::Recall {
        sync::can_be_measured(index).map_err(Error::Invalid)?;
    }
    queries::start_job(db, kind.name(), index).await?.ok_or_else(|| {
        Error::Conflict(format!("Such work on {index} is under way already. Wait for it, or cancel it."))
    })
}

/// How many of the nearest neighbours the vector indices found when it was measured last.
///
/// # Errors
/// `Forbidden` without the right to search.
pub async fn recall(db: &PgPool, by: &Operator) -> Result<Vec<Recall>> {
    by.may(Right::Search)?;
    queries::recall(db).await
}

/// Asks for the end of a job; a worker sees it at its next step.
///
/// # Errors
/// `Forbidden` for others than admins, `Conflict` where it has ended.
pub async fn cancel_job(db: &PgPool, by: &Operator, id: i64) -> Result<()> {
    by.may(Right::KeepIndices)?;
    if queries::cancel_job(db, id).await? {
        return Ok(());
    }
    Err(Error::Conflict("The work has ended, or is being cancelled already.".into()))
}

/// # Errors
/// `Forbidden` for others than admins: the words may quote what only they may see.
pub async fn dead_letters(db: &PgPool, by: &Operator) -> Result<Vec<DeadLetter>> {
    by.may(Right::KeepIndices)?;
    sync::dead_letters(db).await
}

/// Has dead letters tried again, those of one name or all, of one key or all; how many there were.
///
/// # Errors
/// `Forbidden` for others than admins.
pub async fn replay(db: &PgPool, by: &Operator, name: Option<&str>, key: Option<&str>) -> Result<i64> {
    by.may(Right::KeepIndices)?;
    sync::replay(db, name, key).await
}

impl GenerationState {
    pub(super) fn of(state: &str) -> Self {
        match state {
            "live" => Self::Live,
            "building" => Self::Building,
            "previous" => Self::Previous,
            _ => Self::Halted,
        }
    }
}

impl WaitsFor {
    pub(super) fn of(missing: &str) -> Option<Self> {
        match missing {
            "worker" => Some(Self::Worker),
            "elasticsearch" => Some(Self::Elasticsearch),
            _ => None,
        }
    }
}

impl JobState {
    pub(super) fn of(state: &str) -> Self {
        match state {
            "waiting" => Self::Waiting,
            "running" => Self::Running,
            "done" => Self::Done,
            "failed" => Self::Failed,
            _ => Self::Cancelled,
        }
    }
}
