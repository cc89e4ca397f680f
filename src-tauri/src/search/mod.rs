//! Finding media: a query in, hits out, from Elasticsearch or from PostgreSQL.
//!
//! Either engine only says which media match, in which order. What is shown of them is read from PostgreSQL, through the
//! view that knows what this operator may see: an index that lags behind shows nobody too much.

mod answer;
#[cfg(feature = "desktop")]
pub mod commands;
pub mod correct;
mod cursor;
pub mod dsl;
pub mod export;
mod facets;
mod fusion;
mod histogram;
mod hit;
mod index;
mod known;
pub mod language;
pub mod meaning;
pub mod others;
pub mod post;
mod queries;
mod requests;
pub mod saved;
mod state;
mod suggest;
mod why;
mod wish;

use std::{collections::HashMap, time::Instant};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use self::{
    cursor::Cursor,
    language::{Query, SyntaxError},
    meaning::{Condition, Known, Unknown},
};
pub use self::{
    facets::{Facet, FacetValue, Facets, facet_values, facets},
    histogram::Bar,
    hit::{Engine, Hit, Matched, Part, SearchResults, SyntaxProblem, Why},
    known::{KnownPeople, KnownPerson, who_is},
    requests::Requests,
    state::{IndexState, index_state},
    suggest::{Suggestion, SuggestionKind, Suggestions, suggest},
    wish::{Example, Like, SearchQuery, Sort, Tab, Wish},
};
use crate::{
    access::{Operator, Right, Role},
    elastic::{Elastic, Failure},
    error::{Error, Result},
};

const MOST_HITS: u32 = 200;
/// Of more like these, and of less like those
const MOST_EXAMPLES: usize = 10;
/// What each arm gives of a list that is fused.
const WINDOW: usize = 500;
/// Of the hits by words: what looks like these is looked for.
const BEST: usize = 10;
/// What looks like the best by words
const NEIGHBOURS: usize = 100;

/// Of a hit in each arm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Ranks {
    text: Option<u32>,
    vector: Option<u32>,
    similarity: Option<f64>,
}

/// How many media match on all pages together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Total {
    media: i64,
    /// Nobody counted them.
    is_estimate: bool,
}

impl Total {
    fn counted(media: i64) -> Self {
        Self { media, is_estimate: false }
    }
}

/// What an engine found: one page of media in order.
#[derive(Debug, Default)]
struct Found {
    media: Vec<i64>,
    ranks: HashMap<i64, Ranks>,
    total: Total,
    next: Option<Cursor>,
    notice: Option<String>,
    elastic_ms: u64,
    /// PostgreSQL found it because Elasticsearch failed.
    stands_in: bool,
}

/// What is asked of an engine.
#[derive(Debug)]
struct Asked {
    condition: Option<Condition>,
    /// Something was typed, and folding leaves nothing of it.
    is_hollow: bool,
    sees_unsafe: bool,
    sort: Sort,
    like: Like,
    similarity: Option<f64>,
    limit: u32,
    /// What is left out of what was asked
    notice: Option<String>,
}

impl Asked {
    /// What is best is decided by words, and by the look of what has them.
    fn is_hybrid(&self) -> bool {
        let is_ranked = self.condition.as_ref().is_some_and(Condition::is_ranked);
        is_ranked && self.sort == Sort::Relevance && self.like.is_empty()
    }
}

