//! Asking Elasticsearch for posts, people and faces.

use serde_json::{Value, json};

use super::{
    Kind,
    part::{Column, Part},
};
use crate::search::{
    Sort,
    meaning::{Kind as Way, Wanted},
};

/// What a word with a slip counts against one without, and of how many letters another word is none: as of media.
const SLIPPED: f64 = 0.1;
const SHORTEST_SLIPPED: usize = 3;

/// A search for what the condition holds, less what is hidden: of posts their ids, of faces those of their media.
pub(super) fn body(kind: Kind, part: Option<&Part>, hidden: &[i64]) -> Value {
    let mut bool = json!({"must": [part.map_or_else(|| json!({"match_all": {}}), |part| clause(part, true))]});
    if !hidden.is_empty() {
        let column = if kind == Kind::Posts { "post_id" } else { "media_id" };
        bool["must_not"] = json!([{"terms": {column: hidden}}]);
    }
    json!({"query": {"bool": bool}, "track_total_hits": true, "timeout": "4s", "_source": false})
}

/// By the score first, where words were asked for.
pub(super) fn order(kind: Kind, sort: Sort, is_ranked: bool) -> Value {
    let way = if sort == Sort::Oldest { "asc" } else { "desc" };
    let first = match (sort, kind) {
        (Sort::Relevance, _) if is_ranked => Some(json!({"_score": "desc"})),
        (Sort::Reactions, Kind::Posts) => Some(json!({"total_reactions": {"order": "desc", "missing": 0}})),
        _ => None,
    };
    let then = match kind {
        Kind::Posts => vec![json!({"created_at": way}), json!({"post_id": way})],
        Kind::People => vec![json!({"user_id": "asc"})],
        Kind::Faces => vec![json!({"created_at": way}), json!({"face_id": way})],
    };
    first.into_iter().chain(then).collect()
}

/// `forgiving`: words may have a slip of the fingers. What must not be there must be just that.
fn clause(part: &Part, forgiving: bool) -> Value {
    let each = |parts: &[Part]| -> Vec<Value> { parts.iter().map(|part| clause(part, forgiving)).collect() };
    match part {
        Part::All(parts) => json!({"bool": {"must": each(parts)}}),
        Part::Any(parts) => json!({"bool": {"should": each(parts), "minimum_should_match": 1}}),
        Part::Not(negated) => json!({"bool": {"must_not": [clause(negated, false)]}}),
        Part::Nothing => json!({"match_none": {}}),
        Part::Words { fields, wanted } => words(fields, wanted, forgiving),
        Part::Ids { column, ids } => json!({"terms": {column.name: ids}}),
        Part::Texts { column, texts } => json!({"terms": {column.name: texts}}),
        Part::Missing(column) => json!({"bool": {"must_not": [{"exists": {"field": column.name}}]}}),
        Part::Count { column, from, until } => count(*column, *from, *until),
        Part::Time { from, until } => json!({"range": {"created_at": {"gte": from, "lt": until}}}),
    }
}

fn words(fields: &[(&str, f64)], wanted: &Wanted, forgiving: bool) -> Value {
    let weighed: Vec<String> = fields.iter().map(|(field, weight)| format!("{field}^{weight}")).collect();
    let all = |words: &[String]| -> Vec<Value> {
        let of_each =
            words.iter().map(|word| json!({"multi_match": {"query": word, "type": "cross_fields", "fields": weighed}}));
        of_each.collect()
    };
    match wanted.kind {
        Way::Phrase | Way::Value => {
            json!({"multi_match": {"query": wanted.words.join(" "), "type": "phrase", "fields": weighed}})
        }
        Way::Prefix => {
            let Some((last, others)) = wanted.words.split_last() else { return json!({"match_none": {}}) };
            let begun: Vec<Value> = fields
                .iter()
                .map(|(field, weight)| json!({"prefix": {*field: {"value": last, "boost": weight}}}))
                .collect();
            json!({"bool": {"must": [{"dis_max": {"queries": begun}}], "filter": all(others)}})
        }
        Way::Word => {
            let mut ways = all(&wanted.words);
            for word in wanted.words.iter().filter(|word| forgiving && word.chars().count() > SHORTEST_SLIPPED) {
                ways.push(json!({"multi_match": {
                    "query": word, "fields": weighed, "fuzziness": "AUTO", "prefix_length": 1, "boost": SLIPPED,
                }}));
            }
            json!({"dis_max": {"queries": ways}})
        }
    }
}

/// What the row has no number of is 0, and counts are 32-bit in the index.
fn count(column: Column, from: i64, until: Option<i64>) -> Value {
    let most = i64::from(i32::MAX);
    if from > most {
        return json!({"match_none": {}});
    }
    let mut range = json!({"gte": from});
    if let Some(until) = until.filter(|until| *until <= most) {
        range["lt"] = json!(until);
    }
    let counted = json!({"range": {column.name: range}});
    if from > 0 {
        return counted;
    }
    let unknown = json!({"bool": {"must_not": [{"exists": {"field": column.name}}]}});
    json!({"bool": {"should": [counted, unknown], "minimum_should_match": 1}})
}
