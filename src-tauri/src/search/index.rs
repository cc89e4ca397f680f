//! Asking Elasticsearch: pages, and what is near.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Asked, BEST, Found, NEIGHBOURS, Sort, Total, WINDOW,
    answer::Answer,
    cursor::Cursor,
    dsl,
    fusion::{self, Arms},
    joined,
    meaning::Condition,
    no_vector,
};
use crate::{
    elastic::{Elastic, Failure},
    read_models::{media_search, recommendations_knn},
};

pub(super) const INDEX: &str = media_search::MODEL.name;
/// Of what may be recommended to anybody, which is safe.
const RECOMMENDATIONS: &str = recommendations_knn::MODEL.index;
const PARTIAL: &str = "photos may be missing";
const SHIFTED: &str =
    "The list was left for so long that it goes on as it is by now: photos may come twice, or not at all.";
/// Parts of an order that is that of time alone.
const BY_TIME: usize = 2;
/// For which a list can be continued as it was; afterwards as it is then.
const KEPT_SECONDS: u32 = 120;
/// Looked at for each that is wanted: more is more exact and slower.
const CANDIDATES: usize = 2;

/// A page in the order that is asked for. `condition` is what of the query the index knows.
pub(super) async fn page(
    elastic: &Elastic,
    asked: &Asked,
    condition: Option<&Condition>,
    after: Option<&Cursor>,
) -> Result<Found, Failure> {
    let order = order(asked.sort, condition);
    let mut body = json!({
        "query": dsl::query(condition, asked.sees_unsafe),
        "size": asked.limit,
        "sort": order,
        "track_total_hits": after.is_none(),
        "timeout": "4s",
        "stored_fields": "_none_",
        "docvalue_fields": ["media_id"],
    });
    let (answer, total, shifts) = if let Some(Cursor::Elasticsearch { pit, after, total, .. }) = after {
        body["search_after"] = json!(after);
        let (answer, has_expired) = continued(elastic, INDEX, body, pit.as_deref()).await?;
        // The time of a medium stays, how good it is and what people say to it do not.
        (answer, *total, has_expired && order.len() > BY_TIME)
    } else {
        let answer: Answer = elastic.search(INDEX, &body).await?;
        let total = total_of(&answer);
        (answer, total, false)
    };
    if answer.is_void() {
        return Err(Failure::Partial);
    }
    let but = after.map(|after| after.but().to_vec()).unwrap_or_default();
    let next = next(elastic, asked, &answer, order.len(), total).await.map(|next| next.without(but));
    let shifted = shifts.then(|| SHIFTED.to_owned());
    let (media, notice) = (answer.ids(), joined([answer.notice(PARTIAL), shifted]));
    Ok(Found { media, notice, total, next, elastic_ms: answer.took, ..Found::default() })
}

fn total_of(answer: &Answer) -> Total {
    Total { media: answer.total(), is_estimate: answer.is_partial() }
}

/// Where the list goes on, if it does. Behind a part of a page there may be more of it.
async fn next(elastic: &Elastic, asked: &Asked, answer: &Answer, order: usize, total: Total) -> Option<Cursor> {
    let goes_on = answer.is_partial() || answer.hits.hits.len() >= asked.limit as usize;
    if let Some(last) = answer.hits.hits.last().filter(|_| goes_on) {
        // A search at a point in time adds an order of its own.
        let after = last.sort.iter().take(order).cloned().collect();
        return Some(Cursor::Elasticsearch { pit: answer.pit_id.clone(), after, total, but: Vec::new() });
    }
    if let Some(pit) = &answer.pit_id
        && let Err(failure) = elastic.close_pit(pit).await
    {
        tracing::debug!(%failure, "a point in time is left to expire");
    }
    None
}

