//! Ids and row hashes of the documents of a generation.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Value, json};

use super::row_hash;
use crate::{
    elastic::{Elastic, Failure},
    read_models::ReadModel,
};

/// Documents of one answer; Elasticsearch gives no more than 10,000.
const PAGE: usize = 5_000;

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
pub(super) async fn documents(
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
