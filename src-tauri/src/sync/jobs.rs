//! `console.job`: SQL and nothing else.

use sqlx::{PgPool, query, query_as, query_scalar};

use super::life::ALIVE_SECONDS;

/// Long work, as the worker that does it sees it.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub id: i64,
    pub kind: String,
    pub index_name: String,
    pub step: Option<String>,
    pub position: Option<String>,
    pub done: i64,
}

/// How a job is, for whoever waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobState {
    pub index: String,
    /// `waiting`, `running`, `done`, `failed` or `cancelled`
    pub state: String,
    pub step: Option<String>,
    pub done: i64,
    pub total: i64,
    /// In a sentence, when it has ended.
    pub outcome: Option<String>,
}

impl JobState {
    pub fn has_ended(&self) -> bool {
        !matches!(self.state.as_str(), "waiting" | "running")
    }
}

/// Asks for a job as a program does that has the worker's rights; the one that is under way already, if there is one.
pub(super) async fn ask(db: &PgPool, kind: &str, index: &str) -> sqlx::Result<Option<i64>> {
    query_scalar!(
        r#"
        with asked as (
            insert into console.job (kind, index_name) values ($1, $2) on conflict do nothing returning job_id
        ),
        woken as (
            select pg_notify('console_queue', '') from asked
        )
        select asked.job_id as "job_id!" from asked left join woken on true
        union all
        select job_id from console.job where kind = $1 and index_name = $2 and state in ('waiting', 'running')
         limit 1
        "#,
        kind,
        index
    )
    .fetch_optional(db)
    .await
}

/// The oldest job of these kinds that nobody works on. Where there is an index, a worker without Elasticsearch leaves it to one
/// that has it.
pub(super) async fn claim(db: &PgPool, kinds: &[&str], worker: &str, has_elastic: bool) -> sqlx::Result<Option<Job>> {
    let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    query_as!(
        Job,
        r#"
        update console.job
           set state = 'running', lease_holder = $1, started_at = coalesce(started_at, clock_timestamp())
         where job_id = (
               select job_id
                 from console.job as free
                where free.kind = any ($2)
                  and ($4 or not exists (
                      select from console.index_generation as built where built.index_name = free.index_name))
                  and (free.state = 'waiting'
                       or free.state = 'running'
                          and (free.lease_holder = $1
                               or not exists (
                                   select from console.worker as holder
                                    where holder.name = free.lease_holder
                                      and abs(extract(epoch from clock_timestamp() - holder.seen_at))
                                          < $3::double precision)))
                order by free.job_id
                limit 1
                  for update skip locked)
        returning job_id as id, kind, index_name, step, position, done
        "#,
        worker,
        &kinds,
        ALIVE_SECONDS,
        has_elastic,
    )
    .fetch_optional(db)
    .await
}

/// Writes down how far it is; whether it shall go on.
pub(super) async fn progress(
    db: &PgPool,
    job_id: i64,
    step: &str,
    position: Option<&str>,
    done: i64,
    total: i64,
) -> sqlx::Result<bool> {
    let cancel = query_scalar!(
        r#"
        update console.job
           set step = $2, position = $3, done = $4, total = $5
         where job_id = $1
           and state = 'running'
        returning cancel
        "#,
        job_id,
        step,
        position,
        done,
        total
    )
    .fetch_optional(db)
    .await?;
    Ok(cancel == Some(false))
}

pub(super) async fn finish(db: &PgPool, job_id: i64, state: &str, outcome: &str) -> sqlx::Result<()> {
    query!(
        r#"
        update console.job
           set state = $2, outcome = $3, finished_at = clock_timestamp(), lease_holder = null
         where job_id = $1
           and state = 'running'
        "#,
        job_id,
        state,
        outcome
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Asks that jobs end before they are done.
pub(super) async fn cancel(db: &PgPool, job_ids: &[i64]) -> sqlx::Result<()> {
    query!(
        r#"
        update console.job
           set cancel = true,
               state = case when state = 'waiting' then 'cancelled' else state end,
               finished_at = case when state = 'waiting' then clock_timestamp() end
         where job_id = any ($1)
           and state in ('waiting', 'running')
        "#,
        job_ids
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn states(db: &PgPool, job_ids: &[i64]) -> sqlx::Result<Vec<JobState>> {
    query_as!(
        JobState,
        r#"
        select index_name as index, state, step, done, total, outcome
          from console.job
         where job_id = any ($1)
         order by job_id
        "#,
        job_ids
    )
    .fetch_all(db)
    .await
}
