//! Rows of a read model beside the documents of one generation, by ranges of ids: first what each comes to, then, where that
//! differs, the hash of the row that each document carries.

use std::collections::{BTreeSet, HashMap};

use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    confirm,
    documents::documents,
    progress::{Progress, Step, Stop},
    ranges::{self, Cut, Range, Sum},
};
use crate::{
    elastic::{Elastic, Failure},
    error::Result,
    read_models::ReadModel,
};

/// Ranges that are summed up in one question to Elasticsearch.
const PART: usize = 32;
/// Such parts at once: while one waits for Elasticsearch, PostgreSQL computes another.
const AT_ONCE: usize = 2;

/// Ids of documents that are not as their rows are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Rows without document
    pub missing: Vec<String>,
    /// Documents of what the row was
    pub stale: Vec<String>,
    /// Documents without row
    pub ghosts: Vec<String>,
}

impl Differences {
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        self.missing.len() + self.stale.len() + self.ghosts.len()
    }

    pub(super) fn ids(&self) -> Vec<String> {
        [&self.missing, &self.stale, &self.ghosts].into_iter().flatten().cloned().collect()
    }
}

/// By what rows are ordered as Elasticsearch orders the documents.
pub(super) fn order(model: &ReadModel) -> String {
    match model.identity {
        (id, "bigint") => id.to_owned(),
        (id, _) => format!("({id}::text) collate \"C\""),
    }
}

/// All differences between the rows and a generation that are none of a moment: what waits in the queue, or became a
/// dead letter, is on its way or known. Ranges whose documents come to what their rows do are not looked into.
///
/// # Errors
/// `Cancelled`, or those of the two servers.
pub(super) async fn compare(
    db: &PgPool,
    elastic: &Elastic,
    model: &'static ReadModel,
    generation: &str,
    progress: &Progress,
) -> Result<Differences, Stop> {
    progress.say(Step { name: "verify", ..Step::default() }, None).await?;
    elastic.refresh(generation).await?;
    let comparison = Comparison { db, elastic, model, generation };
    let cuts = ranges::cut(db, model).await?;
    let total = cuts.iter().map(|cut| cut.rows).sum();
    let mut found = Differences::default();
    comparison.confirm(&comparison.strangers().await?, &mut found).await?;
    let mut done = 0;
    let mut parts = comparison.parts(&cuts);
    while let Some((rows, differing)) = parts.try_next().await? {
        comparison.confirm(&differing, &mut found).await?;
        done += rows;
        progress.say(Step { name: "verify", done, total }, None).await?;
    }
    ranges::forget_others(db, model, &cuts).await?;
    Ok(found)
}

/// What is compared with what.
#[derive(Debug, Clone, Copy)]
struct Comparison<'a> {
    db: &'a PgPool,
    elastic: &'a Elastic,
    model: &'static ReadModel,
    generation: &'a str,
}

impl<'a> Comparison<'a> {
    /// Some ranges after the other, while the next ones are computed: how many rows there are, and the ids that differ.
    fn parts<'b>(self, cuts: &'b [Cut]) -> BoxStream<'b, Result<(i64, Vec<String>)>>
    where
        'a: 'b,
    {
        stream::iter(cuts.chunks(PART))
            .map(move |cuts| async move {
                let mut differing = Vec::new();
                for range in self.suspect(cuts).await? {
                    differing.extend(self.differing(&range).await?);
                }
                Ok((cuts.iter().map(|cut| cut.rows).sum(), differing))
            })
            .buffered(AT_ONCE)
            .boxed()
    }

    /// Where rows and documents do not come to the same; what follows one another as one range.
    async fn suspect(self, cuts: &[Cut]) -> Result<Vec<Range>> {
        let documents = self.sums(cuts).await?;
        let mut suspect: Vec<Range> = Vec::new();
        for (cut, documents) in cuts.iter().zip(documents) {
            let rows = match cut.known {
                Some(known) => known,
                None => ranges::sum(self.db, self.model, &cut.range).await?,
            };
            if rows.equals(documents) {
                continue;
            }
            match suspect.last_mut() {
                Some(last) if last.next.as_ref() == Some(&cut.range.first) => last.next.clone_from(&cut.range.next),
                _ => suspect.push(cut.range.clone()),
            }
        }
        Ok(suspect)
    }

    /// What the documents of each range come to. Those without digest count, but add nothing.
    async fn sums(self, cuts: &[Cut]) -> Result<Vec<Sum>> {
        let filters: Vec<Value> = cuts.iter().map(|cut| self.within(&cut.range)).collect();
        let body = json!({
            "size": 0, "track_total_hits": false,
            "query": {"bool": {"filter": whole(cuts).map(|range| self.within(&range))}},
            "aggs": {"ranges": {
                "filters": {"filters": filters},
                "aggs": {"digests": {"sum": {"field": "row_hash.digest"}}},
            }},
        });
        let answer: Sums = self.elastic.post(&format!("{}/_search", self.generation), &body).await?;
        let sums: Vec<Sum> = answer
            .aggregations
            .ranges
            .buckets
            .into_iter()
            .map(|bucket| Sum { rows: bucket.doc_count, digests: bucket.digests.value })
            .collect();
        if sums.len() == cuts.len() {
            Ok(sums)
        } else {
            Err(Failure::Garbled(format!("{} ranges instead of {}", sums.len(), cuts.len())).into())
        }
    }

    /// The documents of a range, as a query.
    fn within(self, range: &Range) -> Value {
        let mut bounds = json!({});
        if !range.first.is_empty() {
            bounds["gte"] = json!(range.first);
        }
        if let Some(next) = &range.next {
            bounds["lt"] = json!(next);
        }
        json!({"range": {self.model.identity.0: bounds}})
    }

    /// Ids whose hashes differ in a range, at this moment.
    async fn differing(self, range: &Range) -> Result<Vec<String>> {
        let rows: HashMap<String, String> = ranges::hashes(self.db, self.model, range).await?.into_iter().collect();
        let documents = documents(self.elastic, self.generation, self.model, &self.within(range)).await?;
        let differing: BTreeSet<&String> =
            rows.keys().chain(documents.keys()).filter(|id| rows.get(*id) != documents.get(*id)).collect();
        Ok(differing.into_iter().cloned().collect())
    }

    /// Documents that are in no range, because they hold no id.
    async fn strangers(self) -> Result<Vec<String>> {
        let without = json!({"bool": {"must_not": {"exists": {"field": self.model.identity.0}}}});
        let path = format!("{}/_count", self.generation);
        let counted: Value = self.elastic.post(&path, &json!({"query": without})).await?;
        if counted["count"] == 0 {
            return Ok(Vec::new());
        }
        let found = documents(self.elastic, self.generation, self.model, &without).await?;
        Ok(found.into_keys().collect())
    }

    async fn confirm(self, differing: &[String], found: &mut Differences) -> Result<()> {
        for ids in differing.chunks(confirm::AT_ONCE) {
            confirm::confirm(self.db, self.elastic, self.model, self.generation, ids, found).await?;
        }
        Ok(())
    }
}

/// Ranges that follow one another, as one.
fn whole(cuts: &[Cut]) -> Option<Range> {
    Some(Range { first: cuts.first()?.range.first.clone(), next: cuts.last()?.range.next.clone() })
}

#[derive(Deserialize)]
struct Sums {
    aggregations: Aggregations,
}

#[derive(Deserialize)]
struct Aggregations {
    ranges: Buckets,
}

#[derive(Deserialize)]
struct Buckets {
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    doc_count: i64,
    digests: Digests,
}

#[derive(Deserialize)]
struct Digests {
    value: f64,
}
