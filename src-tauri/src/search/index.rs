//! Asking Elasticsearch: pages, and what is near.

use serde_json::{Value, json};

use super::{
    Asked, Found, Sort, WINDOW,
    answer::Answer,
    cursor::Cursor,
    dsl,
    fusion::{self, Arms},
    meaning::Condition,
};
use crate::{
    elastic::{Elastic, Failure},
    read_models::media_search,
};

pub(super) const INDEX: &str = media_search::MODEL.name;
const PARTIAL: &str = "photos may be missing";
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
        "_source": false,
    });
    let (answer, total) = if let Some(Cursor::Elasticsearch { pit, after, total }) = after {
        body["search_after"] = json!(after);
        (continued(elastic, body, pit.as_deref()).await?, *total)
    } else {
        let answer: Answer = elastic.search(INDEX, &body).await?;
        let total = answer.total();
        (answer, total)
    };
    let next = next(elastic, asked, &answer, order.len(), total).await;
    Ok(Found { media: answer.ids(), notice: answer.notice(PARTIAL), total, next, ..Found::default() })
}

/// Where the list goes on, if it does.
async fn next(elastic: &Elastic, asked: &Asked, answer: &Answer, order: usize, total: i64) -> Option<Cursor> {
    let is_full = answer.hits.hits.len() >= asked.limit as usize;
    if let Some(last) = answer.hits.hits.last().filter(|_| is_full) {
        // A search at a point in time adds an order of its own.
        let after = last.sort.iter().take(order).cloned().collect();
        return Some(Cursor::Elasticsearch { pit: answer.pit_id.clone(), after, total });
    }
    if let Some(pit) = &answer.pit_id
        && let Err(failure) = elastic.close_pit(pit).await
    {
        tracing::debug!(%failure, "a point in time is left to expire");
    }
    None
}

/// A further page at its point in time. Where there is none yet, or none any more, the index is kept as it is now: the list goes on
/// behind its last entry all the same.
async fn continued(elastic: &Elastic, mut body: Value, pit: Option<&str>) -> Result<Answer, Failure> {
    let mut at = |pit: &str| {
        body["pit"] = json!({"id": pit, "keep_alive": format!("{KEPT_SECONDS}s")});
        body.clone()
    };
    if let Some(pit) = pit {
        match elastic.search_pit(&at(pit)).await {
            Err(Failure::Refused { status: 404 | 400, reason }) => {
                tracing::debug!(reason, "a point in time has expired");
            }
            answer => return answer,
        }
    }
    match elastic.open_pit(INDEX, KEPT_SECONDS).await {
        Ok(pit) => elastic.search_pit(&at(&pit)).await,
        // A node keeps only so many.
        Err(Failure::Refused { status: 429, .. }) => {
            if let Some(body) = body.as_object_mut() {
                body.remove("pit");
            }
            elastic.search(INDEX, &body).await
        }
        Err(failure) => Err(failure),
    }
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

/// The list of what is near to the examples, fused with the words' where there are some.
pub(super) async fn nearest(
    elastic: &Elastic,
    asked: &Asked,
    condition: Option<&Condition>,
    shown: u32,
) -> Result<Found, Failure> {
    let vector = direction(elastic, asked).await?;
    let query = dsl::query(condition, asked.sees_unsafe);
    let is_ranked = condition.is_some_and(Condition::is_ranked);
    let mut searches = Vec::new();
    if is_ranked {
        searches.push((
            INDEX,
            json!({
                "query": query, "size": WINDOW, "sort": order(Sort::Relevance, condition), "track_total_hits": false,
                "timeout": "4s", "_source": false,
            }),
        ));
    }
    if let Some(vector) = &vector {
        searches.push((INDEX, json!({
            "knn": knn(vector, &query, asked), "size": WINDOW, "track_total_hits": false, "timeout": "4s", "_source": false,
        })));
    }
    let mut answers = Vec::new();
    for answer in elastic.search_each::<Answer>(&searches).await? {
        answers.push(answer?);
    }
    let notice = answers.iter().find_map(|answer| answer.notice(PARTIAL));
    let near = vector.is_some().then(|| answers.pop()).flatten();
    let near = near.map(|answer| answer.near());
    let text = is_ranked.then(|| answers.pop()).flatten().map(|answer| answer.ids());
    let arms = Arms { text, near: near.unwrap_or_default(), has_vector: vector.is_some() };
    Ok(Found { notice, ..fusion::page(&arms, asked.limit, shown, true) })
}

fn knn(vector: &[f32], query: &Value, asked: &Asked) -> Value {
    let mut filter = query.clone();
    let examples: Vec<i64> = asked.like.media().collect();
    filter["bool"]["must_not"] = json!([{"terms": {"media_id": examples}}]);
    let mut knn = json!({
        "field": "image_embedding", "query_vector": vector, "k": WINDOW, "num_candidates": CANDIDATES * WINDOW,
        "filter": filter,
    });
    if let Some(least) = asked.similarity {
        knn["similarity"] = json!(least);
    }
    knn
}

/// The direction of the examples that may be seen; `None` where none of them has a vector.
async fn direction(elastic: &Elastic, asked: &Asked) -> Result<Option<Vec<f32>>, Failure> {
    let of = async |ids: Vec<i64>| -> Result<Vec<Vec<f32>>, Failure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let documents = elastic.documents(INDEX, &ids, &["image_embedding", "is_safe"]).await?;
        let seen = documents.into_iter().filter(|document| asked.sees_unsafe || document["is_safe"] == json!(true));
        Ok(seen.filter_map(|mut document| serde_json::from_value(document["image_embedding"].take()).ok()).collect())
    };
    let (more, less) = (of(asked.like.more_media().collect()).await?, of(asked.like.less_media().collect()).await?);
    Ok(fusion::direction(&more, &less))
}
