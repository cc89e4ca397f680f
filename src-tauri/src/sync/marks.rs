//! `console.read_model_queue`: SQL and nothing else. A mark is named by its version, which no other mark has.

use std::collections::BTreeSet;

use sqlx::{PgConnection, PgPool, query, query_as};

use super::{lane::Lane, life::ALIVE_SECONDS, queue::LEASE_SECONDS};

/// That rows of a read model are dirty.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// `row`, or `media`, `post`, `user`, `word` for all rows that depend on it
    pub scope: String,
    pub key: i64,
    /// How many keys there are, `key` being the first: of a whole interval some may have changed, and some not be there.
    pub span: i32,
    pub version: i64,
    pub attempts: i32,
}

impl Mark {
    pub(super) fn keys(&self) -> impl Iterator<Item = i64> + use<> {
        self.key..self.key.saturating_add(i64::from(self.span))
    }
}

/// All keys of these marks, ascending, each once.
pub(super) fn keys(marks: &[Mark]) -> Vec<i64> {
    marks.iter().flat_map(Mark::keys).collect::<BTreeSet<_>>().into_iter().collect()
}

pub(super) fn versions(marks: &[Mark]) -> Vec<i64> {
    marks.iter().map(|mark| mark.version).collect()
}

/// The oldest marks in a lane that nobody works on, leased to this worker, until they have so many keys. It has one stage for
/// each lane of a queue, so what it holds already is left over from a step that failed.
pub(super) async fn claim(
    db: &PgPool,
    read_model: &str,
    lane: Lane,
    worker: &str,
    at_most: i64,
) -> sqlx::Result<Vec<Mark>> {
    claim_of(db, read_model, None, lane, worker, at_most).await
}

/// [`claim`], of one scope where one is named.
pub(super) async fn claim_of(
    db: &PgPool,
    read_model: &str,
    scope: Option<&str>,
    lane: Lane,
    worker: &str,
    at_most: i64,
) -> sqlx::Result<Vec<Mark>> {
    let (first, last) = lane.bounds();
    query_as!(
        Mark,
        r#"
        with free as materialized (
            select free.lane, free.version, free.span
              from console.read_model_queue as free
             where free.read_model = $1
               and free.lane between $7 and $8
               and ($6::text is null or free.scope = $6)
               and (free.leased_until is null
                    or free.leased_until not between clock_timestamp() and clock_timestamp() + make_interval(secs => $3)
                    or free.lease_holder = $2
                    or free.lease_holder is not null
                       and not exists (
                           select from console.worker as holder
                            where holder.name = free.lease_holder
                              and abs(extract(epoch from clock_timestamp() - holder.seen_at)) < $5::double precision))
             order by free.lane, free.version
             limit $4
               for update skip locked
        )
        update console.read_model_queue
           set leased_until = clock_timestamp() + make_interval(secs => $3),
               lease_holder = $2,
               attempts = attempts + 1
         where read_model = $1
           and lane in (0, 1)
           and version = any (array(
               select counted.version
                 from (select version, sum(span) over (order by lane, version) - span as keys_before from free) as counted
                where counted.keys_before < $4))
        returning scope, key, span, version, attempts
        "#,
        read_model,
        worker,
        LEASE_SECONDS,
        at_most,
        ALIVE_SECONDS,
        scope,
        first,
        last,
    )
    .fetch_all(db)
    .await
}

/// Removes marks that are done. One whose version is another by now is not among them.
pub(super) async fn settle(db: &mut PgConnection, read_model: &str, versions: &[i64]) -> sqlx::Result<()> {
    query!(
        "delete from console.read_model_queue where read_model = $1 and lane in (0, 1) and version = any ($2)",
        read_model,
        versions
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes a mark of each key that these have: of a whole interval nobody could say which key is refused.
pub(super) async fn scatter(db: &PgPool, read_model: &str, marks: &[Mark]) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    query!(
        r#"
        insert into console.read_model_queue (read_model, scope, key, lane)
        select $1, whole.scope, key, 1
          from unnest($2::text[], $3::bigint[], $4::bigint[]) as whole (scope, first, last)
         cross join generate_series(whole.first, whole.last) as key
        "#,
        read_model,
        &marks.iter().map(|mark| mark.scope.clone()).collect::<Vec<_>>(),
        &marks.iter().map(|mark| mark.key).collect::<Vec<_>>(),
        &marks.iter().filter_map(|mark| mark.keys().last()).collect::<Vec<_>>(),
    )
    .execute(&mut *tx)
    .await?;
    settle(&mut tx, read_model, &versions(marks)).await?;
    tx.commit().await
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
           and lane in (0, 1)
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
