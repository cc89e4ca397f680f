//! Index generations: what stands behind an alias, and that it was given every row.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, query, query_scalar};

use crate::{
    elastic::{Elastic, Failure},
    error::{Error, Result},
    read_models::ReadModel,
};

/// Rows marked in one transaction, each locked meanwhile.
const CHUNK: i64 = 2_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Generation {
    pub name: String,
    uuid: String,
}

#[derive(Debug, Deserialize)]
struct Settings {
    settings: IndexSettings,
}

#[derive(Debug, Deserialize)]
struct IndexSettings {
    index: IndexIdentity,
}

#[derive(Debug, Deserialize)]
struct IndexIdentity {
    uuid: String,
}

/// The newest generation behind the alias.
pub(super) async fn current(elastic: &Elastic, model: &ReadModel) -> Result<Option<Generation>, Failure> {
    let alias = elastic.alias(model.index);
    // The alias API, unlike the settings API, does not take an index of that name for the alias.
    let Some(behind) = elastic.find::<BTreeMap<String, Value>>(&format!("_alias/{alias}")).await? else {
        return Ok(None);
    };
    let Some(name) = behind.into_keys().max_by_key(|name| number(name, &alias)) else { return Ok(None) };
    let settings = elastic.find::<BTreeMap<String, Settings>>(&format!("{name}/_settings/index.uuid")).await?;
    let uuid = settings.and_then(|mut settings| settings.remove(&name)).map(|found| found.settings.index.uuid);
    Ok(uuid.map(|uuid| Generation { name, uuid }))
}

/// Sees to it that there is a generation, and that all rows were marked for it.
pub(super) async fn ensure(db: &PgPool, elastic: &Elastic, model: &ReadModel) -> Result<()> {
    let generation = match current(elastic, model).await? {
        Some(generation) => generation,
        None => create(elastic, model).await?,
    };
    let marked = query_scalar!("select uuid from console.index_generation where index_name = $1", model.name)
        .fetch_optional(db)
        .await?;
    if marked.as_ref() == Some(&generation.uuid) {
        return Ok(());
    }
    tracing::info!(index = generation.name, "a generation that was not filled from this database: marking all rows");
    mark_all(db, model).await?;
    query!(
        r#"
        insert into console.index_generation (index_name, generation, uuid)
        values ($1, $2, $3)
            on conflict (index_name) do update
           set generation = excluded.generation, uuid = excluded.uuid, marked_at = clock_timestamp()
        "#,
        model.name,
        generation.name,
        generation.uuid,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn create(elastic: &Elastic, model: &ReadModel) -> Result<Generation> {
    let alias = elastic.alias(model.index);
    let taken = elastic.find::<BTreeMap<String, Value>>(&format!("{alias}_v*/_alias")).await?.unwrap_or_default();
    let next = taken.keys().map(|name| number(name, &alias)).max().unwrap_or(0) + 1;
    let body = json!({
        "aliases": {&alias: {}},
        "settings": {
            "index": {
                "number_of_shards": 1,
                // None on a single node, one elsewhere
                "auto_expand_replicas": "0-1",
                // Said explicitly, or an index that nobody searches is not refreshed at all.
                "refresh_interval": "1s",
                // A deletion is remembered for longer than the longest retry of what came before it.
                "gc_deletes": "1h",
            },
        },
        "mappings": (model.mapping)(),
    });
    match elastic.put(&format!("{alias}_v{next}"), &body).await {
        Ok(_) => tracing::info!(index = format!("{alias}_v{next}"), "created"),
        // Another worker was quicker.
        Err(Failure::Refused { status: 400, reason }) if reason.contains("resource_already_exists") => {}
        Err(failure) => return Err(failure.into()),
    }
    current(elastic, model).await?.ok_or_else(|| {
        Error::Invalid(format!(
            "Elasticsearch has no alias {alias} although {alias}_v{next} was made for it. Look for an index that stands in its way."
        ))
    })
}

/// Marks the documents of all rows. Each row is locked before its document gets a version: otherwise a writer that had
/// drawn its version before, and marks after, would look older than what was sent here.
async fn mark_all(db: &PgPool, model: &ReadModel) -> sqlx::Result<()> {
    let ReadModel { name, table, identity: (id, id_type), .. } = model;
    let sql = format!(
        "with chunk as materialized (
             select {id} from {table} where $1::text is null or {id} > $1::{id_type} order by {id} limit $2 for share
         ),
         marked as (
             insert into console.index_queue as queue (index_name, document_id)
             select '{name}', {id}::text from chunk order by {id}::text
                 on conflict (index_name, document_id) do update
                set version = excluded.version, leased_until = null, lease_holder = null
         )
         select max({id})::text from chunk"
    );
    let mut after: Option<String> = None;
    loop {
        let last: Option<String> =
            sqlx::query_scalar(AssertSqlSafe(sql.clone())).bind(&after).bind(CHUNK).fetch_one(db).await?;
        if last.is_none() {
            return Ok(());
        }
        after = last;
    }
}

/// 3 of `media_search_v3`
fn number(name: &str, alias: &str) -> u32 {
    name.strip_prefix(alias)
        .and_then(|rest| rest.strip_prefix("_v"))
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn generations_are_numbered() {
        assert_eq!(number("media_search_v12", "media_search"), 12);
        assert_eq!(number("media_search", "media_search"), 0);
        assert_eq!(number("media_search_verbose", "media_search"), 0);
    }
}
