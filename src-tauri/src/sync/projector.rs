//! From core tables to read models: recomputes the rows that were marked, and writes those that differ.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, PgPool, Row};

use super::{
    lane::Lane,
    marks::{self, Mark, keys, versions},
    queue::{self, DeadLetter},
};
use crate::{error::Result, read_models::ReadModel};

/// Keys at once. Scattered as they are, each takes a lock of PostgreSQL's shared table, which has room for some thousands.
const BATCH: i64 = 256;
/// Rows that depend on one thing, when it changes alone; more of them are no matter of a moment.
const FEW: i64 = 4;
/// The two statements that a connection of the express lane is prepared with.
const CLAIM_AND_PROJECT: &str = "execute take; execute project (current_setting('console.keys')::bigint[])";
/// Marks among which those are looked for that are left to a claim.
const LOOKED_AT: i64 = 1024;

/// Keeps one read model true to its source view.
#[derive(Debug)]
pub(super) struct Projector {
    pub db: PgPool,
    pub model: &'static ReadModel,
    pub lane: Lane,
    pub worker: String,
}

/// What was there for a request that claims and computes at once.
#[derive(Debug)]
struct Claimed {
    marks: usize,
    /// There are marks that it leaves alone.
    has_others: bool,
}

impl Claimed {
    /// The bulk lane has no such requests.
    const NONE: Self = Self { marks: 0, has_others: true };
}

impl Projector {
    /// Works off one batch of marks; how many there were.
    pub(super) async fn step(&self) -> Result<usize> {
        let taken = if self.lane == Lane::Express { self.claim_and_project().await } else { Ok(Claimed::NONE) };
        match taken {
            Ok(Claimed { marks, has_others: false }) => Ok(marks),
            Ok(Claimed { marks, has_others: true }) => Ok(marks + self.claim_and_work_off().await?),
            // One of the rows: which one is found out mark by mark.
            Err(error) if is_refusal(&error) => self.claim_and_work_off().await,
            Err(error) => Err(error.into()),
        }
    }

    async fn claim_and_work_off(&self) -> Result<usize> {
        let marks = marks::claim(&self.db, self.model.name, self.lane, &self.worker, BATCH).await?;
        let done = self.work_off(&marks).await;
        if done.is_err() {
            marks::release(&self.db, self.model.name, &self.worker, &versions(&marks), 0.0).await?;
        }
        done.map(|()| marks.len())
    }

    async fn work_off(&self, marks: &[Mark]) -> Result<()> {
        let (rows, others): (Vec<Mark>, Vec<Mark>) = marks.iter().cloned().partition(|mark| mark.scope == "row");
        for scope in ["media", "post", "user", "word"] {
            let marks: Vec<Mark> = others.iter().filter(|mark| mark.scope == scope).cloned().collect();
            if !marks.is_empty() {
                self.spread(scope, &marks).await?;
            }
        }
        self.project_or_split(&rows).await
    }

    /// Marks all rows that depend on something that has changed. The writer has committed, so its change is seen here, and
    /// who adds a row that is not seen here yet will mark it later.
    async fn spread(&self, scope: &str, marks: &[Mark]) -> Result<()> {
        let name = self.model.name;
        let sql = format!(
            "with settled as (
                 delete from console.read_model_queue
                  where read_model = '{name}'
                    and lane in (0, 1)
                    and version = any ($4)
             )
             select console.mark_reached('{name}', array_agg(origin), array_agg(key), $3)
               from console.{name}_reach
              where scope = $1
                and origin = any ($2)"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(scope)
            .bind(keys(marks))
            .bind(self.lane.next())
            .bind(versions(marks))
            .execute(&self.db)
            .await?;
        Ok(())
    }

    /// One row that PostgreSQL refuses must not hold up the others: halves the batch until it stands alone.
    pub(super) async fn project_or_split(&self, marks: &[Mark]) -> Result<()> {
        if marks.is_empty() {
            return Ok(());
        }
        let Err(error) = self.project(marks).await else { return Ok(()) };
        if !is_refusal(&error) {
            return Err(error.into());
        }
        if marks.iter().any(|mark| mark.span > 1) {
            return Ok(marks::scatter(&self.db, self.model.name, marks).await?);
        }
        let keys = keys(marks);
        if keys.len() == 1 {
            return self.bury(marks, &error).await;
        }
        let (low, high) = keys.split_at(keys.len() / 2);
        for half in [low, high] {
            let marks: Vec<Mark> = marks.iter().filter(|mark| half.contains(&mark.key)).cloned().collect();
            Box::pin(self.project_or_split(&marks)).await?;
        }
        Ok(())
    }

