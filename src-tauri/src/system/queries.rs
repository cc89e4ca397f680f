//! What the server says of itself, and of the work on indices.

use sqlx::{PgPool, query, query_as, query_scalar};

use super::{
    Postgres,
    upkeep::{Generation, GenerationState, Job, JobState, Recall, WaitsFor},
};
use crate::{error::Result, search::Engine, sync::JobKind};

pub(super) async fn postgres(db: &PgPool) -> Result<Postgres> {
    Ok(query_as!(
        Postgres,
        r#"
        select current_setting('server_version') as "version!",
               (select extversion from pg_extension where extname = 'vector') as "pgvector!",
               current_database()::text as "database!"
        "#
    )
    .fetch_one(db)
    .await?)
}

/// How much was sent to an index.
pub(super) struct Rate {
    pub name: String,
    /// In the last minute
    pub documents_per_second: f64,
    /// Of the last day
    pub conflicts: i64,
}

pub(super) async fn rates(db: &PgPool) -> Result<Vec<Rate>> {
    Ok(query_as!(
        Rate,
        r#"
        select name as "name!",
               (coalesce(sum(documents) filter (where at > now() - interval '70 seconds'), 0) / 60.0)::double precision
                   as "documents_per_second!",
               sum(conflicts)::bigint as "conflicts!"
          from console.queue_samples(now() - interval '24 hours', '10 seconds')
         where kind = 'index'
         group by name
        "#
    )
    .fetch_all(db)
    .await?)
}

/// All generations with the names of their indices, the newest of each first.
pub(super) async fn generations(db: &PgPool) -> Result<Vec<(String, Generation)>> {
    let lines = query!(
        r#"
        select index_name as "index_name!", generation as "generation!", state as "state!", problem,
               marked_at as "marked_at!"
          from console.index_generations()
        "#
    )
    .fetch_all(db)
    .await?;
    Ok(lines
        .into_iter()
        .map(|line| {
            let (state, since) = (GenerationState::of(&line.state), line.marked_at);
            (line.index_name, Generation { name: line.generation, state, problem: line.problem, since })
        })
        .collect())
}

/// The newest first.
pub(super) async fn jobs(db: &PgPool) -> Result<Vec<Job>> {
    let lines = query!(
        r#"
        select job_id as "job_id!", kind as "kind!", index_name as "index_name!", state as "state!",
               cancel as "cancel!", step, done as "done!", total as "total!", outcome, asked_by as "asked_by!",
               asked_at as "asked_at!", finished_at, waits_for
          from console.jobs()
        "#
    )
    .fetch_all(db)
    .await?;
    Ok(lines
        .into_iter()
        .filter_map(|line| {
            Some(Job {
                id: line.job_id,
                kind: JobKind::of(&line.kind)?,
                index: line.index_name,
                state: JobState::of(&line.state),
                cancelling: line.cancel,
                step: line.step,
                done: line.done,
                total: line.total,
                outcome: line.outcome,
                asked_by: line.asked_by,
                asked_at: line.asked_at,
                finished_at: line.finished_at,
                waits_for: line.waits_for.as_deref().and_then(WaitsFor::of),
            })
        })
        .collect())
}

pub(super) async fn start_job(db: &PgPool, kind: &str, index: &str) -> Result<Option<i64>> {
    Ok(query_scalar!("select console.start_job($1, $2)", kind, index).fetch_one(db).await?)
}

/// False where it has ended, or is asked to already.
pub(super) async fn cancel_job(db: &PgPool, id: i64) -> Result<bool> {
    Ok(query_scalar!(r#"select console.cancel_job($1) as "cancelled!""#, id).fetch_one(db).await?)
}

pub(super) async fn recall(db: &PgPool) -> Result<Vec<Recall>> {
    let lines = query!(
        r#"
        select index_name as "index_name!", engine as "engine!", recall_at_10 as "recall_at_10!", sample as "sample!",
               measured_at as "measured_at!"
          from console.recalls()
        "#
    )
    .fetch_all(db)
    .await?;
    Ok(lines
        .into_iter()
        .map(|line| Recall {
            index: line.index_name,
            engine: if line.engine == "postgresql" { Engine::PostgreSql } else { Engine::Elasticsearch },
            recall_at_10: line.recall_at_10,
            sample: line.sample,
            measured_at: line.measured_at,
        })
        .collect())
}