/// A further page at its point in time, and whether that has expired. Where there is none yet, or none any more, the index is kept as
/// it is now: the list goes on behind its last entry all the same.
pub(super) async fn continued(
    elastic: &Elastic,
    index: &str,
    mut body: Value,
    pit: Option<&str>,
) -> Result<(Answer, bool), Failure> {
    let mut at = |pit: &str| {
        body["pit"] = json!({"id": pit, "keep_alive": format!("{KEPT_SECONDS}s")});
        body.clone()
    };
    if let Some(pit) = pit {
        match elastic.search_pit(&at(pit)).await {
            Err(Failure::Refused { status: 404 | 400, reason }) => {
                tracing::debug!(reason, "a point in time has expired");
            }
            answer => return Ok((answer?, false)),
        }
    }
    let answer = match elastic.open_pit(index, KEPT_SECONDS).await {
        Ok(pit) => elastic.search_pit(&at(&pit)).await,
        // A node keeps only so many.
        Err(Failure::Refused { status: 429, .. }) => {
            if let Some(body) = body.as_object_mut() {
                body.remove("pit");
            }
            elastic.search(index, &body).await
        }
        Err(failure) => Err(failure),
    };
    Ok((answer?, pit.is_some()))
}

fn order(sort: Sort, condition: Option<&Condition>) -> Vec<Value> {
    let way = if sort == Sort::Oldest { "asc" } else { "desc" };
    let first = match sort {
        Sort::Relevance if condition.is_some_and(Condition::is_ranked) => Some(json!({"_score": "desc"})),
        Sort::Reactions => Some(json!({"reaction_count": {"order": "desc", "missing": 0}})),
        _ => None,
    };
    first.into_iter().chain([json!({"created_at": way}), json!({"media_id": way})]).collect()
}

/// The first page of the best by words, fused with what looks like the very best of them. Where there is nothing to look at, or no answer
/// to that, words decide alone.
pub(super) async fn best(elastic: &Elastic, asked: &Asked, condition: Option<&Condition>) -> Result<Found, Failure> {
    let query = dsl::query(condition, asked.sees_unsafe);
    let order = order(Sort::Relevance, condition);
    let answer: Answer = elastic.search(INDEX, &by_words(&query, &order, true)).await?;
    if answer.is_void() {
        return Err(Failure::Partial);
    }
    let text = answer.ids();
    let near = near_the_best(elastic, asked, &query, &text).await;
    let slow = near.as_ref().err().map(|failure| format!("{failure} The order is that of words alone."));
    let near = near.unwrap_or_default();
    let (total, goes_on) = (total_of(&answer), answer.is_partial() || text.len() >= WINDOW);
    let then = answer.last().filter(|_| goes_on).map(|after| Cursor::Elasticsearch {
        pit: None,
        after: after.to_vec(),
        total,
        but: Vec::new(),
    });
    let notice = joined([answer.notice(PARTIAL), near.as_ref().and_then(|near| near.notice(PARTIAL)), slow]);
    let elastic_ms = answer.took + near.as_ref().map_or(0, |near| near.took);
    let arms = Arms { text, near: near.map(|near| near.near()).unwrap_or_default() };
    Ok(Found { notice, elastic_ms, ..fusion::first(&arms, asked.limit, true, Some(total), then) })
}

/// Of what matches, the nearest to the best by words; `None` where these have no vectors.
async fn near_the_best(
    elastic: &Elastic,
    asked: &Asked,
    query: &Value,
    text: &[i64],
) -> Result<Option<Answer>, Failure> {
    let examples = text.iter().take(BEST).copied().collect();
    let Some(vector) = fusion::direction(&vectors(elastic, asked, examples).await?, &[]) else { return Ok(None) };
    elastic.search(INDEX, &by_vectors(&vector, query, None, NEIGHBOURS)).await.map(Some)
}