/// One page of what matches.
///
/// # Errors
/// `Forbidden` without the right to search, `Invalid` for too many examples or a page that can't be continued.
pub async fn search(
    db: &PgPool,
    elastic: Option<&Elastic>,
    by: &Operator,
    query: &SearchQuery,
) -> Result<SearchResults> {
    by.may(Right::Search)?;
    let began = Instant::now();
    let parsed = match language::parse(&query.text) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(unreadable(error, began)),
    };
    let after = query.after.as_deref().map(Cursor::parse).transpose()?;
    let asked = asked(db, by, &parsed, query).await?;
    let (engine, found) = if asked.is_hollow && asked.like.is_empty() {
        (Engine::PostgreSql, nothing_to_search_for())
    } else {
        find(db, elastic, &asked, after).await?
    };
    let mut hits = queries::hits(db, &found.media).await?;
    let marks = why::marks(&parsed);
    let mut unexplained = Vec::new();
    for hit in &mut hits {
        let ranks = found.ranks.get(&hit.media_id.0).copied().unwrap_or_default();
        if why::explain(hit, &marks, ranks, engine) {
            unexplained.push(hit.media_id.0);
        }
    }
    let backgrounds = queries::backgrounds(db, &unexplained).await?;
    for hit in &mut hits {
        if let Some(background) = backgrounds.get(&hit.media_id.0) {
            why::explain_further(hit, &marks, background, engine);
        }
    }
    Ok(SearchResults {
        engine,
        notice: joined([found.notice, asked.notice]),
        total: found.total.media,
        is_estimate: found.total.is_estimate,
        took_ms: milliseconds(began),
        elastic_ms: found.elastic_ms,
        is_stand_in: found.stands_in,
        hits,
        next: found.next.map(|cursor| cursor.to_string()),
        problem: None,
    })
}

