//! From read models to Elasticsearch: sends the documents that were marked, in the versions in which they were marked.

use std::{
    collections::HashMap,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
};

use futures::{Stream, StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, types::Json};

use super::{
    bulk::{Bulk, FULL, Outcome},
    delivery::Delivery,
    generation,
    lane::Lane,
    metrics::Of,
    queue::{self, DeadLetter, Entry},
    register::{self, Registered},
    row_hash,
};
use crate::{
    error::{Error, Result},
    read_models::{ReadModel, Row},
};

/// Documents claimed at once. Their bytes are bounded by the bulks, which are sent whenever they are full.
const BATCH: i64 = 1_000;
/// The same while others are waited for: what is in Elasticsearch's hands can't give way any more.
const SMALL_BATCH: i64 = 100;
/// Documents of the express lane claimed at once; all of them are held in memory.
const FEW: i64 = 200;
/// Bytes of a bulk in the express lane, for the same reason.
const SMALL: usize = 512 << 10;
/// Of these at once: other indices are to get their turn.
const FEW_AT_ONCE: usize = 2;
/// Before what Elasticsearch was too busy for is tried again.
const PAUSE_SECONDS: f64 = 5.0;
/// Of the documents that the index had in newer versions.
const SAMPLE: usize = 5;

/// Keeps one index true to its read model.
#[derive(Debug)]
pub(super) struct Indexer {
    pub db: PgPool,
    pub delivery: Delivery,
    pub model: &'static ReadModel,
    pub lane: Lane,
    pub worker: String,
    /// The alias was seen, and all rows were marked for what is behind it.
    pub ready: AtomicBool,
}

impl Indexer {
    /// Sends one batch of documents; how many there were.
    pub(super) async fn step(&self, others_hurry: bool) -> Result<usize> {
        if !self.ready.load(Ordering::Relaxed) {
            generation::ensure(&self.db, &self.delivery.elastic, self.model).await?;
            self.ready.store(true, Ordering::Relaxed);
        }
        let (versions, sent) = if self.lane == Lane::Express {
            let (marked, generations) = self.claim_rows().await.inspect_err(|_| self.doubt())?;
            let versions: Vec<i64> = marked.iter().map(|(_, version, ..)| *version).collect();
            (versions, self.send_rows(marked, &generations).await)
        } else {
            let batch = if others_hurry { SMALL_BATCH } else { BATCH };
            let claimed = queue::claim(&self.db, self.model.name, self.lane, &self.worker, batch).await;
            let entries = claimed.inspect_err(|_| self.doubt())?;
            let versions: Vec<i64> = entries.iter().map(|entry| entry.version).collect();
            let sent = self.send(&versions).await;
            (versions, sent)
        };
        if sent.is_err() {
            self.doubt();
            queue::release(&self.db, self.model.name, &self.worker, &versions, 0.0).await?;
        }
        sent.map(|()| versions.len())
    }

    /// A server that was away may be another one when it is back: its index is looked at again.
    fn doubt(&self) {
        self.ready.store(false, Ordering::Relaxed);
    }

    /// Few entries with their rows and where to send them, in one request: when the machine is busy, it is the number of requests
    /// that takes the time.
    async fn claim_rows(&self) -> sqlx::Result<(Vec<Marked>, Vec<Registered>)> {
        let (first, last) = self.lane.bounds();
        let claimed: Vec<ClaimedRow> = sqlx::query_as(AssertSqlSafe(claiming_rows(self.model)))
            .bind(self.model.name)
            .bind(&self.worker)
            .bind(FEW)
            .bind(first)
            .bind(last)
            .fetch_all(&self.db)
            .await?;
        let generations = claimed.first().map(|claimed| claimed.generations.0.clone()).unwrap_or_default();
        let marked = claimed.into_iter().map(|claimed| {
            let Entry { document_id, version, attempts } = claimed.entry;
            (document_id, version, attempts, claimed.row)
        });
        Ok((marked.collect(), generations))
    }

    async fn send_rows(&self, marked: Vec<Marked>, generations: &[Registered]) -> Result<()> {
        let at_once = self.delivery.pace.at_once().min(FEW_AT_ONCE);
        bulks(self.model, stream::iter(marked.into_iter().map(Ok)), SMALL)
            .try_for_each_concurrent(at_once, |bulk| self.deliver(bulk, generations))
            .await
    }

