//! Makes the documents of a generation what their rows are, where these differ.

use std::collections::HashSet;

use serde_json::{Value, json};
use sqlx::{PgPool, query_scalar};

use super::{compare::Differences, confirm::can_be_of, generation};
use crate::{elastic::Elastic, error::Result, read_models::ReadModel};

/// Documents that are marked, or taken out, at once.
const AT_ONCE: usize = 500;

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
    for ids in strange.chunks(AT_ONCE) {
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
    for ids in ids.chunks(AT_ONCE) {
        query_scalar!("select console.mark_stale($1, $2)::text", model.name, ids).fetch_one(db).await?;
    }
    Ok(())
}
