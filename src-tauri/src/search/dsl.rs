//! A condition as an Elasticsearch query. Words are values in it, never syntax.

use serde_json::{Value, json};

use super::{
    language::Part,
    meaning::{Condition, Kind, Searched, Wanted},
};

/// Fields, and what a word anywhere counts in each.
const FIELDS: [(&str, f64); 8] = [
    ("folded.title", 3.0),
    ("folded.tags", 3.0),
    ("folded.people", 3.0),
    ("folded.scenes", 2.0),
    ("folded.caption", 2.0),
    ("folded.uploader", 1.0),
    ("folded.department", 1.0),
    ("folded.post_tags", 0.5),
];
/// What a word with a slip counts against one without.
const SLIPPED: f64 = 0.1;
/// Of these or fewer letters, another word is not a slip.
const SHORTEST_SLIPPED: usize = 3;

/// How a condition is compiled.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Words anywhere may have a slip of the fingers. What must not be there must be just that.
    forgiving: bool,
    sees_unsafe: bool,
}

/// The media for which the condition holds, within what the operator may see. What is beyond the index must have been resolved.
pub fn query(condition: Option<&Condition>, sees_unsafe: bool) -> Value {
    let way = Way { forgiving: true, sees_unsafe };
    let mut bool = serde_json::Map::new();
    if !sees_unsafe {
        bool.insert("filter".into(), json!([{"term": {"is_safe": true}}]));
    }
    match condition {
        Some(condition) if condition.is_ranked() => {
            bool.insert("must".into(), json!([clause(condition, way)]));
        }
        Some(condition) => {
            let mut filter = bool.remove("filter").and_then(|filter| filter.as_array().cloned()).unwrap_or_default();
            filter.push(clause(condition, way));
            bool.insert("filter".into(), Value::Array(filter));
        }
        None => {}
    }
    json!({"bool": bool})
}

/// What an operator knows posts to have been about.
pub(super) fn event_field(sees_unsafe: bool) -> &'static str {
    if sees_unsafe { "event" } else { "safe_event" }
}

fn clause(condition: &Condition, way: Way) -> Value {
    let of_each = |parts: &[Condition]| -> Vec<Value> { parts.iter().map(|part| clause(part, way)).collect() };
    match condition {
        Condition::All(parts) => {
            let (ranked, others): (Vec<_>, Vec<_>) = parts.iter().cloned().partition(Condition::is_ranked);
            json!({"bool": {"must": of_each(&ranked), "filter": of_each(&others)}})
        }
        Condition::Any(parts) => json!({"bool": {"should": of_each(parts), "minimum_should_match": 1}}),
        Condition::Not(negated) => json!({"bool": {"must_not": [clause(negated, Way { forgiving: false, ..way })]}}),
        Condition::Words { field: None, wanted, people } => anywhere(wanted, people, way.forgiving),
        Condition::Words { field: Some(field), wanted, .. } => in_field(*field, wanted),
        Condition::OnIt(people) => json!({"terms": {"detected_user_ids": people}}),
        Condition::UploadedBy(people) => json!({"terms": {"uploader_id": people}}),
        Condition::Post(posts) => json!({"terms": {"post_id": posts}}),
        Condition::Media(media) => json!({"terms": {"media_id": media}}),
        Condition::Safe(true) => json!({"term": {"is_safe": true}}),
        Condition::Safe(false) => json!({"bool": {"must_not": [{"term": {"is_safe": true}}]}}),
        Condition::Event(events) => json!({"terms": {event_field(way.sees_unsafe): events}}),
        Condition::Type(media_type) => json!({"term": {"media_type": media_type}}),
        Condition::Has(part) if *part == Part::Event.name() => {
            json!({"exists": {"field": event_field(way.sees_unsafe)}})
        }
        Condition::Has(part) => json!({"term": {"has": part}}),
        Condition::Count { field, from, until } => count(field, *from, *until),
        Condition::Time { from, until } => json!({"range": {"created_at": {"gte": from, "lt": until}}}),
        Condition::Category(_) | Condition::Unidentified(_) => json!({"match_none": {}}),
    }
}

