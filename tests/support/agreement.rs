//! Core tables, read models and indices beside each other, without anything of the product that compares them.

use std::collections::BTreeMap;

use kaleidoscope_console::read_models;
use sqlx::{AssertSqlSafe, PgPool, query_as, query_scalar};

use crate::{differences::differences, node::Node};

/// Rows are what their views say; documents are those of the rows, by id and content, each once, and in no version that the
/// database never gave. Nobody may be writing meanwhile.
pub(crate) async fn agree(db: &PgPool, node: &Node) {
    assert_eq!(differences(db).await, [""; 0]);
    let newest: i64 = query_scalar("select last_value from console.version").fetch_one(db).await.expect("a version");
    for model in read_models::ALL {
        let (name, index, id) = (model.name, model.index, model.identity.0);
        let hashes = format!(
            "select {id}::text, ('x' || left(hash, 8))::bit(32)::bigint || '.'
                    || lpad(('x' || substr(hash, 9, 15))::bit(60)::bigint::text, 19, '0')
               from console.{name}_document
              cross join lateral (select encode(sha256(convert_to(row, 'UTF8')), 'hex')) as hashed (hash)"
        );
        let rows: Vec<(String, String)> = query_as(AssertSqlSafe(hashes)).fetch_all(db).await.expect("hashes");
        let rows: BTreeMap<String, String> = rows.into_iter().collect();
        let found = node.documents(index).await;
        let documents: BTreeMap<String, String> =
            found.iter().map(|document| (document.id.clone(), document.row_hash.clone())).collect();
        assert_eq!(documents.len(), found.len(), "{index} has a document twice");
        let differing: Vec<&String> =
            rows.keys().chain(documents.keys()).filter(|id| rows.get(*id) != documents.get(*id)).collect();
        assert!(
            differing.is_empty(),
            "{index}: {} rows, {} documents, differing {differing:?}",
            rows.len(),
            documents.len()
        );
        let ahead: Vec<_> = found.iter().filter(|document| document.version > newest).collect();
        assert!(ahead.is_empty(), "{index}: no version was given after {newest}, but {ahead:?}");
    }
}

/// The newest version that the queue gave to each document since this was begun.
#[derive(Debug)]
pub(crate) struct Given;

impl Given {
    /// From now on each version is written down as the queue gives it.
    pub(crate) async fn since_now(db: &PgPool) -> Self {
        sqlx::raw_sql(
            "create table public.given_version (
                 index_name text, document_id text, version bigint not null, primary key (index_name, document_id)
             );
             create function public.give_version() returns trigger
             language plpgsql security definer set search_path = pg_catalog, pg_temp
             as $$
             begin
                 insert into public.given_version as given values (new.index_name, new.document_id, new.version)
                     on conflict (index_name, document_id) do update
                    set version = greatest(given.version, excluded.version);
                 return null;
             end
             $$;
             create trigger test_given after insert or update of version on console.index_queue
                 for each row execute function public.give_version();",
        )
        .execute(db)
        .await
        .expect("a trigger of the test");
        Self
    }

    /// [`agree`], and every document, in Elasticsearch and in PostgreSQL, is in the version that its newest state was given. A
    /// new generation is filled in versions of its own: there it may be a newer one.
    pub(crate) async fn agree(&self, db: &PgPool, node: &Node) {
        agree(db, node).await;
        let generations_made: bool =
            query_scalar("select exists (select from console.job where kind in ('rebuild', 'rollback'))")
                .fetch_one(db)
                .await
                .expect("jobs");
        for model in read_models::ALL {
            let given = given(db, model.name).await;
            for document in node.documents(model.index).await {
                let Some(given) = given.get(&document.id) else { continue };
                let is_right = if generations_made { document.version >= *given } else { document.version == *given };
                assert!(is_right, "{}: version {given} was given, but it is {document:?}", model.index);
            }
        }
        for (name, id) in [("media_search_text", "media_id"), ("person_text", "user_id")] {
            let given = given(db, name).await;
            let texts = format!("select {id}::text, version from console.{name}");
            let texts: Vec<(String, i64)> = query_as(AssertSqlSafe(texts)).fetch_all(db).await.expect("words");
            for (id, version) in texts {
                assert!(given.get(&id).is_none_or(|given| *given == version), "{name} {id}: {given:?}, {version}");
            }
        }
    }
}

async fn given(db: &PgPool, name: &str) -> BTreeMap<String, i64> {
    let given: Vec<(String, i64)> =
        query_as("select document_id, version from public.given_version where index_name = $1")
            .bind(name)
            .fetch_all(db)
            .await
            .expect("versions");
    given.into_iter().collect()
}