    async fn send(&self, versions: &[i64]) -> Result<()> {
        if versions.is_empty() {
            return Ok(());
        }
        // Row and version come from one snapshot: a row that has changed since it was claimed is sent in its own version.
        let rows =
            sqlx::query_as(AssertSqlSafe(statement(self.model))).bind(self.model.name).bind(versions).fetch(&self.db);
        let mut bulks = pin!(bulks(self.model, rows, FULL).peekable());
        let (generations, _) = tokio::join!(register::written(&self.db, self.model.name), bulks.as_mut().peek());
        let generations = generations?;
        bulks.try_for_each_concurrent(self.delivery.pace.at_once(), |bulk| self.deliver(bulk, &generations)).await
    }

    /// Sends a bulk to every generation that is written, and settles what all of them have.
    async fn deliver(&self, mut bulk: Bulk, generations: &[Registered]) -> Result<()> {
        let mut worst: HashMap<i64, (Entry, Outcome)> =
            bulk.take_refused().into_iter().map(|(entry, outcome)| (entry.version, (entry, outcome))).collect();
        // The last of them: what the one that is being filled refuses counts.
        let mut refused_by: HashMap<String, String> = HashMap::new();
        if bulk.is_empty() {
            return self.settle(worst.into_values().collect(), &refused_by).await;
        }
        if generations.is_empty() {
            return Err(self.no_index());
        }
        for Registered { generation, state, .. } in generations {
            let outcomes = self.delivery.deliver(&bulk, &generation::write_alias(generation)).await?;
            if outcomes.iter().any(|(_, outcome)| *outcome == Outcome::NoIndex) {
                if state == "live" {
                    return Err(self.no_index());
                }
                tracing::warn!(index = generation, "it was being filled, and is gone");
                register::forget(&self.db, self.model.name, generation).await?;
                continue;
            }
            self.sample_conflicts(generation, &outcomes).await?;
            for (entry, outcome) in outcomes {
                if matches!(outcome, Outcome::Rejected(_)) {
                    refused_by.insert(entry.document_id.clone(), generation.clone());
                }
                match worst.get(&entry.version) {
                    Some((_, known)) if severity(known) > severity(&outcome) => {}
                    _ => drop(worst.insert(entry.version, (entry, outcome))),
                }
            }
        }
        let (busy, settled): (Vec<_>, Vec<_>) =
            worst.into_values().partition(|(_, outcome)| matches!(outcome, Outcome::Busy(..)));
        self.settle(settled, &refused_by).await?;
        self.put_off(&busy).await
    }

    fn no_index(&self) -> Error {
        let alias = self.delivery.elastic.alias(self.model.index);
        Error::Unavailable {
            message: format!("Elasticsearch has no index behind {alias} any more. It is made anew."),
            source: None,
        }
    }

    async fn put_off(&self, busy: &[(Entry, Outcome)]) -> Result<()> {
        let Some((_, why)) = busy.first() else { return Ok(()) };
        tracing::warn!(index = self.model.name, documents = busy.len(), ?why, "put off");
        let versions: Vec<i64> = busy.iter().map(|(entry, _)| entry.version).collect();
        Ok(queue::release(&self.db, self.model.name, &self.worker, &versions, PAUSE_SECONDS).await?)
    }

