//! Saved searches in the database.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{PgConnection, PgPool, query, query_scalar, types::Json};

use crate::{
    error::{Error, Result},
    search::{Like, Sort, Tab, Wish, meaning::Condition},
};

pub(super) struct SavedRow {
    pub(super) saved_search_id: i64,
    pub(super) name: String,
    pub(super) wish: Wish,
    pub(super) is_shared: bool,
    pub(super) is_mine: bool,
    pub(super) owner: String,
    pub(super) seen_at: DateTime<Utc>,
}

pub(super) async fn saved(db: &PgPool) -> Result<Vec<SavedRow>> {
    let rows = query!(
        r#"
        select saved_search_id as "saved_search_id!",
               name            as "name!",
               text            as "text!",
               is_shared       as "is_shared!",
               is_mine         as "is_mine!",
               owner           as "owner!",
               seen_at         as "seen_at!",
               tab             as "tab!",
               sort            as "sort!",
               examples        as "like!: Json<Like>"
          from console.saved_searches
         order by is_mine desc, lower(name), saved_search_id
         limit 500
        "#
    )
    .fetch_all(db)
    .await?;
    let saved = rows.into_iter().map(|row| SavedRow {
        saved_search_id: row.saved_search_id,
        name: row.name,
        wish: Wish {
            text: row.text,
            tab: Tab::of(&row.tab).unwrap_or_default(),
            sort: Sort::of(&row.sort).unwrap_or_default(),
            like: row.like.0,
        },
        is_shared: row.is_shared,
        is_mine: row.is_mine,
        owner: row.owner,
        seen_at: row.seen_at,
    });
    Ok(saved.collect())
}

pub(super) async fn save(db: &mut PgConnection, name: &str, wish: &Wish, is_shared: bool) -> Result<i64> {
    let saved = query_scalar!(
        r#"select console.save_search($1, $2, $3, $4, $5, $6) as "id!""#,
        name,
        wish.text,
        is_shared,
        wish.tab.name(),
        wish.sort.name(),
        json!(wish.like)
    );
    saved.fetch_one(db).await.map_err(|error| in_words(error, name))
}

/// False where it is not the operator's own.
pub(super) async fn change(
    db: &mut PgConnection,
    id: i64,
    name: Option<&str>,
    text: Option<&str>,
    is_shared: Option<bool>,
) -> Result<bool> {
    query_scalar!(r#"select console.change_search($1, $2, $3, $4) as "done!""#, id, name, text, is_shared)
        .fetch_one(db)
        .await
        .map_err(|error| in_words(error, name.unwrap_or_default()))
}

/// False where it is not the operator's own.
pub(super) async fn delete(db: &mut PgConnection, id: i64) -> Result<bool> {
    Ok(query_scalar!(r#"select console.forget_search($1) as "done!""#, id).fetch_one(db).await?)
}

/// False where the operator has no such search.
pub(super) async fn seen(db: &mut PgConnection, id: i64) -> Result<bool> {
    Ok(query_scalar!(r#"select console.see_search($1) as "done!""#, id).fetch_one(db).await?)
}

pub(super) async fn exists(db: &mut PgConnection, id: i64) -> Result<bool> {
    Ok(query_scalar!(
        r#"select exists (select from console.saved_searches where saved_search_id = $1) as "exists!""#,
        id
    )
    .fetch_one(db)
    .await?)
}

/// How many media that were found since then match; more than `at_most` are as many.
pub(super) async fn count_new(
    db: &PgPool,
    condition: Option<&Condition>,
    since: DateTime<Utc>,
    at_most: i32,
) -> Result<i64> {
    let counted =
        query_scalar!(r#"select console.media_new($1, $2, $3) as "count!""#, json!(condition), since, at_most);
    Ok(counted.fetch_one(db).await?)
}

/// How many of these could be found since then.
pub(super) async fn count_new_of(db: &PgPool, media: &[i64], since: DateTime<Utc>) -> Result<i64> {
    let counted = query_scalar!(r#"select console.media_new_of($1, $2) as "count!""#, media, since);
    Ok(counted.fetch_one(db).await?)
}

fn in_words(error: sqlx::Error, name: &str) -> Error {
    const LIMIT_EXCEEDED: &str = "54000";
    let database = error.as_database_error();
    if database.is_some_and(|refused| refused.constraint() == Some("saved_search_name")) {
        return Error::Conflict(format!("You have a saved search named {name} already. Choose another name."));
    }
    if database.and_then(sqlx::error::DatabaseError::code).as_deref() == Some(LIMIT_EXCEEDED) {
        return Error::Invalid("You have 200 saved searches. Delete one first.".into());
    }
    error.into()
}