    /// Takes marks and computes their rows, in one request: when the machine is busy, it is the number of requests that
    /// takes the time. They are one transaction, each with a snapshot of its own; where it fails, nothing was claimed.
    async fn claim_and_project(&self) -> sqlx::Result<Claimed> {
        // To the end, which is the commit: only then is there something to be sent.
        let answers = sqlx::raw_sql(CLAIM_AND_PROJECT).fetch_all(&self.db).await?;
        let claimed = answers.first().ok_or(sqlx::Error::RowNotFound)?;
        let marks: i64 = claimed.try_get("marks")?;
        Ok(Claimed { marks: usize::try_from(marks).unwrap_or(0), has_others: claimed.try_get("has_others")? })
    }

    async fn project(&self, marks: &[Mark]) -> sqlx::Result<()> {
        let (keys, versions) = (keys(marks), versions(marks));
        let mut tx = self.db.begin().await?;
        sqlx::raw_sql(AssertSqlSafe(lock(self.model, self.lane, &keys))).execute(&mut *tx).await?;
        sqlx::query(AssertSqlSafe(statement(self.model, ""))).bind(&keys).execute(&mut *tx).await?;
        // A rebuild has no marks.
        if versions.iter().any(|version| *version > 0) {
            marks::settle(&mut tx, self.model.name, &versions).await?;
        }
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        queue::revive(&mut tx, "read_model", self.model.name, &keys).await?;
        tx.commit().await
    }

    async fn bury(&self, marks: &[Mark], error: &sqlx::Error) -> Result<()> {
        let letters: Vec<DeadLetter> = marks
            .iter()
            .max_by_key(|mark| mark.version)
            .map(|mark| DeadLetter {
                key: mark.key.to_string(),
                version: mark.version,
                attempts: mark.attempts,
                reason: error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned()),
            })
            .into_iter()
            .collect();
        tracing::warn!(read_model = self.model.name, ?letters, "a row that PostgreSQL refuses");
        let mut tx = self.db.begin().await?;
        queue::bury(&mut tx, "read_model", self.model.name, &letters).await?;
        marks::settle(&mut tx, self.model.name, &versions(marks)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What a connection for the express lane is prepared with, so that nothing is planned there: to take marks, and to compute the rows
/// of the keys `$1`, of which none is dead any more. A worker that sends the documents too wakes its own sender itself.
pub(super) fn preparation(model: &ReadModel, wakes_own_sender: bool) -> String {
    let revived = format!(
        "revived as (
             delete from console.dead_letter
              where kind = 'read_model' and name = '{}' and key = any ($1::bigint[]::text[])
         ),",
        model.name
    );
    format!(
        "prepare take as {}; prepare project (bigint[]) as {}",
        take(model, wakes_own_sender),
        statement(model, &revived)
    )
}

/// Takes the oldest marks in the express lane, locks what [`lock`] does, and leaves the keys of their rows in `console.keys`. What
/// many rows depend on goes to the bulk lane. What is leased, or a whole interval, is left to [`marks::claim`].
fn take(model: &ReadModel, wakes_own_sender: bool) -> String {
    let name = model.name;
    let wakes = if wakes_own_sender { "off" } else { "on" };
    format!(
        "with taken as (
             delete from console.read_model_queue
              where read_model = '{name}'
                and lane = 0
                and version = any (array(
                    select free.version
                      from console.read_model_queue as free
                     where free.read_model = '{name}'
                       and free.lane = 0
                       and free.span = 1
                       and free.leased_until is null
                     order by free.version
                     limit {BATCH}
                       for update skip locked))
             returning scope, key
         ),
         reached as (
             select origin.scope, origin.key, array_agg(row.key) as rows
               from (select distinct scope, key from taken where scope <> 'row') as origin
              cross join lateral (
                    select reach.key
                      from console.{name}_reach as reach
                     where reach.scope = origin.scope
                       and reach.origin = origin.key
                     limit {FEW} + 1) as row
              group by origin.scope, origin.key
         ),
         many as (
             insert into console.read_model_queue (read_model, scope, key, lane)
             select '{name}', scope, key, {bulk} from reached where cardinality(rows) > {FEW}
             returning 1
         ),
         wanted as (
             select key from taken where scope = 'row'
              union
             select unnest(rows) from reached where cardinality(rows) <= {FEW}
         ),
         locked as (
             select count(pg_advisory_xact_lock(hashtextextended('{name} ' || block, 0))) as blocks
               from (select distinct key >> 8 as block from wanted order by block) as blocks
         )
         select (select count(*) from taken) as marks,
                exists (select from (select span, leased_until
                                       from console.read_model_queue
                                      where read_model = '{name}'
                                        and lane = 0
                                      order by version
                                      limit {LOOKED_AT}) as oldest
                         where span > 1 or leased_until is not null) as has_others,
                (select blocks from locked) as blocks,
                (select max(pg_notify('console_queue', '{name}')::text) from many) as woken,
                set_config('console.keys', (select coalesce(array_agg(key), '{{}}')::text from wanted), true) as keys,
                set_config('console.lane', '{express}', true) as lane,
                set_config('console.wakes', '{wakes}', true) as wakes",
        bulk = Lane::Bulk.next(),
        express = Lane::Express.next(),
    )
}

