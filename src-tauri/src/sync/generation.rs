//! Index generations: what stands behind an alias, beside it, and that it was given every row.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgPool};

use super::{
    hex,
    register::{self, Registered},
};
use crate::{
    elastic::{Elastic, Failure},
    error::{Error, Result},
    read_models::{self, ReadModel},
};

/// Rows marked in one transaction, each locked meanwhile.
const CHUNK: i64 = 2_000;
/// The documents that were written last are looked at: one of them has the highest version but for deletions.
const LAST_WRITTEN: usize = 20;

/// What is said of an index that holds higher versions than its database ever gave.
const RESTORED: &str = "The index holds newer versions than the database ever gave: the database was restored to an \
                        older state. Rebuild the index: a new generation is needed.";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Generation {
    pub name: String,
    pub uuid: String,
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

/// By which a generation is written to, and by nothing else: other than the index's own name, a bulk to an alias never
/// makes an index.
pub(super) fn write_alias(generation: &str) -> String {
    format!("{generation}-write")
}

/// Equal only while mapping and settings are.
pub(super) fn fingerprint(elastic: &Elastic, model: &ReadModel) -> String {
    hex(&Sha256::digest(json!([(model.mapping)(), elastic.spread()]).to_string()))
}

/// The newest generation behind the alias.
pub(super) async fn current(elastic: &Elastic, model: &ReadModel) -> Result<Option<Generation>, Failure> {
    let alias = elastic.alias(model.index);
    let name = behind(elastic, &alias).await?.into_iter().max_by_key(|name| number(name, &alias));
    match name {
        Some(name) => identified(elastic, name).await,
        None => Ok(None),
    }
}

/// The names of the indices behind an alias.
pub(super) async fn behind(elastic: &Elastic, alias: &str) -> Result<Vec<String>, Failure> {
    // The alias API, unlike the settings API, does not take an index of that name for the alias.
    let found = elastic.find::<BTreeMap<String, Value>>(&format!("_alias/{alias}")).await?;
    Ok(found.unwrap_or_default().into_keys().collect())
}

/// An index with its uuid; `None` where there is none of that name.
pub(super) async fn identified(elastic: &Elastic, name: String) -> Result<Option<Generation>, Failure> {
    let settings = elastic.find::<BTreeMap<String, Settings>>(&format!("{name}/_settings/index.uuid")).await?;
    let uuid = settings.and_then(|mut settings| settings.remove(&name)).map(|found| found.settings.index.uuid);
    Ok(uuid.map(|uuid| Generation { name, uuid }))
}

/// Sees to it that there is a generation, and that all rows were marked for it.
///
/// What is known and what is adopted goes through the transaction that holds the lock: who has lost it meanwhile fails there,
/// and leaves the rest to whoever got it.
pub(super) async fn ensure(db: &PgPool, elastic: &Elastic, model: &ReadModel) -> Result<()> {
    let mut alone = db.begin().await?;
    register::lock(&mut alone, model.name).await?;
    let found = match current(elastic, model).await? {
        Some(generation) => generation,
        None => create_first(elastic, model).await?,
    };
    let known = register::all(&mut *alone, model.name).await?;
    let generation = only_one(elastic, model, found, &known).await?;
    let known = known.into_iter().find(|known| known.generation == generation.name && known.uuid == generation.uuid);
    match known.as_ref().map(|known| known.state.as_str()) {
        Some("live") => {}
        // Whoever exchanged them did not come to say so.
        Some("building") => {
            for outdated in register::promote(db, model.name, &generation.name).await? {
                elastic.delete(&outdated).await?;
            }
        }
        _ => {
            tracing::info!(index = generation.name, "a generation that was not filled from this database: marking all");
            mark_all(db, model).await?;
            let (uuid, state) = (generation.uuid.clone(), "live".to_owned());
            let adopted = Registered { generation: generation.name.clone(), uuid, state, mapping: None };
            register::adopt(&mut alone, model.name, &adopted).await?;
        }
    }
    make_writable(elastic, &generation.name).await?;
    add_digest(elastic, &generation.name).await?;
    add_fields(elastic, model, &generation.name).await?;
    alone.commit().await?;
    notice_restored(db, elastic, model, &generation.name).await
}

/// Two workers may each have made a first generation, because one lost its lock meanwhile: then everything would be found
/// twice. The one that is known stays, and otherwise the newest.
async fn only_one(
    elastic: &Elastic,
    model: &ReadModel,
    newest: Generation,
    known: &[Registered],
) -> Result<Generation> {
    let names = behind(elastic, &elastic.alias(model.index)).await?;
    if names.len() < 2 {
        return Ok(newest);
    }
    let live = known.iter().find(|known| known.state == "live" && names.contains(&known.generation));
    let kept = match live {
        Some(live) => identified(elastic, live.generation.clone()).await?.unwrap_or(newest),
        None => newest,
    };
    tracing::warn!(index = kept.name, ?names, "more than one generation is searched: leaving one");
    swap(elastic, model, &kept.name).await?;
    let is_known = |name: &String| known.iter().any(|known| known.generation == *name);
    for name in names.iter().filter(|name| **name != kept.name && !is_known(name)) {
        elastic.delete(name).await?;
    }
    Ok(kept)
}

/// A generation of an earlier console has no alias to be written by.
async fn make_writable(elastic: &Elastic, generation: &str) -> Result<()> {
    let alias = write_alias(generation);
    if behind(elastic, &alias).await?.is_empty() {
        elastic.put(&format!("{generation}/_alias/{alias}"), &json!({})).await?;
    }
    Ok(())
}

/// Lets documents have the fields in a generation of an earlier console that were added since. Those that are there get them when
/// they are sent again.
async fn add_fields(elastic: &Elastic, model: &ReadModel, generation: &str) -> Result<()> {
    let fields = json!({"properties": (model.mapping)()["properties"]});
    match elastic.put(&format!("{generation}/_mapping"), &fields).await {
        Ok(_) => Ok(()),
        Err(Failure::Refused { status: 400, reason }) => {
            tracing::warn!(index = generation, reason, "it can't hold what documents have now: rebuild it");
            Ok(())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Lets documents have a digest in a generation of an earlier console. Those that are there get one when they are sent again;
/// until then, and wherever Elasticsearch refuses it, their ranges are compared hash by hash.
pub(super) async fn add_digest(elastic: &Elastic, generation: &str) -> Result<()> {
    let fields = json!({"properties": {"row_hash": read_models::row_hash()}});
    match elastic.put(&format!("{generation}/_mapping"), &fields).await {
        Ok(_) => Ok(()),
        Err(Failure::Refused { status: 400, reason }) => {
            tracing::warn!(index = generation, reason, "its documents have no digests: checks take longer");
            Ok(())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Finds out whether an index holds versions from the future of this database, and writes it down.
async fn notice_restored(db: &PgPool, elastic: &Elastic, model: &ReadModel, generation: &str) -> Result<()> {
    let body = json!({
        "size": LAST_WRITTEN, "version": true, "_source": false, "track_total_hits": false,
        "sort": [{"_seq_no": "desc"}],
    });
    elastic.refresh(generation).await?;
    let found: Value = elastic.post(&format!("{generation}/_search"), &body).await?;
    let hits = found["hits"]["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
    let highest = hits.iter().filter_map(|hit| hit["_version"].as_i64()).max().unwrap_or(0);
    judge_version(db, model, generation, highest).await
}

/// # Errors
/// Those of PostgreSQL.
pub(super) async fn judge_version(db: &PgPool, model: &ReadModel, generation: &str, highest: i64) -> Result<()> {
    if highest <= register::newest_version(db).await? {
        return Ok(());
    }
    tracing::warn!(index = generation, version = highest, "{RESTORED}");
    register::note(db, model.name, generation, Some(RESTORED)).await?;
    Ok(())
}

async fn create_first(elastic: &Elastic, model: &ReadModel) -> Result<Generation> {
    let alias = elastic.alias(model.index);
    let name = create(elastic, model, true).await?;
    current(elastic, model).await?.ok_or_else(|| {
        Error::Invalid(format!(
            "Elasticsearch has no alias {alias} although {name} was made for it. Look for an index that stands in its way."
        ))
    })
}

/// Makes the next generation, behind the alias at once if it is the `first`; its name.
pub(super) async fn create(elastic: &Elastic, model: &ReadModel, first: bool) -> Result<String> {
    let alias = elastic.alias(model.index);
    let pattern = format!("{alias}_v*,{alias}-g*/_alias");
    let taken = elastic.find::<BTreeMap<String, Value>>(&pattern).await?.unwrap_or_default();
    let next = taken.keys().map(|name| number(name, &alias)).max().unwrap_or(0) + 1;
    let name = format!("{alias}-g{next}");
    let mut settings = elastic.spread();
    // Each refresh makes a segment, with a graph of its vectors, that is merged and made again later.
    if !first {
        settings["refresh_interval"] = json!("-1");
    }
    // A deletion is remembered for longer than the longest retry of what came before it.
    settings["gc_deletes"] = json!("1h");
    let mut aliases = json!({write_alias(&name): {}});
    if first {
        aliases[&alias] = json!({});
    }
    let body = json!({"aliases": aliases, "settings": {"index": settings}, "mappings": (model.mapping)()});
    match elastic.put(&name, &body).await {
        Ok(_) => tracing::info!(index = name, "created"),
        // Another worker was quicker.
        Err(Failure::Refused { status: 400, reason }) if first && reason.contains("resource_already_exists") => {}
        Err(failure) => return Err(failure.into()),
    }
    Ok(name)
}

/// Lets what is written be found soon: nobody searched it while it was being filled. As Elasticsearch has it by itself, every
/// second while somebody searches, and at the first search after a quiet time.
pub(super) async fn refresh_often(elastic: &Elastic, generation: &str) -> Result<(), Failure> {
    elastic.put(&format!("{generation}/_settings"), &json!({"index": {"refresh_interval": null}})).await?;
    Ok(())
}

/// Puts a generation behind the alias in place of all others, in one step: no search finds none, or two.
pub(super) async fn swap(elastic: &Elastic, model: &ReadModel, generation: &str) -> Result<(), Failure> {
    let alias = elastic.alias(model.index);
    let mut actions: Vec<Value> = behind(elastic, &alias)
        .await?
        .into_iter()
        .filter(|name| name != generation)
        .map(|name| json!({"remove": {"index": name, "alias": alias}}))
        .collect();
    actions.push(json!({"add": {"index": generation, "alias": alias}}));
    elastic.post::<Value>("_aliases", &json!({"actions": actions})).await?;
    Ok(())
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
             insert into console.index_queue as queue (index_name, document_id, lane)
             select '{name}', {id}::text, 1 from chunk order by {id}::text
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

/// 3 of `media_search-g3`, and of `media_search_v3` as they were called before
fn number(name: &str, alias: &str) -> u32 {
    let rest = name.strip_prefix(alias).unwrap_or_default();
    let digits = rest.strip_prefix("-g").or_else(|| rest.strip_prefix("_v"));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn generations_are_numbered() {
        assert_eq!(number("media_search-g12", "media_search"), 12);
        assert_eq!(number("media_search_v3", "media_search"), 3);
        assert_eq!(number("media_search", "media_search"), 0);
        assert_eq!(number("media_search_verbose", "media_search"), 0);
    }
}
