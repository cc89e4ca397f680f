//! Finding media: words in, hits out, from Elasticsearch or from PostgreSQL.
//!
//! Either engine only says which media match, in which order. What is shown of them is read from PostgreSQL, through the
//! view that knows what this operator may see: an index that lags behind shows nobody too much.

#[cfg(feature = "desktop")]
pub mod commands;
pub mod correct;
mod cursor;
mod dsl;
pub mod export;
pub mod post;
mod queries;
pub mod saved;

use std::time::Instant;

use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

use self::cursor::Cursor;
use crate::{
    access::{Operator, Right, Role},
    db::{MediaId, PostId},
    elastic::{Elastic, Failure},
    error::{Error, Result},
    read_models::fold,
};

/// More are no search, and engines bound the clauses of a query.
const MOST_WORDS: usize = 64;
const MOST_HITS: u32 = 200;

#[derive(Debug, Clone, Default, PartialEq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchQuery {
    /// Words, all of which a medium must have somewhere. None: the newest media.
    pub text: String,
    /// `next` of the results before
    pub after: Option<String>,
    /// 1 to 200
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchResults {
    pub engine: Engine,
    /// What is weaker about this answer, and why.
    pub notice: Option<String>,
    /// How many media match, on all pages together.
    #[specta(type = i32)]
    pub total: i64,
    #[specta(type = i32)]
    pub took_ms: u64,
    pub hits: Vec<Hit>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    Elasticsearch,
    #[serde(rename = "postgresql")]
    PostgreSql,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    pub media_id: MediaId,
    pub post_id: PostId,
    pub title: Option<String>,
    pub caption: Option<String>,
    pub tags: Vec<String>,
    /// Usernames of who was identified on it
    pub people: Vec<String>,
    /// A username
    pub uploader: String,
    pub created_at: String,
}

/// What an engine found: one page of media in order.
#[derive(Debug)]
struct Found {
    media: Vec<i64>,
    total: i64,
    next: Option<Cursor>,
    notice: Option<String>,
}

/// What is asked of an engine.
#[derive(Debug)]
struct Asked {
    /// Folded
    words: Vec<String>,
    sees_unsafe: bool,
    limit: u32,
}

/// One page of what matches.
///
/// # Errors
/// `Forbidden` without the right to search, `Invalid` for too many words or a page that can't be continued.
pub async fn search(
    db: &PgPool,
    elastic: Option<&Elastic>,
    by: &Operator,
    query: &SearchQuery,
) -> Result<SearchResults> {
    by.may(Right::Search)?;
    let began = Instant::now();
    let asked = asked(by, query)?;
    let after = query.after.as_deref().map(Cursor::parse).transpose()?;
    let (engine, found) = if asked.words.is_empty() && !query.text.trim().is_empty() {
        (Engine::PostgreSql, nothing_to_search_for())
    } else {
        find(db, elastic, &asked, after).await?
    };
    let hits = queries::hits(db, &found.media).await?;
    Ok(SearchResults {
        engine,
        notice: found.notice,
        total: found.total,
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        hits,
        next: found.next.map(|cursor| cursor.to_string()),
    })
}

fn asked(by: &Operator, query: &SearchQuery) -> Result<Asked> {
    let words = fold::words(&query.text);
    if words.len() > MOST_WORDS {
        return Err(Error::Invalid(format!(
            "That are {} words; at most {MOST_WORDS} can be searched for at once. Leave some out.",
            words.len()
        )));
    }
    Ok(Asked { words, sees_unsafe: by.role >= Role::Admin, limit: query.limit.clamp(1, MOST_HITS) })
}

/// Asks Elasticsearch, and PostgreSQL where that fails or is not there; a list goes on where it began.
async fn find(db: &PgPool, elastic: Option<&Elastic>, asked: &Asked, after: Option<Cursor>) -> Result<(Engine, Found)> {
    // In step with the words: who has each in a name.
    let people = queries::people_named(db, &asked.words).await?;
    let began_in_postgresql = matches!(after, Some(Cursor::PostgreSql { .. }));
    let why = match elastic {
        Some(elastic) if !began_in_postgresql => match dsl::find(elastic, asked, &people, after.as_ref()).await {
            Ok(found) => return Ok((Engine::Elasticsearch, found)),
            Err(failure) if after.is_some() => return Err(discontinued(failure)),
            Err(failure) => failure.to_string(),
        },
        Some(_) => "This list began without Elasticsearch.".to_owned(),
        None => "Elasticsearch is not configured.".to_owned(),
    };
    let mut found = queries::find(db, asked, after.as_ref()).await?;
    let sentence = if asked.words.is_empty() { "" } else { " The newest come first, not the best." };
    found.notice = Some(format!("{why} PostgreSQL answered instead.{sentence}"));
    Ok((Engine::PostgreSql, found))
}

fn discontinued(failure: Failure) -> Error {
    Error::unavailable(format!("{failure} The list can't be continued: search again."), failure)
}

/// Only what is no word was typed.
fn nothing_to_search_for() -> Found {
    let notice = "There is no letter, digit or emoji in this, and nothing else can be searched for.".to_owned();
    Found { media: Vec::new(), total: 0, next: None, notice: Some(notice) }
}
