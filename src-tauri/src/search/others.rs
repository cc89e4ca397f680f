//! Posts, people and faces by the same query as media, and how many there are of each.
//!
//! A post or face has what its own row says, and otherwise what its photos have; people are found by their names, departments and
//! what they say of themselves. What is shown is read from the views that know what this operator may see.

#[cfg(feature = "desktop")]
pub mod commands;
mod counts;
mod hits;
mod index;
mod order;
mod page;
mod part;
mod queries;

use std::{collections::HashMap, time::Instant};

use serde_json::{Value, json};
use sqlx::PgPool;

pub(super) use self::counts::count_new;
pub use self::{
    counts::counts,
    hits::{FaceHit, FaceResults, PeopleResults, PersonHit, PostHit, PostResults, SearchCounts},
};
use self::{
    page::{Kind, Page, Place},
    part::{ByPhotos, Looked, Part, Unmet},
};
use super::{
    Engine, Example, Like, MOST_HITS, SearchQuery, Sort, answer::Answer, cursor::cannot_continue, fusion, joined,
    language, meaning::Condition, meant, no_vector, sees_unsafe,
};
use crate::{
    access::{Operator, Right},
    elastic::{Elastic, Failure},
    error::{Error, Result},
};

const PARTIAL: &str = "some may be missing";
/// Photos by which posts or faces are found, and what is hidden from an answer. More would be no search any more.
const MOST_PHOTOS: usize = 10_000;
/// Faces that are like others
const NEAREST: u32 = 200;
/// Looked at for each answer by vectors
const CANDIDATES: u32 = 400;

/// A page of posts.
///
/// # Errors
/// `Forbidden` without the right to search, `Invalid` for a page that can't be continued.
pub async fn posts(db: &PgPool, elastic: Option<&Elastic>, by: &Operator, query: &SearchQuery) -> Result<PostResults> {
    let began = Instant::now();
    let page = page(db, elastic, by, Kind::Posts, query).await?;
    let hits = queries::posts(db, &page.ids()).await?;
    Ok(PostResults::new(page, hits, began))
}

/// A page of people.
///
/// # Errors
/// As [`posts`].
pub async fn people(
    db: &PgPool,
    elastic: Option<&Elastic>,
    by: &Operator,
    query: &SearchQuery,
) -> Result<PeopleResults> {
    let began = Instant::now();
    let page = page(db, elastic, by, Kind::People, query).await?;
    let hits = queries::people(db, &page.ids()).await?;
    Ok(PeopleResults::new(page, hits, began))
}

/// A page of faces; with examples of faces those that are like them, nearest first.
///
/// # Errors
/// As [`posts`].
pub async fn faces(db: &PgPool, elastic: Option<&Elastic>, by: &Operator, query: &SearchQuery) -> Result<FaceResults> {
    let began = Instant::now();
    let page = page(db, elastic, by, Kind::Faces, query).await?;
    let mut hits = queries::faces(db, &page.ids()).await?;
    for hit in &mut hits {
        let own = page.found.iter().find(|(id, _)| id.to_string() == hit.face_id);
        hit.similarity = own.and_then(|(_, similarity)| *similarity);
    }
    Ok(FaceResults::new(page, hits, began))
}

async fn page(db: &PgPool, elastic: Option<&Elastic>, by: &Operator, kind: Kind, query: &SearchQuery) -> Result<Page> {
    by.may(Right::Search)?;
    let parsed = match language::parse(&query.text) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Page::empty(None, Some(error.into()))),
    };
    let place = query.after.as_deref().map(Place::parse).transpose()?;
    let (condition, cut) = meant(db, by, &parsed).await?;
    if condition.is_none() && parsed.expression.is_some() && parsed.similarity().is_none() {
        let said = "There is no letter, digit or emoji in this, and nothing else can be searched for.";
        return Ok(Page::empty(Some(said.into()), None));
    }
    let limit = query.limit.clamp(1, MOST_HITS);
    let examples = if kind == Kind::Faces { face_examples(&query.like)? } else { (Vec::new(), Vec::new()) };
    let asked = Asked { kind, condition, sort: query.sort, place, limit, examples, similarity: parsed.similarity() };
    let mut page = asked.find(db, elastic, by).await?;
    page.notice = joined([page.notice, cut]);
    Ok(page)
}