/// The list of what is near to the examples, fused with the words' where there are some.
///
/// Where nothing else is asked for, what may be recommended to anybody is compared in an index of its own: it needs no filter there,
/// which would make the search in a graph of vectors less exact. That index has none of what is for some people only, and nothing to
/// filter by, so the index of media is asked in the same request, and alone where there is a condition.
pub(super) async fn nearest(elastic: &Elastic, asked: &Asked, condition: Option<&Condition>) -> Result<Found, Failure> {
    let more = vectors(elastic, asked, asked.like.more_media().collect()).await?;
    let less = vectors(elastic, asked, asked.like.less_media().collect()).await?;
    let vector = fusion::direction(&more, &less);
    let query = dsl::query(condition, asked.sees_unsafe);
    let mut searches = Vec::new();
    let is_ranked = condition.is_some_and(Condition::is_ranked);
    if is_ranked {
        searches.push((INDEX, by_words(&query, &order(Sort::Relevance, condition), false)));
    }
    if let Some(vector) = &vector {
        let mut others = query;
        others["bool"]["must_not"] = json!([{"terms": {"media_id": asked.like.media().collect::<Vec<_>>()}}]);
        searches.push((INDEX, by_vectors(vector, &others, asked.similarity, WINDOW)));
        if condition.is_none() {
            let others = json!({"bool": {"must_not": others["bool"]["must_not"]}});
            searches.push((RECOMMENDATIONS, by_vectors(vector, &others, asked.similarity, WINDOW)));
        }
    }
    let alone = (vector.is_none() && asked.like.media().next().is_some()).then(no_vector);
    if searches.is_empty() {
        return Ok(Found { notice: alone, ..Found::default() });
    }
    let mut answers = Vec::new();
    let mut recommended = Vec::new();
    for ((index, _), answer) in searches.iter().zip(elastic.search_each::<Answer>(&searches).await?) {
        match answer {
            Ok(answer) if *index == RECOMMENDATIONS => recommended = answer.near(),
            Err(failure) if *index == RECOMMENDATIONS => {
                tracing::debug!(%failure, "only the index of media is asked for what is similar");
            }
            answer => answers.push(answer?),
        }
    }
    if recommended.is_empty()
        && answers.iter().all(|answer| answer.hits.hits.is_empty())
        && answers.iter().any(Answer::is_partial)
    {
        return Err(Failure::Partial);
    }
    let partial = answers.iter().find_map(|answer| answer.notice(PARTIAL));
    let elastic_ms = answers.iter().map(|answer| answer.took).sum();
    let near = vector.and_then(|_| answers.pop()).map(|answer| answer.near());
    let text = answers.pop().map(|answer| answer.ids());
    let near = of_both(near.unwrap_or_default(), recommended);
    let arms = Arms { text: text.unwrap_or_default(), near };
    Ok(Found { notice: joined([partial, alone]), elastic_ms, ..fusion::first(&arms, asked.limit, true, None, None) })
}

/// The nearest of two lists, each once.
fn of_both(mut near: Vec<(i64, f64)>, others: Vec<(i64, f64)>) -> Vec<(i64, f64)> {
    let known: HashSet<i64> = near.iter().map(|(media, _)| *media).collect();
    near.extend(others.into_iter().filter(|(media, _)| !known.contains(media)));
    near.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    near.truncate(WINDOW);
    near
}

fn by_words(query: &Value, order: &[Value], counted: bool) -> Value {
    json!({
        "query": query, "size": WINDOW, "sort": order, "track_total_hits": counted, "timeout": "4s",
        "stored_fields": "_none_", "docvalue_fields": ["media_id"],
    })
}

fn by_vectors(vector: &[f32], filter: &Value, least: Option<f64>, count: usize) -> Value {
    let mut knn = json!({
        "field": "image_embedding", "query_vector": vector, "k": count, "num_candidates": CANDIDATES * count,
        "filter": filter,
    });
    if let Some(least) = least {
        knn["similarity"] = json!(least);
    }
    json!({
        "size": count, "knn": knn, "track_total_hits": false, "timeout": "4s", "stored_fields": "_none_",
        "docvalue_fields": ["media_id"],
    })
}

#[derive(Deserialize)]
struct Vector {
    image_embedding: Option<Vec<f32>>,
    is_safe: Option<bool>,
}

/// The vectors of those media that may be seen and have one.
async fn vectors(elastic: &Elastic, asked: &Asked, media: Vec<i64>) -> Result<Vec<Vec<f32>>, Failure> {
    if media.is_empty() {
        return Ok(Vec::new());
    }
    let documents: Vec<Vector> = elastic.documents(INDEX, &media, &["image_embedding", "is_safe"]).await?;
    let seen = documents.into_iter().filter(|document| asked.sees_unsafe || document.is_safe == Some(true));
    Ok(seen.filter_map(|document| document.image_embedding).collect())
}
