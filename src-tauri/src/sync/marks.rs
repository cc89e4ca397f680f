//! `console.read_model_queue`: SQL and nothing else. A mark is named by its version, which no other mark has.

use sqlx::{PgConnection, PgPool, query, query_as};

use super::queue::{ALIVE_SECONDS, LEASE_SECONDS};

/// That rows of a read model are dirty.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// `row`, or `media`, `post`, `user`, `word` for all rows that depend on it
    pub scope: String,
    pub key: i64,
    pub version: i64,
    pub attempts: i32,
}

/// The oldest marks that nobody works on, leased to this worker. It has one stage for each queue, so what it holds already
/// is left over from a step that failed.
pub(super) async fn claim(db: &PgPool, read_model: &str, worker: &str, at_most: i64) -> sqlx::Result<Vec<Mark>> {
    claim_of(db, read_model, None, worker, at_most).await
}

/// [`claim`], of one scope where one is named.
pub(super) async fn claim_of(
    db: &PgPool,
    read_model: &str,
    scope: Option<&str>,
    worker: &str,
    at_most: i64,
) -> sqlx::Result<Vec<Mark>> {
    query_as!(
        Mark,
        r#"
        update console.read_model_queue
           set leased_until = clock_timestamp() + make_interval(secs => $3),
               lease_holder = $2,
               attempts = attempts + 1
         where read_model = $1
           and version = any (array(
               select free.version
                 from console.read_model_queue as free
                where free.read_model = $1
                  and ($6::text is null or free.scope = $6)
                  and (free.leased_until is null
                       or free.leased_until < clock_timestamp()
                       or free.lease_holder = $2
                       or free.lease_holder is not null
                          and not exists (
                              select from console.worker as holder
                               where holder.name = free.lease_holder
                                 and holder.seen_at > clock_timestamp() - make_interval(secs => $5)))
                order by free.version
                limit $4
                  for update skip locked))
        returning scope, key, version, attempts
        "#,
        read_model,
        worker,
        LEASE_SECONDS,
        at_most,
        ALIVE_SECONDS,
        scope,
    )
    .fetch_all(db)
    .await
}

/// Removes marks that are done. One whose version is another by now is not among them.
pub(super) async fn settle(db: &mut PgConnection, read_model: &str, versions: &[i64]) -> sqlx::Result<()> {
    query!("delete from console.read_model_queue where read_model = $1 and version = any ($2)", read_model, versions)
        .execute(db)
        .await?;
    Ok(())
}

/// Gives marks back, to be claimed again after a pause.
pub(super) async fn release(
    db: &PgPool,
    read_model: &str,
    worker: &str,
    versions: &[i64],
    pause: f64,
) -> sqlx::Result<()> {
    query!(
        r#"
        update console.read_model_queue
           set leased_until = clock_timestamp() + make_interval(secs => $4), lease_holder = null
         where read_model = $1
           and lease_holder = $2
           and version = any ($3)
        "#,
        read_model,
        worker,
        versions,
        pause,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets all marks: with somebody else writing the read models nobody else would ever take them away.
pub(super) async fn clear(db: &PgPool) -> sqlx::Result<u64> {
    Ok(query!("delete from console.read_model_queue").execute(db).await?.rows_affected())
}
