//! How much of each kind matches, and how much of that is new.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgPool;

use super::{
    super::{
        Engine, Tab, Wish, answer::Answer, dsl, language, meaning::Condition, meant, queries as media, sees_unsafe,
    },
    Kind, SearchCounts, face_examples, hidden, index, part_of, queries,
};
use crate::{
    access::{Operator, Right},
    db::Cancellable,
    elastic::{Elastic, Failure},
    error::{Error, Result},
    read_models,
};

/// Of those that are like examples, as far as the nearest go.
const NEAREST: u32 = 1_000;

/// How much of each kind matches, by one request where Elasticsearch answers.
///
/// # Errors
/// `Forbidden` without the right to search, `Invalid` for a text that is no query.
pub async fn counts(db: &PgPool, elastic: Option<&Elastic>, by: &Operator, text: &str) -> Result<SearchCounts> {
    by.may(Right::Search)?;
    let parsed = language::parse(text).map_err(|error| Error::Invalid(error.to_string()))?;
    let (condition, _) = meant(db, by, &parsed).await?;
    if condition.is_none() && parsed.expression.is_some() && parsed.similarity().is_none() {
        return Ok(SearchCounts { engine: Engine::PostgreSql, ..SearchCounts::of([0; 4]) });
    }
    if let Some(elastic) = elastic
        && let Some(counts) = federated(db, elastic, by, condition.as_ref()).await?
    {
        return Ok(counts);
    }
    counts_of_rows(db, condition.as_ref()).await
}

async fn counts_of_rows(db: &PgPool, condition: Option<&Condition>) -> Result<SearchCounts> {
    let mut own = Cancellable::acquire(db).await?;
    let media = media::count(&mut *own, condition).await?;
    let mut totals = [0; 3];
    for (kind, total) in [Kind::Posts, Kind::People, Kind::Faces].into_iter().zip(&mut totals) {
        let (part, _) = part_of(db, kind, condition, Engine::PostgreSql).await?;
        *total = queries::count(&mut *own, kind, part.as_ref()).await?;
    }
    own.release();
    let [posts, people, faces] = totals;
    Ok(SearchCounts { engine: Engine::PostgreSql, ..SearchCounts::of([media, posts, people, faces]) })
}

/// `None` where Elasticsearch does not answer, or lacks what is asked for.
async fn federated(
    db: &PgPool,
    elastic: &Elastic,
    by: &Operator,
    condition: Option<&Condition>,
) -> Result<Option<SearchCounts>> {
    let of_media = match condition {
        Some(condition) => match media::for_index(db, condition).await? {
            Some(known) => Some(known),
            None => return Ok(None),
        },
        None => None,
    };
    let query = dsl::query(of_media.as_ref(), sees_unsafe(by));
    let mut searches = vec![(
        read_models::media_search::MODEL.index,
        json!({"query": query, "size": 0, "track_total_hits": true, "timeout": "4s"}),
    )];
    for kind in [Kind::Posts, Kind::People, Kind::Faces] {
        let Some(hidden) = hidden(db, by, kind).await? else { return Ok(None) };
        let (part, _) = part_of(db, kind, condition, Engine::Elasticsearch).await?;
        let mut body = index::body(kind, part.as_ref(), &hidden);
        body["size"] = json!(0);
        searches.push((kind.model().index, body));
    }
    let answers = match elastic.search_each::<Answer>(&searches).await {
        Ok(answers) => answers,
        Err(failure) => {
            tracing::debug!(%failure, "PostgreSQL counts instead");
            return Ok(None);
        }
    };
    let Ok(answers) = answers.into_iter().collect::<Result<Vec<Answer>, Failure>>() else { return Ok(None) };
    let totals = <[i64; 4]>::try_from(answers.iter().map(Answer::total).collect::<Vec<_>>());
    let is_estimate = answers.iter().any(Answer::is_partial);
    Ok(totals.ok().map(|totals| SearchCounts { is_estimate, ..SearchCounts::of(totals) }))
}

/// How many rows of a kind a search finds that nobody could find before a time, up to `at_most`: because they are newer, or a photo
/// of theirs was found since.
pub(in crate::search) async fn count_new(
    db: &PgPool,
    wish: &Wish,
    condition: Option<&Condition>,
    similarity: Option<f64>,
    since: DateTime<Utc>,
    at_most: i32,
) -> Result<i64> {
    let kind = match wish.tab {
        Tab::Posts => Kind::Posts,
        Tab::People => Kind::People,
        Tab::Faces => Kind::Faces,
        Tab::Media => return Ok(0),
    };
    let (part, _) = part_of(db, kind, condition, Engine::PostgreSql).await?;
    let (more, less) = if kind == Kind::Faces { face_examples(&wish.like)? } else { (Vec::new(), Vec::new()) };
    let near = if more.is_empty() && less.is_empty() {
        None
    } else {
        let near = queries::nearest_faces(db, &more, &less, similarity, part.as_ref(), NEAREST).await?;
        Some(near.faces.iter().map(|(face, _)| *face).collect::<Vec<_>>())
    };
    queries::count_new(db, kind, part.as_ref(), near.as_deref(), since, at_most).await
}