    async fn settle(&self, outcomes: Vec<(Entry, Outcome)>, refused_by: &HashMap<String, String>) -> Result<()> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let versions: Vec<i64> = outcomes.iter().map(|(entry, _)| entry.version).collect();
        let conflicts = outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Conflict).count();
        let (mut done, mut letters) = (Vec::new(), Vec::new());
        for (Entry { document_id: key, version, attempts }, outcome) in outcomes {
            match outcome {
                Outcome::Rejected(reason) => letters.push(DeadLetter { key, version, attempts, reason }),
                _ => done.push(key),
            }
        }
        if letters.is_empty() {
            queue::settle(&self.db, self.model.name, &versions, &done).await?;
        } else {
            tracing::warn!(index = self.model.name, ?letters, "documents that Elasticsearch refuses");
            let mut tx = self.db.begin().await?;
            queue::bury(&mut tx, "index", self.model.name, &letters).await?;
            for (key, generation) in refused_by {
                queue::blame(&mut tx, self.model.name, generation, std::slice::from_ref(key)).await?;
            }
            queue::settle(&mut *tx, self.model.name, &versions, &done).await?;
            tx.commit().await?;
        }
        let (of, metrics) = (Of::index(self.model.name), &self.delivery.metrics);
        metrics.documents.get_or_create(&of).inc_by(done.len() as u64);
        metrics.conflicts.get_or_create(&of).inc_by(conflicts as u64);
        metrics.rejected.get_or_create(&of).inc_by(letters.len() as u64);
        Ok(())
    }

    /// A newer version in the index is nothing bad, unless the database never gave it.
    async fn sample_conflicts(&self, generation: &str, outcomes: &[(Entry, Outcome)]) -> Result<()> {
        let ids: Vec<&str> = outcomes
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Conflict)
            .take(SAMPLE)
            .map(|(entry, _)| entry.document_id.as_str())
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let path = format!("{generation}/_mget?_source=false");
        let found: Value = self.delivery.elastic.post(&path, &json!({"ids": ids})).await?;
        let versions =
            found["docs"].as_array().into_iter().flatten().filter_map(|document| document["_version"].as_i64());
        generation::judge_version(&self.db, self.model, generation, versions.max().unwrap_or(0)).await
    }
}

/// What one generation did counts more than what another did.
fn severity(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Done => 0,
        Outcome::Conflict => 1,
        Outcome::NoIndex => 2,
        Outcome::Rejected(_) => 3,
        Outcome::Busy(..) => 4,
    }
}

/// What [`claiming_rows`] gives of each entry.
#[derive(Debug, sqlx::FromRow)]
struct ClaimedRow {
    #[sqlx(flatten)]
    entry: Entry,
    row: Option<String>,
    generations: Json<Vec<Registered>>,
}

/// A queue's entry with its row, if there is one.
pub(super) type Marked = (String, i64, i32, Option<String>);

/// Packs rows into bulks of so many bytes, so that no more than one bulk is held in memory beside those that are on their way.
pub(super) fn bulks(
    model: &'static ReadModel,
    rows: impl Stream<Item = sqlx::Result<Marked>> + Unpin,
    full: usize,
) -> impl Stream<Item = Result<Bulk>> {
    stream::try_unfold(Some(rows), move |rows| async move {
        let Some(mut rows) = rows else { return Ok(None) };
        let mut bulk = Bulk::default();
        while let Some((document_id, version, attempts, json)) = rows.try_next().await? {
            let entry = Entry { document_id, version, attempts };
            match json.map(|json| document(model, &json)).transpose() {
                Ok(document) => bulk.push(entry, document.as_deref()),
                Err(error) => bulk.refuse(entry, format!("the row makes no document: {error}")),
            }
            if bulk.bytes() >= full {
                return Ok(Some((bulk, Some(rows))));
            }
        }
        let is_empty = bulk.entries().next().is_none();
        Ok((!is_empty).then_some((bulk, None)))
    })
}

fn document(model: &ReadModel, json: &str) -> Result<Vec<u8>, serde_json::Error> {
    (model.document)(&Row { json, hash: &row_hash::of(json) })
}

/// [`statement`] of what is claimed by it, and the generations that documents are sent to, the one that is searched first: what is
/// marked after one was registered is sent to it, and what was marked before is in the rows that it is filled from.
fn claiming_rows(model: &ReadModel) -> String {
    let ReadModel { name, identity: (id, id_type), .. } = model;
    queue::claiming(&format!(
        "select claimed.document_id, claimed.version, claimed.attempts,
                (select document.row from console.{name}_document as document
                  where document.{id} = claimed.document_id::{id_type}) as row,
                (select coalesce(json_agg(written order by state desc), '[]')
                   from (select generation, uuid, state, mapping
                           from console.index_generation
                          where index_name = $1
                            and state in ('live', 'building')) as written) as generations
           from claimed"
    ))
}

/// The marked documents with their rows, if there are any. Not joined: a plan that reads the whole table would make the JSON
/// of all its rows.
fn statement(model: &ReadModel) -> String {
    let ReadModel { name, identity: (id, id_type), .. } = model;
    format!(
        "select queue.document_id, queue.version, queue.attempts,
                (select document.row from console.{name}_document as document
                  where document.{id} = queue.document_id::{id_type})
           from console.index_queue as queue
          where queue.index_name = $1
            and queue.lane in (0, 1)
            and queue.version = any ($2)"
    )
}