/// More and less.
fn face_examples(like: &Like) -> Result<(Vec<i64>, Vec<i64>)> {
    const MOST: usize = 10;
    let of = |examples: &[Example]| -> Vec<i64> {
        let ids = examples.iter().filter_map(|example| match example {
            Example::Face(id) => id.parse().ok(),
            Example::Media(_) => None,
        });
        ids.collect()
    };
    let (more, less) = (of(&like.more), of(&like.less));
    if more.len().max(less.len()) > MOST {
        return Err(Error::Invalid(format!("At most {MOST} examples can be compared with. Leave some out.")));
    }
    Ok((more, less))
}

/// What is asked of an engine.
#[derive(Debug)]
struct Asked {
    kind: Kind,
    condition: Option<Condition>,
    sort: Sort,
    place: Option<Place>,
    limit: u32,
    /// Faces: more like these, less like those
    examples: (Vec<i64>, Vec<i64>),
    similarity: Option<f64>,
}

impl Asked {
    /// Asks Elasticsearch, and PostgreSQL where that fails or is not there; a list goes on where it began.
    async fn find(&self, db: &PgPool, elastic: Option<&Elastic>, by: &Operator) -> Result<Page> {
        let began_in_postgresql = matches!(self.place, Some(Place::PostgreSql { .. }));
        let mut stands_in = false;
        let why = match elastic {
            Some(_) if began_in_postgresql => "This list began without Elasticsearch.".to_owned(),
            Some(elastic) => match hidden(db, by, self.kind).await? {
                Some(hidden) => match self.find_in_index(db, elastic, &hidden).await? {
                    Ok(page) => return Ok(page),
                    Err(failure) if self.place.is_some() => {
                        let said = format!("{failure} The list can't be continued: search again.");
                        return Err(Error::unavailable(said, failure));
                    }
                    Err(failure) => {
                        stands_in = true;
                        failure.to_string()
                    }
                },
                None => "There is more that is not to be shown than Elasticsearch can leave out.".to_owned(),
            },
            None => "Elasticsearch is not configured.".to_owned(),
        };
        let mut page = self.find_in_postgresql(db).await?;
        let weaker = match self.kind {
            Kind::Posts => Some("Words were looked for in their photos, not in the posts' own text.".to_owned()),
            Kind::People => Some("Words were looked for in names and departments only.".to_owned()),
            Kind::Faces => None,
        };
        let weaker = weaker.filter(|_| self.condition.as_ref().is_some_and(Condition::is_ranked));
        // Why it began so the first page says.
        if !began_in_postgresql {
            page.notice = joined([Some(format!("{why} PostgreSQL answered instead.")), weaker, page.notice]);
        }
        page.stands_in = stands_in;
        Ok(page)
    }

