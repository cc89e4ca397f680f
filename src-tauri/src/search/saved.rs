//! Searches that somebody keeps, and how many of their hits are new.

#[cfg(feature = "desktop")]
pub mod commands;
mod queries;

use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::{PgConnection, PgPool};

use crate::{
    access::{Operator, Right},
    error::{Error, Result},
    search::{Asked, Like, MOST_EXAMPLES, Sort, Tab, Wish, asked, language, others},
};

/// The table holds the same.
const LONGEST_NAME: usize = 80;
const LONGEST_TEXT: usize = 2_000;
/// Of new hits; a badge has no room for more.
pub const MOST_NEW: i32 = 1_000;

/// A search that was saved, as one operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SavedSearch {
    #[specta(type = i32)]
    pub saved_search_id: i64,
    pub name: String,
    /// The query
    pub text: String,
    pub tab: Tab,
    pub sort: Sort,
    pub like: Like,
    /// Everybody sees it; only its owner changes it.
    pub is_shared: bool,
    pub is_mine: bool,
    /// A login
    pub owner: String,
    /// What matches and could not be found when this operator last looked
    #[specta(type = i32)]
    pub new_hits: i64,
}

/// What to change of a saved search; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedChange {
    pub name: Option<String>,
    pub text: Option<String>,
    pub is_shared: Option<bool>,
}

/// One's own and those that others share, by name.
pub async fn saved(db: &PgPool, by: &Operator) -> Result<Vec<SavedSearch>> {
    by.may(Right::Search)?;
    let mut searches = Vec::new();
    for row in queries::saved(db).await? {
        searches.push(with_new_hits(db, by, row).await);
    }
    Ok(searches)
}

/// # Errors
/// `Invalid` for a name, text or examples of no use, `Conflict` where the operator has one of this name.
pub async fn save(
    db: &mut PgConnection,
    by: &Operator,
    name: &str,
    wish: &Wish,
    is_shared: bool,
) -> Result<SavedSearch> {
    by.may(Right::Search)?;
    let name = usable_name(name)?;
    check_text(&wish.text)?;
    if wish.like.more.len().max(wish.like.less.len()) > MOST_EXAMPLES {
        return Err(Error::Invalid(format!("At most {MOST_EXAMPLES} examples can be kept. Leave some out.")));
    }
    let saved_search_id = queries::save(db, name, wish, is_shared).await?;
    let Wish { text, tab, sort, like } = wish.clone();
    Ok(SavedSearch {
        saved_search_id,
        name: name.into(),
        text,
        tab,
        sort,
        like,
        is_shared,
        is_mine: true,
        owner: by.username.clone(),
        new_hits: 0,
    })
}

/// # Errors
/// As [`save`]; `Forbidden` for what somebody else saved, `NotFound` for what is gone.
pub async fn change(db: &mut PgConnection, by: &Operator, id: i64, change: &SavedChange) -> Result<()> {
    by.may(Right::Search)?;
    let name = change.name.as_deref().map(usable_name).transpose()?;
    change.text.as_deref().map(check_text).transpose()?;
    let done = queries::change(db, id, name, change.text.as_deref(), change.is_shared).await?;
    if done { Ok(()) } else { Err(not_own(db, id).await?) }
}

/// # Errors
/// `Forbidden` for what somebody else saved, `NotFound` for what is gone.
pub async fn delete(db: &mut PgConnection, by: &Operator, id: i64) -> Result<()> {
    by.may(Right::Search)?;
    if queries::delete(db, id).await? { Ok(()) } else { Err(not_own(db, id).await?) }
}

/// The operator looked at its hits: none is new to them any more.
///
/// # Errors
/// `NotFound` for what is gone.
pub async fn seen(db: &mut PgConnection, by: &Operator, id: i64) -> Result<()> {
    by.may(Right::Search)?;
    if queries::seen(db, id).await? { Ok(()) } else { Err(gone()) }
}

/// How many hits a search has that could not be found before a time, up to [`MOST_NEW`]. PostgreSQL counts them: a badge shall not
/// depend on whether the index is there.
///
/// # Errors
/// `Invalid` for a text that is no query.
pub async fn count_new(db: &PgPool, by: &Operator, wish: &Wish, since: DateTime<Utc>) -> Result<i64> {
    by.may(Right::Search)?;
    let parsed = language::parse(&wish.text).map_err(|error| Error::Invalid(error.to_string()))?;
    let wanted = asked(db, by, &parsed, &wish.query(1)).await?;
    if wanted.is_hollow && (wish.tab != Tab::Media || wanted.like.is_empty()) {
        return Ok(0);
    }
    match wish.tab {
        Tab::Media if wanted.like.is_empty() => {
            queries::count_new(db, wanted.condition.as_ref(), since, MOST_NEW).await
        }
        Tab::Media => {
            let all = Asked { limit: u32::MAX, ..wanted };
            let media = crate::search::queries::nearest(db, &all).await?.media;
            queries::count_new_of(db, &media, since).await
        }
        _ => others::count_new(db, wish, wanted.condition.as_ref(), wanted.similarity, since, MOST_NEW).await,
    }
}

/// A query that can't be read any more has no hits, and one that takes too long no badge; nobody should lose the whole list over it.
async fn with_new_hits(db: &PgPool, by: &Operator, row: queries::SavedRow) -> SavedSearch {
    let new_hits = match count_new(db, by, &row.wish, row.seen_at).await {
        Ok(counted) => counted,
        Err(Error::Invalid(_)) => 0,
        Err(error) => {
            tracing::warn!(%error, saved_search_id = row.saved_search_id, "new hits are not counted");
            0
        }
    };
    SavedSearch {
        saved_search_id: row.saved_search_id,
        name: row.name,
        text: row.wish.text,
        tab: row.wish.tab,
        sort: row.wish.sort,
        like: row.wish.like,
        is_shared: row.is_shared,
        is_mine: row.is_mine,
        owner: row.owner,
        new_hits,
    }
}

fn usable_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::Invalid("The search needs a name. Type one.".into()));
    }
    if name.chars().count() > LONGEST_NAME || name.contains('\0') {
        return Err(Error::Invalid(format!("The name is longer than {LONGEST_NAME} characters. Shorten it.")));
    }
    Ok(name)
}

fn check_text(text: &str) -> Result<()> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(Error::Invalid(format!("The search is longer than {LONGEST_TEXT} characters. Shorten it.")));
    }
    if text.contains('\0') {
        return Err(Error::Invalid("The search has a character that can't be kept (U+0000). Take it out.".into()));
    }
    Ok(())
}

async fn not_own(db: &mut PgConnection, id: i64) -> Result<Error> {
    Ok(if queries::exists(db, id).await? { Error::Forbidden("change what somebody else saved") } else { gone() })
}

fn gone() -> Error {
    Error::NotFound("This saved search".into())
}