/// Lets only one worker at a time compute a row. Two could hold marks of the same key, by different transactions or
/// because a lease ran out, and the one that read first might write last: the statement after this one has a snapshot younger than
/// the locks. 256 neighbours share a lock, so that whole intervals need few. The documents of these rows go on in the lane.
fn lock(model: &ReadModel, lane: Lane, keys: &[i64]) -> String {
    let blocks: BTreeSet<i64> = keys.iter().map(|key| key >> 8).collect();
    let blocks: Vec<i64> = blocks.into_iter().collect();
    format!(
        "select count(pg_advisory_xact_lock(hashtextextended('{} ' || block, 0))), set_config('console.lane', '{}', true)
           from unnest({}) as block",
        model.name,
        lane.next(),
        array(&blocks),
    )
}

/// An array as PostgreSQL writes it.
fn array(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!("'{{{}}}'::bigint[]", numbers.join(","))
}

/// Data that PostgreSQL will refuse again: data exceptions, constraints, limits, and what a trigger raises. Anything else
/// (a lost connection, a deadlock, a missing grant) is nothing that the row could help.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    let state = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    ["22", "23", "54", "P0"].iter().any(|class| state.starts_with(class))
}

/// One statement that makes the rows of the keys `$1` what the source view says, and touches no row that already is. `besides` are
/// expressions of its `with` that do something else.
fn statement(model: &ReadModel, besides: &str) -> String {
    let ReadModel { name, table, key, identity: (id, id_type), columns, vector, updated_at, .. } = model;
    let listed = |prefix: &str| columns.iter().map(|column| format!("{prefix}{column}")).collect::<Vec<_>>().join(", ");
    let mut assignments: Vec<String> = columns
        .iter()
        .map(|column| {
            if Some(*column) == *vector {
                // Its own value keeps the stored text in place, however equal another one is.
                format!(
                    "{column} = case when r.{column} is distinct from s.{column} then s.{column} else r.{column} end"
                )
            } else {
                format!("{column} = s.{column}")
            }
        })
        .collect();
    assignments.extend(updated_at.map(|column| format!("{column} = now()")));
    format!(
        "with {besides} source as materialized (
             select {id}, {columns} from console.{name}_source where {key} = any ($1)
         ),
         gone as (
             delete from {table} as r
              where r.{id} = any ($1::bigint[]::{id_type}[])
                and not exists (select from source as s where s.{id} = r.{id})
         ),
         changed as (
             update {table} as r
                set {assignments}
               from source as s
              where s.{id} = r.{id}
                and ({of_row}) is distinct from ({of_source})
         )
         insert into {table} ({id}, {columns})
         select {id}, {columns}
           from source
             on conflict ({id}) do nothing",
        columns = listed(""),
        assignments = assignments.join(", "),
        of_row = listed("r."),
        of_source = listed("s."),
    )
}