fn unreadable(error: SyntaxError, began: Instant) -> SearchResults {
    SearchResults {
        engine: Engine::PostgreSql,
        notice: None,
        total: 0,
        is_estimate: false,
        took_ms: milliseconds(began),
        elastic_ms: 0,
        is_stand_in: false,
        hits: Vec::new(),
        next: None,
        problem: Some(error.into()),
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn joined(notices: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let notices: Vec<String> = notices.into_iter().flatten().collect();
    (!notices.is_empty()).then(|| notices.join(" "))
}

/// What a query means to both engines, and what of it can't be met.
///
/// # Errors
/// Those of PostgreSQL.
pub async fn meant(db: &PgPool, by: &Operator, query: &Query) -> Result<(Option<Condition>, Option<String>)> {
    let (known, notice) = known(db, by, query).await?;
    Ok((meaning::condition(query, &known), notice))
}

/// What the database knows of a query's names and events.
async fn known(db: &PgPool, by: &Operator, query: &Query) -> Result<(Known, Option<String>)> {
    let unknown = Unknown::of(query);
    let people = queries::people(db, unknown.people).await?;
    let is_cut = people.values().any(|people| people.len() >= queries::MOST_PEOPLE);
    let notice = is_cut.then(|| {
        format!("{} people or more have such a name: only the first of them are looked for.", queries::MOST_PEOPLE)
    });
    let known = Known {
        people,
        events: if unknown.events { queries::event_types(db).await? } else { Vec::new() },
        categories: if unknown.categories { queries::categories(db).await? } else { Vec::new() },
        me: by.user_id,
        now: Utc::now(),
    };
    Ok((known, notice))
}

/// Whether unsafe media are among what this operator finds.
fn sees_unsafe(by: &Operator) -> bool {
    by.role >= Role::Admin
}

async fn asked(db: &PgPool, by: &Operator, parsed: &Query, query: &SearchQuery) -> Result<Asked> {
    let Like { more, less } = &query.like;
    if more.len().max(less.len()) > MOST_EXAMPLES {
        return Err(Error::Invalid(format!("At most {MOST_EXAMPLES} examples can be compared with. Leave some out.")));
    }
    let (condition, cut) = meant(db, by, parsed).await?;
    let similarity = parsed.similarity();
    let is_hollow = is_hollow(parsed, condition.as_ref());
    let alone = (similarity.is_some() && query.like.is_empty())
        .then(|| "similarity: counts only for what is similar to an example.".to_owned());
    let faces = more.iter().chain(less).any(|example| matches!(example, Example::Face(_)));
    let faces = faces.then(|| "Photos can be similar to photos only: faces are compared among the faces.".to_owned());
    let is_sorted = !query.like.is_empty() && query.sort != Sort::Relevance;
    let sorted = is_sorted.then(|| "What is similar comes in the order of similarity only.".to_owned());
    Ok(Asked {
        condition,
        is_hollow,
        sees_unsafe: sees_unsafe(by),
        sort: query.sort,
        like: query.like.clone(),
        similarity,
        limit: query.limit.clamp(1, MOST_HITS),
        notice: joined([cut, alone, faces, sorted]),
    })
}

/// Asks Elasticsearch, and PostgreSQL where that fails, is not there, or lacks what is asked for; a list goes on where it began.
async fn find(db: &PgPool, elastic: Option<&Elastic>, asked: &Asked, after: Option<Cursor>) -> Result<(Engine, Found)> {
    let after = match after {
        Some(Cursor::Fused(list)) => {
            let engine = if list.in_elasticsearch { Engine::Elasticsearch } else { Engine::PostgreSql };
            return Ok((engine, fusion::page(list, asked.limit)));
        }
        other => other,
    };
    let condition = without(asked.condition.clone(), after.as_ref());
    let mut stands_in = false;
    let why = match elastic {
        // Why the list began so its first page says.
        _ if after.as_ref().is_some_and(|after| !after.is_of_elasticsearch()) => None,
        Some(elastic) => match in_words_of_the_index(db, condition.as_ref()).await? {
            Some(condition) => match find_in_index(elastic, asked, condition.as_ref(), after.as_ref()).await {
                Ok(found) => return Ok((Engine::Elasticsearch, found)),
                Err(failure) if after.is_some() => return Err(discontinued(failure)),
                Err(failure) => {
                    stands_in = true;
                    Some(failure.to_string())
                }
            },
            None => Some("Elasticsearch lacks what is asked for, and too many photos have it.".to_owned()),
        },
        None => Some("Elasticsearch is not configured.".to_owned()),
    };
    let found = match (&after, &condition) {
        (None, _) if !asked.like.is_empty() => queries::nearest(db, asked).await?,
        (None, Some(condition)) if asked.is_hybrid() => queries::best(db, asked, condition).await?,
        (Some(Cursor::PostgreSql { .. }) | None, condition) => {
            queries::page(db, asked, condition.as_ref(), after.as_ref()).await?
        }
        (Some(_), _) => return Err(cursor::cannot_continue()),
    };
    let weaker =
        why.and_then(|why| joined([Some(format!("{why} PostgreSQL answered instead.")), forgives_nothing(asked)]));
    let notice = joined([weaker, found.notice]);
    Ok((Engine::PostgreSql, Found { notice, stands_in, ..found }))
}

async fn find_in_index(
    elastic: &Elastic,
    asked: &Asked,
    condition: Option<&Condition>,
    after: Option<&Cursor>,
) -> Result<Found, Failure> {
    match after {
        None if !asked.like.is_empty() => index::nearest(elastic, asked, condition).await,
        None if asked.is_hybrid() => index::best(elastic, asked, condition).await,
        _ => index::page(elastic, asked, condition, after).await,
    }
}

/// The same without what the list showed before its turn.
fn without(condition: Option<Condition>, after: Option<&Cursor>) -> Option<Condition> {
    match after.map(Cursor::but) {
        Some(but) if !but.is_empty() => {
            let others = Condition::Not(Box::new(Condition::Media(but.to_vec())));
            Some(Condition::All(condition.into_iter().chain([others]).collect()))
        }
        _ => condition,
    }
}

/// The condition that Elasticsearch is asked; `None` where it can't be.
async fn in_words_of_the_index(db: &PgPool, condition: Option<&Condition>) -> Result<Option<Option<Condition>>> {
    match condition {
        None => Ok(Some(None)),
        Some(condition) => Ok(queries::for_index(db, condition).await?.map(Some)),
    }
}

fn forgives_nothing(asked: &Asked) -> Option<String> {
    let is_ranked = asked.condition.as_ref().is_some_and(Condition::is_ranked);
    is_ranked.then(|| "Words must be spelled as they are there.".to_owned())
}

/// Nothing of what was typed can be searched for.
fn is_hollow(query: &Query, condition: Option<&Condition>) -> bool {
    condition.is_none() && query.expression.is_some() && query.similarity().is_none()
}

fn discontinued(failure: Failure) -> Error {
    Error::unavailable(format!("{failure} The list can't be continued: search again."), failure)
}

fn no_vector() -> String {
    "None of the examples has a vector to compare with.".to_owned()
}

/// Only what is no word was typed.
fn nothing_to_search_for() -> Found {
    let notice = "There is no letter, digit or emoji in this, and nothing else can be searched for.".to_owned();
    Found { notice: Some(notice), ..Found::default() }
}