    async fn find_in_index(&self, db: &PgPool, elastic: &Elastic, hidden: &[i64]) -> Result<Result<Page, Failure>> {
        let (part, notice) = part_of(db, self.kind, self.condition.as_ref(), Engine::Elasticsearch).await?;
        let mut body = index::body(self.kind, part.as_ref(), hidden);
        if self.is_alike() {
            let (more, less) =
                (queries::seen_faces(db, &self.examples.0).await?, queries::seen_faces(db, &self.examples.1).await?);
            return Ok(self.alike_in_index(elastic, body, &more, &less, notice).await);
        }
        let is_ranked = self.condition.as_ref().is_some_and(Condition::is_ranked);
        body["size"] = json!(self.limit);
        body["sort"] = index::order(self.kind, self.sort, is_ranked);
        let order = body["sort"].as_array().map_or(0, Vec::len);
        let index = self.kind.model().index;
        let answered = match &self.place {
            Some(Place::Elasticsearch { pit, after, total }) => {
                body["search_after"] = json!(after);
                body["track_total_hits"] = json!(false);
                let continued = super::index::continued(elastic, index, body, pit.as_deref()).await;
                continued.map(|(answer, _)| (answer, Some(*total)))
            }
            _ => elastic.search::<Answer>(index, &body).await.map(|answer| (answer, None)),
        };
        let (answer, counted) = match answered {
            Ok((answer, _)) if answer.is_void() => return Ok(Err(Failure::Partial)),
            Ok(answered) => answered,
            Err(failure) => return Ok(Err(failure)),
        };
        let total = counted.unwrap_or_else(|| answer.total());
        let found: Vec<(i64, Option<f64>)> = answer.ids().into_iter().map(|id| (id, None)).collect();
        // Behind a part of a page there may be more of it.
        let goes_on = answer.is_partial() || found.len() >= self.limit as usize;
        // A search at a point in time adds an order of its own.
        let last = answer.last().filter(|_| goes_on).map(|last| last.iter().take(order).cloned().collect());
        if let (None, Some(pit)) = (&last, &answer.pit_id)
            && let Err(failure) = elastic.close_pit(pit).await
        {
            tracing::debug!(%failure, "a point in time is left to expire");
        }
        Ok(Ok(Page {
            engine: Engine::Elasticsearch,
            total,
            next: last.and_then(|after| Place::Elasticsearch { pit: answer.pit_id.clone(), after, total }.text()),
            notice: joined([answer.notice(PARTIAL), notice]),
            found,
            problem: None,
            stands_in: false,
        }))
    }

    fn is_alike(&self) -> bool {
        !self.examples.0.is_empty() || !self.examples.1.is_empty()
    }

    /// The nearest faces, all at once.
    async fn alike_in_index(
        &self,
        elastic: &Elastic,
        body: Value,
        more: &[i64],
        less: &[i64],
        notice: Option<String>,
    ) -> Result<Page, Failure> {
        let (name, field) = (self.kind.model().index, "face_embedding");
        let of = async |ids: &[i64]| -> Result<Vec<Vec<f32>>, Failure> {
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let documents: Vec<HashMap<String, Vec<f32>>> = elastic.documents(name, ids, &[field]).await?;
            Ok(documents.into_iter().filter_map(|mut document| document.remove(field)).collect())
        };
        let Some(vector) = fusion::direction(&of(more).await?, &of(less).await?) else {
            return Ok(Page { engine: Engine::Elasticsearch, ..Page::empty(Some(no_vector()), None) });
        };
        let mut filter = body["query"].clone();
        let examples: Vec<String> = more.iter().chain(less).map(i64::to_string).collect();
        filter = json!({"bool": {"must": [filter], "must_not": [{"terms": {"face_id": examples}}]}});
        let mut knn = json!({
            "field": field, "query_vector": vector, "k": NEAREST, "num_candidates": CANDIDATES, "filter": filter,
        });
        if let Some(least) = self.similarity {
            knn["similarity"] = json!(least);
        }
        let body = json!({"knn": knn, "size": NEAREST, "track_total_hits": true, "timeout": "4s", "_source": false});
        let answer: Answer = elastic.search(name, &body).await?;
        if answer.is_void() {
            return Err(Failure::Partial);
        }
        let found = answer.near().into_iter().map(|(id, similarity)| (id, Some(similarity))).collect();
        Ok(self.whole(Engine::Elasticsearch, found, joined([answer.notice(PARTIAL), notice])))
    }

    /// A list that is found as a whole.
    fn whole(&self, engine: Engine, mut found: Vec<(i64, Option<f64>)>, notice: Option<String>) -> Page {
        found.truncate(self.limit as usize);
        let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
        Page { engine, found, total, next: None, notice, problem: None, stands_in: false }
    }

