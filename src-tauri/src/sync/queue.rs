//! `console.index_queue` and `console.dead_letter`: SQL and nothing else.

use sqlx::{AssertSqlSafe, PgConnection, PgExecutor, PgPool, query};

use super::{lane::Lane, life::ALIVE_SECONDS};

/// How long a worker has for what it claimed. Longer than the longest request with its repetitions. A lease that ends later than
/// that from now is from before the clock was set back, and void.
pub(super) const LEASE_SECONDS: f64 = 120.0;

/// That a document is dirty.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Entry {
    pub document_id: String,
    pub version: i64,
    pub attempts: i32,
}

/// What could not be done, and why.
#[derive(Debug)]
pub(super) struct DeadLetter {
    pub key: String,
    pub version: i64,
    pub attempts: i32,
    pub reason: String,
}

/// The oldest entries in a lane that nobody works on, leased to this worker. It has one stage for each lane of a queue, so what
/// it holds already is left over from a step that failed.
pub(super) async fn claim(
    db: &PgPool,
    index: &str,
    lane: Lane,
    worker: &str,
    at_most: i64,
) -> sqlx::Result<Vec<Entry>> {
    let sql = claiming("select document_id, version, attempts from claimed");
    let (first, last) = lane.bounds();
    sqlx::query_as(AssertSqlSafe(sql)).bind(index).bind(worker).bind(at_most).bind(first).bind(last).fetch_all(db).await
}

/// The statement of [`claim`], with what is to be read of the entries `claimed` in the same snapshot. `$1` is the index, `$2` the
/// worker, `$3` how many, `$4` and `$5` the first and last lane.
///
/// An entry that was marked again since the snapshot is locked, but has another version by then: it is not claimed. So what the
/// statement reads beside `claimed` is of the version that it claims.
pub(super) fn claiming(read: &str) -> String {
    format!(
        "with claimed as (
             update console.index_queue
                set leased_until = clock_timestamp() + make_interval(secs => {LEASE_SECONDS}),
                    lease_holder = $2,
                    attempts = attempts + 1
              where index_name = $1
                and lane in (0, 1)
                and version = any (array(
                    select free.version
                      from console.index_queue as free
                     where free.index_name = $1
                       and free.lane between $4 and $5
                       and (free.leased_until is null
                            or free.leased_until not between clock_timestamp()
                               and clock_timestamp() + make_interval(secs => {LEASE_SECONDS})
                            or free.lease_holder = $2
                            or free.lease_holder is not null
                               and not exists (
                                   select from console.worker as holder
                                    where holder.name = free.lease_holder
                                      and abs(extract(epoch from clock_timestamp() - holder.seen_at)) < {ALIVE_SECONDS}))
                     order by free.lane, free.version
                     limit $3
                       for update skip locked))
             returning document_id, version, attempts
         )
         {read}"
    )
}

/// Removes entries that are over, unless they were marked again since; the documents that were `done` are not dead any more. An
/// entry that is being marked again is skipped, not waited for: whoever marks it gives it a new version and takes the lease off.
pub(super) async fn settle(
    db: impl PgExecutor<'_>,
    index: &str,
    versions: &[i64],
    done: &[String],
) -> sqlx::Result<()> {
    query!(
        r#"
        with revived as (
            delete from console.dead_letter where kind = 'index' and name = $1 and key = any ($3)
        )
        delete from console.index_queue
         where index_name = $1
           and lane in (0, 1)
           and version = any (array(
               select done.version
                 from console.index_queue as done
                where done.index_name = $1
                  and done.lane in (0, 1)
                  and done.version = any ($2)
                  for update skip locked))
        "#,
        index,
        versions,
        done,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives entries back, to be claimed again after a pause.
pub(super) async fn release(db: &PgPool, index: &str, worker: &str, versions: &[i64], pause: f64) -> sqlx::Result<()> {
    query!(
        r#"
        update console.index_queue
           set leased_until = clock_timestamp() + make_interval(secs => $4), lease_holder = null
         where index_name = $1
           and lane in (0, 1)
           and lease_holder = $2
           and version = any ($3)
        "#,
        index,
        worker,
        versions,
        pause,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes down what could not be done; `kind` is `read_model` or `index`.
pub(super) async fn bury(db: &mut PgConnection, kind: &str, name: &str, letters: &[DeadLetter]) -> sqlx::Result<()> {
    for letter in letters {
        query!(
            r#"
            insert into console.dead_letter (kind, name, key, version, reason, attempts)
            values ($1, $2, $3, $4, $5, $6)
                on conflict (kind, name, key) do update
               set version = excluded.version, reason = excluded.reason, attempts = excluded.attempts,
                   created_at = excluded.created_at
            "#,
            kind,
            name,
            letter.key,
            letter.version,
            letter.reason,
            letter.attempts,
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Says which generation refused these documents.
pub(super) async fn blame(db: &mut PgConnection, index: &str, generation: &str, keys: &[String]) -> sqlx::Result<()> {
    query!(
        "update console.dead_letter set generation = $2 where kind = 'index' and name = $1 and key = any ($3)",
        index,
        generation,
        keys
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What could be done at last is not dead; `kind` is `read_model` or `index`.
pub(super) async fn revive(db: &mut PgConnection, kind: &str, name: &str, keys: &[String]) -> sqlx::Result<()> {
    query!("delete from console.dead_letter where kind = $1 and name = $2 and key = any ($3)", kind, name, keys)
        .execute(db)
        .await?;
    Ok(())
}
