//! Rows of a read model beside the documents of one generation, by ranges of ids: first what each comes to, then, where that
//! differs, the hash of the row that each document carries.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, query_scalar};

use super::{
    generation,
    progress::{Progress, Step, Stop},
    ranges::{self, Cut, Range, Sum},
    row_hash,
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
/// Documents of one answer; Elasticsearch gives no more than 10,000.
const PAGE: usize = 5_000;
/// Differences that are looked at again at once.
const CONFIRM: usize = 500;

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
        for ids in differing.chunks(CONFIRM) {
            confirm(self.db, self.elastic, self.model, self.generation, ids, found).await?;
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

#[derive(Deserialize)]
struct Page {
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    fields: BTreeMap<String, Vec<String>>,
    sort: Vec<Value>,
}

/// Ids and row hashes of the documents after one id and up to another.
pub(super) async fn documents_between(
    elastic: &Elastic,
    generation: &str,
    model: &ReadModel,
    after: Option<&str>,
    up_to: Option<&str>,
) -> Result<HashMap<String, String>, Failure> {
    let mut bounds = json!({});
    if let Some(after) = after {
        bounds["gt"] = json!(after);
    }
    if let Some(up_to) = up_to {
        bounds["lte"] = json!(up_to);
    }
    documents(elastic, generation, model, &json!({"range": {model.identity.0: bounds}})).await
}

/// Ids and row hashes of what a query finds. The hashes come from their column, not from the sources: with a vector in each
/// these are a hundred times as large.
async fn documents(
    elastic: &Elastic,
    generation: &str,
    model: &ReadModel,
    query: &Value,
) -> Result<HashMap<String, String>, Failure> {
    let mut body = json!({
        "size": PAGE, "_source": false, "track_total_hits": false,
        "docvalue_fields": ["row_hash"],
        "query": {"bool": {"filter": query}},
        // Documents that nobody here made may have the same id in them, or none.
        "sort": [{model.identity.0: "asc"}, {"_seq_no": "asc"}],
    });
    let mut found = HashMap::new();
    loop {
        let page: Page = elastic.post(&format!("{generation}/_search"), &body).await?;
        let next = page.hits.hits.last().map(|hit| hit.sort.clone());
        let is_last = page.hits.hits.len() < PAGE;
        found.extend(page.hits.hits.into_iter().map(|mut hit| {
            let hash = hit.fields.remove("row_hash").and_then(|mut values| values.pop()).unwrap_or_default();
            (hit.id, row_hash::read(&hash))
        }));
        match next {
            Some(next) if !is_last => body["search_after"] = Value::Array(next),
            _ => return Ok(found),
        }
    }
}

/// A row as it was at one moment.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    hash: Option<String>,
    /// It waits in the queue, or is a dead letter.
    is_known: bool,
}

/// Looks again at what seems to differ: the row, then the document, then the row. Where the row is the same both times
/// and nothing was on its way, the document is from the same moment.
async fn confirm(
    db: &PgPool,
    elastic: &Elastic,
    model: &ReadModel,
    generation: &str,
    ids: &[String],
    found: &mut Differences,
) -> Result<()> {
    let before = look(db, model, ids).await?;
    let path = format!("{generation}/_mget?_source_includes=row_hash,{}", model.identity.0);
    let answer: Value = elastic.post(&path, &json!({"ids": ids})).await?;
    let documents: HashMap<&str, String> = answer["docs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|document| document["found"] == true)
        .filter_map(|document| {
            let (id, source) = (document["_id"].as_str()?, &document["_source"]);
            // One that holds another id than its own is of no row.
            let hash = source["row_hash"].as_str().filter(|_| is_text(&source[model.identity.0], id));
            Some((id, row_hash::read(hash.unwrap_or_default())))
        })
        .collect();
    let after = look(db, model, ids).await?;
    for id in ids {
        let (Some(before), Some(after)) = (before.get(id), after.get(id)) else { continue };
        if before != after || after.is_known {
            continue;
        }
        match (after.hash.as_deref(), documents.get(id.as_str())) {
            (Some(_), None) => found.missing.push(id.clone()),
            (Some(hash), Some(document)) if hash != document => found.stale.push(id.clone()),
            (None, Some(_)) => found.ghosts.push(id.clone()),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a text or number of JSON is this one.
fn is_text(value: &Value, text: &str) -> bool {
    value.as_str() == Some(text) || value.is_i64() && value.as_i64() == text.parse().ok()
}

async fn look(db: &PgPool, model: &ReadModel, ids: &[String]) -> Result<HashMap<String, Seen>> {
    let ReadModel { name, identity: (id, id_type), .. } = model;
    // Not joined: a plan that reads the whole table would make the JSON of all its rows.
    let sql = format!(
        "select wanted.id,
                (select sha256(convert_to(document.row, 'UTF8'))
                   from console.{name}_document as document
                  where document.{id} = wanted.id::{id_type}),
                exists (select from console.index_queue as queue
                         where queue.index_name = '{name}' and queue.document_id = wanted.id)
                or exists (select from console.dead_letter as letter
                            where letter.kind = 'index' and letter.name = '{name}' and letter.key = wanted.id)
           from unnest($1::text[]) as wanted (id)"
    );
    let (readable, strange): (Vec<String>, Vec<String>) = ids.iter().cloned().partition(|id| can_be_of(model, id));
    let rows: Vec<(String, Option<Vec<u8>>, bool)> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(readable).fetch_all(db).await?;
    let rows = rows
        .into_iter()
        .map(|(id, sha256, is_known)| (id, Seen { hash: sha256.map(|sha256| row_hash::written(&sha256)), is_known }));
    Ok(rows.chain(strange.into_iter().map(|id| (id, Seen { hash: None, is_known: false }))).collect())
}

/// Whether a row of the model can have this id. A document that nobody here made may have any.
fn can_be_of(model: &ReadModel, id: &str) -> bool {
    model.identity.1 != "bigint" || id.parse::<i64>().is_ok_and(|number| number.to_string() == id)
}

/// Has what differs sent anew, and takes out the documents that no row can have.
pub(super) async fn mend(
    db: &PgPool,
    elastic: &Elastic,
    model: &ReadModel,
    generation: &str,
    found: &Differences,
) -> Result<()> {
    mark(db, model, &found.ids()).await?;
    let strange: Vec<&String> = found.ghosts.iter().filter(|id| !can_be_of(model, id)).collect();
    for ids in strange.chunks(CONFIRM) {
        let mut lines = Vec::new();
        for id in ids {
            lines.extend(json!({"delete": {"_id": id}}).to_string().into_bytes());
            lines.push(b'\n');
        }
        elastic.bulk::<Value>(&generation::write_alias(generation), lines.into()).await?;
    }
    Ok(())
}

/// Marks documents, so that the indexer sends what their rows are now.
pub(super) async fn mark(db: &PgPool, model: &ReadModel, ids: &[String]) -> Result<()> {
    let ids: HashSet<&String> = ids.iter().filter(|id| can_be_of(model, id)).collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    for ids in ids.chunks(CONFIRM) {
        query_scalar!("select console.mark_stale($1, $2)::text", model.name, ids).fetch_one(db).await?;
    }
    Ok(())
}
