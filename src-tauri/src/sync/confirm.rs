//! A second look at documents that seem to differ from their rows: what is on its way is no difference.

use std::collections::HashMap;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use super::{compare::Differences, row_hash, siblings};
use crate::{
    elastic::Elastic,
    error::Result,
    read_models::{ReadModel, media_search},
};

/// Differences that are looked at again at once.
pub(super) const AT_ONCE: usize = 500;

/// A row as it was at one moment.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    hash: Option<String>,
    /// It waits in the queue, or is a dead letter.
    is_known: bool,
}

/// Looks again at what seems to differ: the row, then the document, then the row. Where the row is the same both times
/// and nothing was on its way, the document is from the same moment.
pub(super) async fn confirm(
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
    let is_awaited = if *name == media_search::MODEL.name { siblings::IS_AWAITED } else { "false" };
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
                or {is_awaited}
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
pub(super) fn can_be_of(model: &ReadModel, id: &str) -> bool {
    model.identity.1 != "bigint" || id.parse::<i64>().is_ok_and(|number| number.to_string() == id)
}
