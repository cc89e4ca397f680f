//! Rows of a read model beside the documents of one generation, by ranges of ids and by the hash of the row that each
//! document carries.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, query_scalar};

use super::progress::{Progress, Step, Stop};
use crate::{
    elastic::{Elastic, Failure},
    error::Result,
    read_models::ReadModel,
};

/// Rows of a range.
const RANGE: i64 = 5_000;
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
/// dead letter, is on its way or known.
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
    let total: i64 =
        sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {}", model.table))).fetch_one(db).await?;
    elastic.refresh(generation).await?;
    let mut found = Differences::default();
    let (mut after, mut done) = (None::<String>, 0);
    loop {
        progress.say(Step { name: "verify", done, total }, None).await?;
        let rows = hashes_after(db, model, after.as_deref()).await?;
        let last = rows.last().map(|(id, _)| id.clone()).filter(|_| rows.len() == usize::try_from(RANGE).unwrap_or(0));
        done += i64::try_from(rows.len()).unwrap_or(0);
        let documents = documents_between(elastic, generation, model, after.as_deref(), last.as_deref()).await?;
        let rows: HashMap<String, String> = rows.into_iter().collect();
        let differing: BTreeSet<String> =
            rows.keys().chain(documents.keys()).filter(|id| rows.get(*id) != documents.get(*id)).cloned().collect();
        let differing: Vec<String> = differing.into_iter().collect();
        for ids in differing.chunks(CONFIRM) {
            confirm(db, elastic, model, generation, ids, &mut found).await?;
        }
        match last {
            Some(last) => after = Some(last),
            None => return Ok(found),
        }
    }
}

/// Up to [`RANGE`] rows with the hash that their documents must have.
async fn hashes_after(db: &PgPool, model: &ReadModel, after: Option<&str>) -> Result<Vec<(String, String)>> {
    let ReadModel { name, identity: (id, id_type), .. } = model;
    let order = order(model);
    // The output has no column of the id's name: by that the rows would be ordered, as text.
    let sql = format!(
        "select {id}::text as document_id, encode(sha256(convert_to(row, 'UTF8')), 'hex')
           from console.{name}_document
          where $1::text is null or {order} > $1::{id_type}
          order by {order}
          limit {RANGE}"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(after).fetch_all(db).await?)
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

/// Ids and row hashes of the documents after one id and up to another. The hashes come from their column, not from the
/// sources: with a vector in each these are a hundred times as large.
pub(super) async fn documents_between(
    elastic: &Elastic,
    generation: &str,
    model: &ReadModel,
    after: Option<&str>,
    up_to: Option<&str>,
) -> Result<HashMap<String, String>, Failure> {
    let field = model.identity.0;
    let mut bounds = json!({});
    if let Some(after) = after {
        bounds["gt"] = json!(after);
    }
    if let Some(up_to) = up_to {
        bounds["lte"] = json!(up_to);
    }
    let mut body = json!({
        "size": PAGE, "_source": false, "track_total_hits": false,
        "docvalue_fields": ["row_hash"],
        "query": {"range": {field: bounds}},
        "sort": [{field: "asc"}],
    });
    let mut found = HashMap::new();
    loop {
        let page: Page = elastic.post(&format!("{generation}/_search"), &body).await?;
        let next = page.hits.hits.last().map(|hit| hit.sort.clone());
        let is_last = page.hits.hits.len() < PAGE;
        found.extend(page.hits.hits.into_iter().map(|mut hit| {
            let hash = hit.fields.remove("row_hash").and_then(|mut values| values.pop()).unwrap_or_default();
            (hit.id, hash)
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
    let answer: Value =
        elastic.post(&format!("{generation}/_mget?_source_includes=row_hash"), &json!({"ids": ids})).await?;
    let documents: HashMap<&str, &str> = answer["docs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|document| document["found"] == true)
        .filter_map(|document| {
            Some((document["_id"].as_str()?, document["_source"]["row_hash"].as_str().unwrap_or_default()))
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
            (Some(hash), Some(document)) if hash != *document => found.stale.push(id.clone()),
            (None, Some(_)) => found.ghosts.push(id.clone()),
            _ => {}
        }
    }
    Ok(())
}

async fn look(db: &PgPool, model: &ReadModel, ids: &[String]) -> Result<HashMap<String, Seen>> {
    let ReadModel { name, identity: (id, id_type), .. } = model;
    // Not joined: a plan that reads the whole table would make the JSON of all its rows.
    let sql = format!(
        "select wanted.id,
                (select encode(sha256(convert_to(document.row, 'UTF8')), 'hex')
                   from console.{name}_document as document
                  where document.{id} = wanted.id::{id_type}),
                exists (select from console.index_queue as queue
                         where queue.index_name = '{name}' and queue.document_id = wanted.id)
                or exists (select from console.dead_letter as letter
                            where letter.kind = 'index' and letter.name = '{name}' and letter.key = wanted.id)
           from unnest($1::text[]) as wanted (id)"
    );
    // A document that nobody here made may have any id.
    let (readable, foreign): (Vec<String>, Vec<String>) =
        ids.iter().cloned().partition(|id| *id_type != "bigint" || id.parse::<i64>().is_ok());
    let rows: Vec<(String, Option<String>, bool)> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(readable).fetch_all(db).await?;
    let rows = rows.into_iter().map(|(id, hash, is_known)| (id, Seen { hash, is_known }));
    Ok(rows.chain(foreign.into_iter().map(|id| (id, Seen { hash: None, is_known: false }))).collect())
}

/// Marks documents, so that the indexer sends what their rows are now.
pub(super) async fn mark(db: &PgPool, model: &ReadModel, ids: &[String]) -> Result<()> {
    let ids: HashSet<&String> =
        ids.iter().filter(|id| model.identity.1 != "bigint" || id.parse::<i64>().is_ok()).collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    for ids in ids.chunks(CONFIRM) {
        query_scalar!("select console.mark_stale($1, $2)::text", model.name, ids).fetch_one(db).await?;
    }
    Ok(())
}
