//! From read models to Elasticsearch: sends the documents that were marked, in the versions in which they were marked.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgPool};

use super::{
    bulk::{Bulk, Outcome},
    generation,
    queue::{self, DeadLetter, Entry},
};
use crate::{
    elastic::Elastic,
    error::{Error, Result},
    read_models::{ReadModel, Row},
};

/// Documents claimed at once. Their bytes are bounded by the bulk, which is sent whenever it is full.
const BATCH: i64 = 500;
/// Before what Elasticsearch was too busy for is tried again.
const PAUSE_SECONDS: f64 = 5.0;

/// Keeps one index true to its read model.
#[derive(Debug)]
pub(super) struct Indexer {
    pub db: PgPool,
    pub elastic: Elastic,
    pub model: &'static ReadModel,
    pub worker: String,
    /// The alias was seen, and all rows were marked for what is behind it.
    pub ready: AtomicBool,
}

impl Indexer {
    /// Sends one batch of documents; how many there were.
    pub(super) async fn step(&self) -> Result<usize> {
        if !self.ready.load(Ordering::Relaxed) {
            generation::ensure(&self.db, &self.elastic, self.model).await?;
            self.ready.store(true, Ordering::Relaxed);
        }
        let entries = queue::claim(&self.db, self.model.name, &self.worker, BATCH).await?;
        let sent = self.send(&entries).await;
        if sent.is_err() {
            // Whatever went wrong, the index may be another one when Elasticsearch is back.
            self.ready.store(false, Ordering::Relaxed);
            let versions: Vec<i64> = entries.iter().map(|entry| entry.version).collect();
            queue::release(&self.db, self.model.name, &self.worker, &versions, 0.0).await?;
        }
        sent.map(|()| entries.len())
    }

    async fn send(&self, entries: &[Entry]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut bulk = Bulk::default();
        let mut unreadable = Vec::new();
        let sql = statement(self.model);
        let versions: Vec<i64> = entries.iter().map(|entry| entry.version).collect();
        // Row and version come from one snapshot: a row that has changed since it was claimed is sent in its own version.
        let mut rows = sqlx::query_as::<_, (String, i64, i32, Option<String>)>(AssertSqlSafe(sql))
            .bind(self.model.name)
            .bind(versions)
            .fetch(&self.db);
        while let Some((document_id, version, attempts, json)) = rows.try_next().await? {
            let entry = Entry { document_id, version, attempts };
            match json.map(|json| self.document(&json)).transpose() {
                Ok(document) => bulk.push(entry, document.as_deref()),
                Err(error) => {
                    unreadable.push((entry, Outcome::Rejected(format!("the row makes no document: {error}"))));
                }
            }
            if bulk.is_full() {
                self.deliver(std::mem::take(&mut bulk)).await?;
            }
        }
        drop(rows);
        if !bulk.is_empty() {
            self.deliver(bulk).await?;
        }
        self.settle(unreadable).await
    }

    fn document(&self, json: &str) -> Result<Vec<u8>, serde_json::Error> {
        let hash = hex(&Sha256::digest(json.as_bytes()));
        (self.model.document)(&Row { json, hash: &hash })
    }

    /// Sends a bulk, what Elasticsearch was too busy for again and again with growing pauses.
    async fn deliver(&self, bulk: Bulk) -> Result<()> {
        let mut pauses = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(6)
            .build();
        let mut bulk = bulk;
        loop {
            let outcomes = bulk.send(&self.elastic, self.model.index).await?;
            if outcomes.iter().any(|(_, outcome)| *outcome == Outcome::NoIndex) {
                let alias = self.elastic.alias(self.model.index);
                return Err(Error::Unavailable {
                    message: format!("Elasticsearch has no index behind {alias} any more. It is made anew."),
                    source: None,
                });
            }
            let (busy, settled): (Vec<_>, Vec<_>) =
                outcomes.into_iter().partition(|(_, outcome)| matches!(outcome, Outcome::Busy(_)));
            self.settle(settled).await?;
            let again: HashSet<i64> = busy.iter().map(|(entry, _)| entry.version).collect();
            match (bulk.only(|entry| again.contains(&entry.version)), pauses.next()) {
                (None, _) => return Ok(()),
                (Some(rest), Some(pause)) => {
                    tokio::time::sleep(pause).await;
                    bulk = rest;
                }
                (Some(_), None) => return self.put_off(&busy).await,
            }
        }
    }

    async fn put_off(&self, busy: &[(Entry, Outcome)]) -> Result<()> {
        tracing::warn!(index = self.model.name, documents = busy.len(), why = ?busy[0].1, "put off");
        let versions: Vec<i64> = busy.iter().map(|(entry, _)| entry.version).collect();
        Ok(queue::release(&self.db, self.model.name, &self.worker, &versions, PAUSE_SECONDS).await?)
    }

    async fn settle(&self, outcomes: Vec<(Entry, Outcome)>) -> Result<()> {
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
        if conflicts > 0 {
            tracing::debug!(index = self.model.name, conflicts, "the index had newer versions");
        }
        if !letters.is_empty() {
            tracing::warn!(index = self.model.name, ?letters, "documents that Elasticsearch refuses");
        }
        let mut tx = self.db.begin().await?;
        queue::bury(&mut tx, "index", self.model.name, &letters).await?;
        queue::revive(&mut tx, "index", self.model.name, &done).await?;
        queue::settle(&mut tx, self.model.name, &versions).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        hex.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
        hex
    })
}

/// The marked documents with their rows, if there are any.
fn statement(model: &ReadModel) -> String {
    let ReadModel { name, identity: (id, id_type), .. } = model;
    format!(
        "select queue.document_id, queue.version, queue.attempts, document.row
           from console.index_queue as queue
           left join console.{name}_document as document on document.{id} = queue.document_id::{id_type}
          where queue.index_name = $1
            and queue.version = any ($2)"
    )
}
