//! Takes up long work that somebody asked for: one job at a time, to its end.

use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

use super::{
    check,
    delivery::Delivery,
    jobs::{self, Job, JobState},
    metrics::Metrics,
    progress::{Progress, Stop, is_passing},
    rebuild, recall, register,
};
use crate::{
    config::ReadModels,
    elastic::Elastic,
    error::{Error, Result},
    read_models::{self, ReadModel},
};

/// Long work on one index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// A new generation, from the core tables on
    Rebuild,
    /// Back to the generation before
    Rollback,
    Check,
    /// A check that marks what differs
    Repair,
    /// How many of the nearest neighbours its vectors' index finds
    Recall,
}

impl JobKind {
    /// As in `console.job`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Rollback => "rollback",
            Self::Check => "check",
            Self::Repair => "repair",
            Self::Recall => "recall",
        }
    }

    /// From the name in `console.job`.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Rebuild, Self::Rollback, Self::Check, Self::Repair, Self::Recall]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// The indices that there are, each called after its read model.
pub fn index_names() -> impl Iterator<Item = &'static str> {
    read_models::ALL.iter().map(|model| model.name)
}

/// Does the jobs of some kinds.
#[derive(Debug)]
pub(super) struct Clerk {
    pub db: PgPool,
    pub elastic: Option<Elastic>,
    pub metrics: Metrics,
    pub read_models: ReadModels,
    pub worker: String,
    pub kinds: &'static [&'static str],
}

impl Clerk {
    /// Does one job, if there is one; how many there were. Where a server is away the job goes on with the next step.
    pub(super) async fn step(&self) -> Result<usize> {
        let Some(job) = jobs::claim(&self.db, self.kinds, &self.worker, self.elastic.is_some()).await? else {
            return Ok(0);
        };
        let (state, outcome) = match self.work(&job).await {
            Ok(outcome) => ("done", outcome),
            Err(Stop::Cancelled) => ("cancelled", "It was cancelled.".to_owned()),
            Err(Stop::Blocked(why)) => ("failed", why),
            Err(Stop::Failed(error)) if is_passing(&error) => return Err(error),
            Err(Stop::Failed(error)) => ("failed", error.to_string()),
        };
        tracing::info!(job.kind, index = job.index_name, state, outcome, "a job has ended");
        if state != "done" {
            rebuild::halt(&self.db, &job).await?;
        }
        jobs::finish(&self.db, job.id, state, &outcome).await?;
        Ok(1)
    }

    async fn work(&self, job: &Job) -> Result<String, Stop> {
        let model = model(&job.index_name).ok_or_else(|| Stop::Blocked(unknown(&job.index_name)))?;
        let progress = Progress::of_job(&self.db, job);
        let elastic = self.elastic.as_ref();
        match (job.kind.as_str(), elastic) {
            ("rebuild" | "rollback", Some(elastic)) => {
                let delivery = Delivery {
                    elastic: elastic.clone(),
                    index: model.name,
                    pace: std::sync::Arc::default(),
                    metrics: self.metrics.clone(),
                };
                let work = rebuild::Rebuild {
                    db: &self.db,
                    delivery,
                    model,
                    worker: &self.worker,
                    read_models: self.read_models,
                    progress,
                };
                if job.kind == "rebuild" { work.rebuild(job).await } else { work.roll_back(job).await }
            }
            // Such a job is taken up only while there is no index.
            ("rebuild", None) => {
                if self.read_models == ReadModels::Projected {
                    let from = job.position.as_deref().and_then(|position| position.parse().ok());
                    rebuild::rows(&self.db, model, &self.worker, from, &progress).await?;
                }
                Ok("The rows are made anew; without Elasticsearch there is no index.".to_owned())
            }
            ("rollback", None) => Err(Stop::Blocked(no_elasticsearch())),
            ("recall", elastic) => recall::measure(&self.db, elastic, model, &progress).await,
            (kind, elastic) => {
                let repair = kind == "repair";
                let looked = check::look_through(&self.db, elastic, self.read_models, model, repair, &progress);
                Ok(looked.await?.sentence())
            }
        }
    }
}

pub(super) fn model(name: &str) -> Option<&'static ReadModel> {
    read_models::ALL.iter().copied().find(|model| model.name == name)
}

pub(super) fn unknown(name: &str) -> String {
    let names: Vec<&str> = read_models::ALL.iter().map(|model| model.name).collect();
    format!("There is no index {name}. There are {}.", names.join(", "))
}

pub(super) fn no_elasticsearch() -> String {
    "Elasticsearch is not configured. Set `url` under [elasticsearch] in config.toml.".to_owned()
}

/// Whether this program can do such work on one index, or on each, should no worker be quicker.
///
/// # Errors
/// `Invalid` for an index that there is not, and where the work needs an Elasticsearch that is not configured.
pub async fn may_do(db: &PgPool, elastic: Option<&Elastic>, kind: JobKind, index: Option<&str>) -> Result<()> {
    for model in models(index)? {
        let needs_elastic = kind == JobKind::Rollback || !register::all(db, model.name).await?.is_empty();
        if needs_elastic && elastic.is_none() {
            return Err(Error::Invalid(no_elasticsearch()));
        }
    }
    Ok(())
}

fn models(index: Option<&str>) -> Result<Vec<&'static ReadModel>> {
    match index {
        Some(name) => Ok(vec![model(name).ok_or_else(|| Error::Invalid(unknown(name)))?]),
        None => Ok(read_models::ALL.to_vec()),
    }
}

/// Asks for a job on one index, or on each. Where such a job is under way it is that one.
///
/// # Errors
/// `NotFound` for an index that there is not, `Conflict` where other work on its generations is under way.
pub async fn ask_for(db: &PgPool, kind: JobKind, index: Option<&str>) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for model in models(index)? {
        let id = jobs::ask(db, kind.name(), model.name).await?;
        ids.push(id.ok_or_else(|| {
            Error::Conflict(format!("Other work on {} is under way. Wait for it, or cancel it.", model.name))
        })?);
    }
    Ok(ids)
}

/// How jobs are, in the order in which they were asked for.
pub async fn job_states(db: &PgPool, job_ids: &[i64]) -> Result<Vec<JobState>> {
    Ok(jobs::states(db, job_ids).await?)
}

/// Asks that jobs end before they are done; a worker sees it at their next step.
pub async fn cancel_jobs(db: &PgPool, job_ids: &[i64]) -> Result<()> {
    Ok(jobs::cancel(db, job_ids).await?)
}
