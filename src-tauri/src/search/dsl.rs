//! Words as an Elasticsearch query. Words are values in it, never syntax.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, Found, cursor::Cursor};
use crate::{
    elastic::{Elastic, Failure},
    read_models::media_search,
};

/// Fields and what a word in them counts.
const FIELDS: [&str; 8] = [
    "folded.title^3",
    "folded.tags^3",
    "folded.people^3",
    "folded.scenes^2",
    "folded.caption^2",
    "folded.uploader",
    "folded.department",
    "folded.post_tags^0.5",
];

#[derive(Debug, Deserialize)]
struct Answer {
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    hits: Hits,
}

#[derive(Debug, Deserialize)]
struct Shards {
    failed: u32,
}

#[derive(Debug, Deserialize)]
struct Hits {
    total: Total,
    hits: Vec<Document>,
}

#[derive(Debug, Deserialize)]
struct Total {
    value: i64,
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(rename = "_id")]
    id: String,
    sort: Vec<Value>,
}

/// `people` are those who have each of the words in a name.
pub(super) async fn find(
    elastic: &Elastic,
    asked: &Asked,
    people: &[Vec<i64>],
    after: Option<&Cursor>,
) -> Result<Found, Failure> {
    let Answer { timed_out, shards, hits } =
        elastic.search(media_search::MODEL.name, &body(asked, people, after)).await?;
    let is_full = hits.hits.len() >= asked.limit as usize;
    let next = hits.hits.last().filter(|_| is_full).map(|last| Cursor::Elasticsearch(last.sort.clone()));
    let notice = (timed_out || shards.failed > 0)
        .then(|| "Elasticsearch answered from a part of the index only: photos may be missing.".to_owned());
    let media = hits.hits.iter().filter_map(|document| document.id.parse().ok()).collect();
    Ok(Found { media, total: hits.total.value, next, notice })
}

fn body(asked: &Asked, people: &[Vec<i64>], after: Option<&Cursor>) -> Value {
    let mut query = json!({"bool": {}});
    if !asked.words.is_empty() {
        // All words, each in any field: "amara beach" is a person and a tag.
        query["bool"]["must"] = asked.words.iter().zip(people).map(|(word, people)| wanted(word, people)).collect();
    }
    if !asked.sees_unsafe {
        query["bool"]["filter"] = json!({"term": {"is_safe": true}});
    }
    let newest = [json!({"created_at": "desc"}), json!({"media_id": "desc"})];
    let best = (!asked.words.is_empty()).then(|| json!({"_score": "desc"}));
    let mut body = json!({
        "query": query,
        "size": asked.limit,
        "sort": best.into_iter().chain(newest).collect::<Vec<_>>(),
        "track_total_hits": true,
        "timeout": "4s",
        "_source": false,
    });
    if let Some(Cursor::Elasticsearch(values)) = after {
        body["search_after"] = json!(values);
    }
    body
}

/// One word, in a field or in the name of somebody who is on the photo or uploaded it.
fn wanted(word: &str, people: &[i64]) -> Value {
    let text = json!({"multi_match": {"query": word, "type": "cross_fields", "fields": FIELDS}});
    if people.is_empty() {
        return text;
    }
    json!({"dis_max": {"queries": [
        text,
        {"terms": {"detected_user_ids": people, "boost": 3}},
        {"terms": {"uploader_id": people}},
    ]}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> Asked {
        Asked { words: words.iter().map(ToString::to_string).collect(), sees_unsafe: false, limit: 10 }
    }

    #[test]
    fn unsafe_media_are_asked_for_by_admins_only() {
        let staff = body(&asked(&["sea"]), &[vec![]], None);
        assert_eq!(staff["query"]["bool"]["filter"], json!({"term": {"is_safe": true}}));
        let admin = body(&Asked { sees_unsafe: true, ..asked(&["sea"]) }, &[vec![]], None);
        assert!(admin["query"]["bool"].get("filter").is_none());
    }

    #[test]
    fn without_words_the_newest_come_first() {
        let body = body(&asked(&[]), &[], None);
        assert!(body["query"]["bool"].get("must").is_none());
        assert_eq!(body["sort"][0], json!({"created_at": "desc"}));
    }
}