    async fn find_in_postgresql(&self, db: &PgPool) -> Result<Page> {
        let (part, notice) = part_of(db, self.kind, self.condition.as_ref(), Engine::PostgreSql).await?;
        if self.is_alike() {
            let (more, less) = &self.examples;
            let near = queries::nearest_faces(db, more, less, self.similarity, part.as_ref(), self.limit).await?;
            let lacks_vector =
                near.faces.is_empty() && queries::nearest_faces(db, more, less, None, None, 1).await?.faces.is_empty();
            let cut = near.compared.map(|compared| {
                format!(
                    "Only the {compared} nearest faces were asked for the rest of the query: others may be missing."
                )
            });
            let near = near.faces;
            let notice = joined([notice, cut, lacks_vector.then(no_vector)]);
            return Ok(self.whole(Engine::PostgreSql, near, notice));
        }
        let (after, counted) = match &self.place {
            Some(Place::PostgreSql { after, total }) => (Some(after.as_slice()), Some(*total)),
            Some(Place::Elasticsearch { .. }) => return Err(cannot_continue()),
            None => (None, None),
        };
        let called = match self.kind {
            Kind::People => order::called(db, self.condition.as_ref()).await?,
            _ => None,
        };
        let (found, last) =
            order::page(db, self.kind, part.as_ref(), self.sort, called.as_ref(), after, i64::from(self.limit)).await?;
        let total = match counted {
            Some(total) => total,
            None => queries::count(db, self.kind, part.as_ref()).await?,
        };
        let goes_on = found.len() >= self.limit as usize;
        Ok(Page {
            engine: Engine::PostgreSql,
            found: found.into_iter().map(|id| (id, None)).collect(),
            total,
            next: goes_on.then(|| Place::PostgreSql { after: last, total }.text()).flatten(),
            notice,
            problem: None,
            stands_in: false,
        })
    }
}

/// The query as a condition on rows of a kind, and what of it can't be met.
async fn part_of(
    db: &PgPool,
    kind: Kind,
    condition: Option<&Condition>,
    engine: Engine,
) -> Result<(Option<Part>, Option<String>)> {
    let Some(condition) = condition else { return Ok((None, None)) };
    let mut leaves = Vec::new();
    kind.by_photos_in(condition, engine, &mut leaves);
    let mut by_photos = Vec::new();
    for condition in leaves {
        let mut media = queries::media(db, condition, MOST_PHOTOS + 1).await?;
        let is_cut = media.len() > MOST_PHOTOS;
        media.truncate(MOST_PHOTOS);
        let ids = if kind == Kind::Posts { queries::posts_of(db, &media).await? } else { media };
        by_photos.push(ByPhotos { condition, ids, is_cut });
    }
    let departments = if kind == Kind::People { queries::departments(db).await? } else { Vec::new() };
    let looked = Looked { by_photos: &by_photos, departments: &departments };
    let mut unmet = Unmet::default();
    let part = kind.part(condition, engine, &looked, false, &mut unmet);
    let Unmet { lacks, is_cut, is_unsure } = unmet;
    let name = kind.name();
    let cut = is_cut
        .then(|| format!("More than {MOST_PHOTOS} photos have what was asked for: {name} of others may be missing."));
    let unsure = is_unsure.then(|| {
        format!(
            "More than {MOST_PHOTOS} photos have what must not be there: which {name} have none of them nobody can say."
        )
    });
    let lacking =
        (!lacks.is_empty()).then(|| format!("{name} have no {}: of that nothing is found.", lacks.join(", ")));
    Ok((Some(part), joined([cut, unsure, lacking])))
}

/// Of these faces those that the operator may see.
pub(super) async fn seen_faces(db: &PgPool, faces: &[i64]) -> Result<Vec<i64>> {
    queries::seen_faces(db, faces).await
}

/// These people as the operator may see them, in this order; those who are gone are left out.
pub(super) async fn people_of(db: &PgPool, ids: &[i64]) -> Result<Vec<PersonHit>> {
    queries::people(db, ids).await
}

/// What this operator may not see of a kind; `None` where it is too much to be left out by name.
async fn hidden(db: &PgPool, by: &Operator, kind: Kind) -> Result<Option<Vec<i64>>> {
    if sees_unsafe(by) || kind == Kind::People {
        return Ok(Some(Vec::new()));
    }
    let hidden = queries::hidden(db, kind, MOST_PHOTOS + 1).await?;
    Ok((hidden.len() <= MOST_PHOTOS).then_some(hidden))
}
