//! How far long work is, and why it ends early.

use sqlx::PgPool;
use tokio::sync::watch;

use super::jobs::{self, Job};
use crate::{elastic::Failure, error::Error};

/// Why long work does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    Cancelled,
    /// Something that is not going to pass; a sentence.
    Blocked(String),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The same may succeed later: a server is away or has too much to do.
pub(super) fn is_passing(error: &Error) -> bool {
    match error {
        Error::Unavailable { source: Some(source), .. } => {
            source.downcast_ref::<Failure>().is_none_or(Failure::is_passing)
        }
        Error::Unavailable { source: None, .. } => true,
        _ => false,
    }
}

/// A part of long work, and how much of it is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub done: i64,
    pub total: i64,
}

/// Where progress is said: to the job's row, and to whoever watches in this process.
#[derive(Debug)]
pub(super) struct Progress {
    job: Option<(PgPool, i64)>,
    watched: watch::Sender<Step>,
}

impl Progress {
    pub(super) fn of_job(db: &PgPool, job: &Job) -> Self {
        Self { job: Some((db.clone(), job.id)), watched: watch::Sender::default() }
    }

    pub(super) fn watched(watched: watch::Sender<Step>) -> Self {
        Self { job: None, watched }
    }

    /// # Errors
    /// `Cancelled` where somebody asked for it.
    pub(super) async fn say(&self, step: Step, position: Option<&str>) -> Result<(), Stop> {
        if let Some((db, job_id)) = &self.job
            && !jobs::progress(db, *job_id, step.name, position, step.done, step.total).await?
        {
            return Err(Stop::Cancelled);
        }
        self.watched.send_replace(step);
        Ok(())
    }
}
