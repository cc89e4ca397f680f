//! Filling a generation with the documents of all rows, or those that it has not.

use std::{
    collections::{HashMap, HashSet},
    future::ready,
};

use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use super::{
    bulk::{Bulk, FULL, Outcome},
    compare::order,
    delivery::Delivery,
    documents::documents_between,
    generation,
    indexer::{Marked, bulks},
    mend::mark,
    progress::{Progress, Step, Stop},
    queue::{self, DeadLetter},
    row_hash,
};
use crate::{
    error::{Error, Result},
    read_models::ReadModel,
};

/// Rows that get their versions in one transaction, each locked meanwhile.
const CHUNK: i64 = 1_000;
/// Chunks at once: while Elasticsearch has two of them, the next one is read.
const AT_ONCE: usize = 3;

/// Fills one generation while the indexers write to it.
#[derive(Debug)]
pub(super) struct Filler<'a> {
    pub db: &'a PgPool,
    pub delivery: Delivery,
    pub model: &'static ReadModel,
    pub generation: &'a str,
}

/// Rows that follow one another, with their versions.
#[derive(Debug)]
struct Chunk {
    after: Option<String>,
    /// `None` for all that is beyond.
    up_to: Option<String>,
    versions: Vec<(String, i64)>,
}

impl Filler<'_> {
    /// From the row after `position` to the last.
    ///
    /// # Errors
    /// `Cancelled`, or those of the two servers; the position in the job is where to go on.
    pub(super) async fn fill(&self, position: Option<String>, mut done: i64, progress: &Progress) -> Result<(), Stop> {
        let total: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {}", self.model.table)))
            .fetch_one(self.db)
            .await?;
        let was_empty = position.is_none() && self.is_empty().await?;
        progress.say(Step { name: "documents", done, total }, position.as_deref()).await?;
        let mut written = self.chunks(position, was_empty);
        // In order: what lies before the position is there, whatever else may be there beyond it.
        while let Some((rows, last)) = written.try_next().await? {
            done += i64::try_from(rows).unwrap_or(0);
            progress.say(Step { name: "documents", done, total }, last.as_deref()).await?;
        }
        Ok(())
    }

    /// Of each chunk, in order and when it is written, how many rows it had, and the last of them.
    fn chunks(&self, position: Option<String>, was_empty: bool) -> BoxStream<'_, Result<(usize, Option<String>)>> {
        stream::try_unfold(Some(position), move |after| async move {
            let Some(after) = after else { return Ok(None) };
            let versions = self.versions(after.as_deref()).await?;
            let is_last = versions.len() < usize::try_from(CHUNK).unwrap_or(0);
            let up_to = versions.last().map(|(id, _)| id.clone()).filter(|_| !is_last);
            let next = (!is_last).then(|| up_to.clone());
            Ok(Some((Chunk { after, up_to, versions }, next)))
        })
        .map_ok(move |chunk| self.write(chunk, was_empty))
        .try_buffered(AT_ONCE)
        .boxed()
    }

    async fn write(&self, chunk: Chunk, was_empty: bool) -> Result<(usize, Option<String>)> {
        let Chunk { after, up_to, versions } = chunk;
        let (rows, last) = (versions.len(), versions.last().map(|(id, _)| id.clone()));
        let there = if was_empty {
            HashMap::new()
        } else {
            let elastic = &self.delivery.elastic;
            documents_between(elastic, self.generation, self.model, after.as_deref(), up_to.as_deref()).await?
        };
        self.take_out(&versions, &there).await?;
        self.send(versions, there).await?;
        Ok((rows, last))
    }

    async fn is_empty(&self) -> Result<bool> {
        // It may be one that nobody searches yet.
        self.delivery.elastic.refresh(self.generation).await?;
        let path = format!("{}/_search", self.generation);
        let found: Value = self
            .delivery
            .elastic
            .post(&path, &json!({"size": 0, "track_total_hits": 1, "query": {"match_all": {}}}))
            .await?;
        Ok(found["hits"]["total"]["value"] == 0)
    }

    /// The next rows, each with a version that was drawn while the row was locked: whoever changes it later draws a higher
    /// one, and whoever drew a lower one has committed. So the document may be made of the row at any time after.
    async fn versions(&self, after: Option<&str>) -> Result<Vec<(String, i64)>> {
        let ReadModel { table, identity: (id, id_type), .. } = self.model;
        let order = order(self.model);
        let sql = format!(
            "with chunk as materialized (
                 select {id}::text as id
                   from {table}
                  where $1::text is null or {order} > $1::{id_type}
                  order by {order}
                  limit {CHUNK}
                    for share
             )
             select id, nextval('console.version') from chunk"
        );
        Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(after).fetch_all(self.db).await?)
    }

    /// A document without row is deleted by way of the queue: there its version is drawn in the order of the commits.
    async fn take_out(&self, versions: &[(String, i64)], there: &HashMap<String, String>) -> Result<()> {
        let rows: HashSet<&String> = versions.iter().map(|(id, _)| id).collect();
        let ghosts: Vec<String> = there.keys().filter(|id| !rows.contains(id)).cloned().collect();
        mark(self.db, self.model, &ghosts).await
    }

    async fn send(&self, versions: Vec<(String, i64)>, there: HashMap<String, String>) -> Result<()> {
        let ReadModel { name, identity: (id, id_type), .. } = self.model;
        let sql = format!(
            "select drawn.id, drawn.version, 1, document.row
               from unnest($1::text[], $2::bigint[]) as drawn (id, version)
              cross join lateral (
                    select row from console.{name}_document where {id} = drawn.id::{id_type} offset 0) as document"
        );
        let (ids, versions): (Vec<String>, Vec<i64>) = versions.into_iter().unzip();
        let rows = sqlx::query_as(AssertSqlSafe(sql)).bind(ids).bind(versions).fetch(self.db).try_filter(
            |(id, _, _, row): &Marked| {
                let hash = row.as_deref().map(row_hash::of);
                ready(hash.is_none() || there.get(id) != hash.as_ref())
            },
        );
        // One after another: as many chunks as may be are on their way at once.
        bulks(self.model, rows, FULL).try_for_each(|bulk| self.deliver(bulk)).await
    }

    async fn deliver(&self, mut bulk: Bulk) -> Result<()> {
        let mut outcomes = bulk.take_refused();
        if !bulk.is_empty() {
            outcomes.extend(self.delivery.deliver(&bulk, &generation::write_alias(self.generation)).await?);
        }
        let (mut letters, mut done) = (Vec::new(), Vec::new());
        for (entry, outcome) in outcomes {
            match outcome {
                Outcome::Done | Outcome::Conflict => done.push(entry.document_id),
                Outcome::Rejected(reason) => letters.push(DeadLetter {
                    key: entry.document_id,
                    version: entry.version,
                    attempts: entry.attempts,
                    reason,
                }),
                Outcome::Busy(_, reason) => {
                    let message = format!("Elasticsearch has too much to do: {reason}.");
                    return Err(Error::Unavailable { message, source: None });
                }
                Outcome::NoIndex => {
                    return Err(Error::NotFound(format!("The index {} that was being filled", self.generation)));
                }
            }
        }
        let refused: Vec<String> = letters.iter().map(|letter| letter.key.clone()).collect();
        let mut tx = self.db.begin().await?;
        queue::bury(&mut tx, "index", self.model.name, &letters).await?;
        queue::blame(&mut tx, self.model.name, self.generation, &refused).await?;
        // What another generation refused, or another mapping, is in this one.
        queue::revive(&mut tx, "index", self.model.name, &done).await?;
        tx.commit().await?;
        Ok(())
    }
}