/// Words in any field, or in the name of somebody who is on the photo or uploaded it.
fn anywhere(wanted: &Wanted, people: &[i64], forgiving: bool) -> Value {
    let mut ways = match wanted.kind {
        Kind::Prefix => vec![begun(wanted)],
        Kind::Phrase | Kind::Value => {
            vec![json!({"multi_match": {"query": wanted.text(), "type": "phrase", "fields": weighed()}})]
        }
        Kind::Word => {
            let text = wanted.text();
            let mut ways = vec![json!({"multi_match": {"query": text, "type": "cross_fields", "fields": weighed()}})];
            if forgiving && text.chars().count() > SHORTEST_SLIPPED {
                ways.push(json!({"match": {"folded.any": {
                    "query": text, "fuzziness": "AUTO", "prefix_length": 1, "boost": SLIPPED,
                }}}));
            }
            ways
        }
    };
    if !people.is_empty() {
        ways.push(json!({"terms": {"detected_user_ids": people, "boost": 3}}));
        ways.push(json!({"terms": {"uploader_id": people}}));
    }
    match <[Value; 1]>::try_from(ways) {
        Ok([way]) => way,
        Err(ways) => json!({"dis_max": {"queries": ways}}),
    }
}

fn weighed() -> Vec<String> {
    FIELDS.iter().map(|(field, weight)| format!("{field}^{weight}")).collect()
}

/// All words but the last, and one that begins like the last, each in any field.
fn begun(wanted: &Wanted) -> Value {
    let Some((last, others)) = wanted.words.split_last() else { return json!({"match_none": {}}) };
    let anywhere: Vec<Value> =
        FIELDS.iter().map(|(field, weight)| json!({"prefix": {*field: {"value": last, "boost": weight}}})).collect();
    let others = others
        .iter()
        .map(|word| json!({"multi_match": {"query": word, "type": "cross_fields", "fields": weighed()}}))
        .collect::<Vec<_>>();
    json!({"bool": {"must": [{"dis_max": {"queries": anywhere}}], "filter": others}})
}

fn in_field(field: Searched, wanted: &Wanted) -> Value {
    let name = format!("folded.{}", field.name());
    let word = |word: &String| json!({"term": {name.as_str(): word}});
    match wanted.kind {
        Kind::Word => json!({"bool": {"filter": wanted.words.iter().map(word).collect::<Vec<_>>()}}),
        Kind::Prefix => {
            let last = wanted.words.last();
            let others = wanted.words.iter().take(wanted.words.len().saturating_sub(1)).map(word);
            let begun = json!({"prefix": {name.as_str(): {"value": last}}});
            json!({"bool": {"filter": others.chain([begun]).collect::<Vec<_>>()}})
        }
        Kind::Phrase => json!({"match_phrase": {name: wanted.text()}}),
        Kind::Value => json!({"term": {format!("{name}.exact"): wanted.text()}}),
    }
}

/// What the row has no number of is 0.
fn count(field: &str, from: i64, until: Option<i64>) -> Value {
    let name = match field {
        "people" => "people_count",
        "reactions" => "reaction_count",
        _ => "comment_count",
    };
    let mut range = json!({"gte": from});
    if let Some(until) = until {
        range["lt"] = json!(until);
    }
    // Counts are 32-bit in the index, and a bound beyond that would be refused.
    let most = i64::from(i32::MAX);
    if from > most {
        return json!({"match_none": {}});
    }
    if until.is_some_and(|until| until > most) {
        range = json!({"gte": from});
    }
    let counted = json!({"range": {name: range}});
    if from > 0 {
        return counted;
    }
    let unknown = json!({"bool": {"must_not": [{"exists": {"field": name}}]}});
    json!({"bool": {"should": [counted, unknown], "minimum_should_match": 1}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Condition {
        let wanted = Wanted { kind: Kind::Word, words: vec![text.into()] };
        Condition::Words { field: None, wanted, people: vec![] }
    }

    #[test]
    fn unsafe_media_are_asked_for_by_admins_only() {
        for condition in [None, Some(word("sea")), Some(Condition::Safe(false))] {
            let staff = query(condition.as_ref(), false);
            assert_eq!(staff["bool"]["filter"][0], json!({"term": {"is_safe": true}}));
            assert!(!query(condition.as_ref(), true).to_string().contains(r#""filter":[{"term":{"is_safe":true}}"#));
        }
    }

    #[test]
    fn what_must_not_be_there_is_not_forgiven_a_slip() {
        assert!(query(Some(&word("beach")), true).to_string().contains("fuzziness"));
        assert!(!query(Some(&word("sea")), true).to_string().contains("fuzziness"));
        let not = Condition::Not(Box::new(word("beach")));
        assert!(!query(Some(&not), true).to_string().contains("fuzziness"));
    }

    #[test]
    fn what_only_filters_has_no_part_in_the_score() {
        let both = Condition::All(vec![word("sea"), Condition::Post(vec![3])]);
        let query = query(Some(&both), true);
        let must = &query["bool"]["must"][0]["bool"];
        assert_eq!(
            (must["must"].as_array().map(Vec::len), &must["filter"][0]),
            (Some(1), &json!({"terms": {"post_id": [3]}}))
        );
    }
}
