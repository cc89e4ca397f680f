//! `read_model_media_search`: a row and a document for each medium that can be found.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{ReadModel, Row, Texts, dense_vector, exact, fold, folded, folded_values, row_hash, shown, vector};

pub static MODEL: ReadModel = ReadModel {
    name: "media_search",
    index: "media_search",
    table: "public.read_model_media_search",
    key: "media_id",
    identity: ("media_id", "bigint"),
    columns: &[
        "post_id",
        "post_title",
        "post_all_tags",
        "media_url",
        "ai_caption",
        "ai_tags",
        "ai_scenes",
        "image_embedding",
        "is_safe",
        "detected_user_ids",
        "detected_usernames",
        "uploader_id",
        "uploader_username",
        "uploader_department",
        "created_at",
    ],
    vector: Some("image_embedding"),
    updated_at: Some("updated_at"),
    mapping,
    document,
};

/// Of CLIP
const DIMS: usize = 512;

#[derive(Debug, Deserialize)]
struct MediaRow {
    #[serde(flatten)]
    shown: Shown,
    image_embedding: Option<String>,
}

/// The columns that the document has as they are.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    media_id: i64,
    post_id: i64,
    media_url: String,
    is_safe: Option<bool>,
    detected_user_ids: Option<Value>,
    uploader_id: i64,
    reaction_count: Option<i32>,
    comment_count: Option<i32>,
    created_at: String,
    /// `IMAGE` or `VIDEO`
    media_type: Option<String>,
    /// What its post was about
    event: Option<String>,
    /// The same of a post without unsafe media: all that others than admins may know
    safe_event: Option<String>,
    #[serde(flatten)]
    texts: MediaTexts,
}

/// The columns whose words can be searched for.
#[derive(Debug, Serialize, Deserialize)]
pub struct MediaTexts {
    post_title: Option<String>,
    post_all_tags: Option<Texts>,
    ai_caption: Option<String>,
    ai_tags: Option<Texts>,
    ai_scenes: Option<Texts>,
    detected_usernames: Option<Texts>,
    uploader_username: String,
    uploader_department: Option<String>,
}

/// The words of each field, of a list those of each entry. Together they are short enough for a `tsvector`, which holds 1 MB and
/// has most of them twice.
#[derive(Debug, Serialize)]
pub struct Words {
    title: Vec<String>,
    caption: Vec<String>,
    tags: Vec<String>,
    /// Of all media of the post
    post_tags: Vec<String>,
    scenes: Vec<String>,
    people: Vec<String>,
    uploader: Vec<String>,
    department: Vec<String>,
}

impl MediaTexts {
    pub fn words(&self) -> Words {
        let one = |text: &Option<String>, at_most| {
            let words = fold::joined(text.as_deref(), at_most);
            if words.is_empty() { Vec::new() } else { vec![words] }
        };
        let many = |texts: &Option<Texts>, at_most| fold::each(texts.iter().flat_map(Texts::iter), at_most);
        Words {
            title: one(&self.post_title, 4_000),
            caption: one(&self.ai_caption, 120_000),
            tags: many(&self.ai_tags, 60_000),
            post_tags: many(&self.post_all_tags, 150_000),
            scenes: many(&self.ai_scenes, 30_000),
            people: many(&self.detected_usernames, 30_000),
            uploader: fold::each([self.uploader_username.as_str()], fold::VALUE_BYTES),
            department: fold::each(self.uploader_department.as_deref(), fold::VALUE_BYTES),
        }
    }
}

impl Words {
    /// What PostgreSQL finds a row by: each word, `#` with a field's letter and each word of it, `=` with the letter and each whole
    /// value. No folded word begins like that.
    pub fn lexemes(&self) -> impl Iterator<Item = String> {
        let fields = [
            (&self.title, Some('h'), false),
            (&self.caption, Some('c'), false),
            (&self.tags, Some('t'), true),
            (&self.post_tags, None, false),
            (&self.scenes, Some('s'), true),
            (&self.people, None, false),
            (&self.uploader, None, false),
            (&self.department, Some('d'), true),
        ];
        fields.into_iter().flat_map(|(values, letter, has_values)| {
            values.iter().flat_map(move |value| {
                let words = value.split_ascii_whitespace();
                let of_field = letter.into_iter().flat_map({
                    let words = words.clone();
                    move |letter| words.clone().map(move |word| format!("#{letter}{word}"))
                });
                let whole = letter.filter(|_| has_values).map(|letter| format!("={letter}{value}"));
                words.map(str::to_owned).chain(of_field).chain(whole)
            })
        })
    }
}

/// The vector as an index of cosines takes it.
pub fn usable_vector(text: String) -> Option<String> {
    vector::usable(text, DIMS).ok().map(|vector| vector.get().to_owned())
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    shown: &'a Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_embedding: Option<Box<RawValue>>,
    folded: Words,
    /// How many different people were identified on it
    people_count: usize,
    /// What of a medium is there, in the words of the query language
    has: Vec<&'static str>,
    row_hash: &'a str,
    /// What the row has and the document has not, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
}

fn document(row: &Row<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let MediaRow { shown, image_embedding } = serde_json::from_str(row.json)?;
    let mut left_out = Vec::new();
    let has = shown.has(image_embedding.is_some());
    let image_embedding = image_embedding.and_then(|text| {
        vector::usable(text, DIMS).map_err(|problem| left_out.push(format!("image_embedding: {problem}"))).ok()
    });
    let document = Document {
        folded: shown.texts.words(),
        people_count: shown.people_count(),
        has,
        shown: &shown,
        image_embedding,
        row_hash: row.hash,
        left_out,
    };
    serde_json::to_vec(&document)
}

impl Shown {
    fn people_count(&self) -> usize {
        fn ids(value: &Value, found: &mut BTreeSet<i64>) {
            match value {
                Value::Array(values) => values.iter().for_each(|value| ids(value, found)),
                value => found.extend(value.as_i64()),
            }
        }
        let mut found = BTreeSet::new();
        self.detected_user_ids.iter().for_each(|value| ids(value, &mut found));
        found.len()
    }

    fn has(&self, has_vector: bool) -> Vec<&'static str> {
        let texts = &self.texts;
        let is_there = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let is_one_there = |texts: &Option<Texts>| texts.iter().flat_map(Texts::iter).any(|text| !text.is_empty());
        let parts = [
            ("people", self.people_count() > 0),
            ("caption", is_there(&texts.ai_caption)),
            ("title", is_there(&texts.post_title)),
            ("tags", is_one_there(&texts.ai_tags)),
            ("scenes", is_one_there(&texts.ai_scenes)),
            ("post_tags", is_one_there(&texts.post_all_tags)),
            ("dept", is_there(&texts.uploader_department)),
            ("embedding", has_vector),
            ("reactions", self.reaction_count.is_some_and(|count| count > 0)),
            ("comments", self.comment_count.is_some_and(|count| count > 0)),
        ];
        parts.into_iter().filter(|(_, is_there)| *is_there).map(|(part, _)| part).collect()
    }
}

fn mapping() -> Value {
    json!({
        "dynamic": "strict",
        "properties": {
            "media_id": {"type": "long"},
            "post_id": {"type": "long"},
            "post_title": shown(),
            "post_all_tags": exact(),
            "media_url": shown(),
            "ai_caption": shown(),
            "ai_tags": exact(),
            "ai_scenes": exact(),
            "image_embedding": dense_vector(DIMS),
            "is_safe": {"type": "boolean"},
            "detected_user_ids": {"type": "long"},
            "detected_usernames": exact(),
            "uploader_id": {"type": "long"},
            "uploader_username": exact(),
            "uploader_department": exact(),
            "reaction_count": {"type": "integer"},
            "comment_count": {"type": "integer"},
            "created_at": {"type": "date"},
            "media_type": exact(),
            "event": exact(),
            "safe_event": exact(),
            "folded": {
                "dynamic": "strict",
                "properties": anywhere(&[
                    ("title", folded()), ("caption", folded()), ("tags", folded_values()), ("post_tags", folded()),
                    ("scenes", folded_values()), ("people", folded()), ("uploader", folded()),
                    ("department", folded_values()),
                ]),
            },
            "people_count": {"type": "integer"},
            "has": exact(),
            "row_hash": row_hash(),
            "left_out": exact(),
        },
    })
}

/// All of these fields' words are in `any` too: what is like a word is looked for there once, not in each field.
fn anywhere(fields: &[(&str, Value)]) -> Value {
    let mut properties = json!({"any": {"type": "text", "analyzer": "whitespace", "norms": false}});
    for (name, field) in fields {
        properties[name] = field.clone();
        properties[name]["copy_to"] = json!("folded.any");
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(changes: &Value) -> String {
        let mut row = json!({
            "media_id": 7, "post_id": 3, "post_title": "Off we go", "post_all_tags": ["beach", "sea"], "media_url": "",
            "ai_caption": "A beach", "ai_tags": ["beach"], "ai_scenes": [], "image_embedding": null, "is_safe": true,
            "detected_user_ids": [4], "detected_usernames": ["Amara.Okafor4"], "uploader_id": 1, "uploader_username": "bo",
            "uploader_department": null, "reaction_count": 0, "comment_count": 0, "created_at": "2026-01-02T03:04:05.678901",
            "media_type": "IMAGE", "event": "beach_party", "safe_event": null,
        });
        let object = row.as_object_mut().expect("an object");
        object.extend(changes.as_object().expect("changes").clone());
        row.to_string()
    }

    fn document_of(changes: &Value) -> Value {
        let document = document(&Row { json: &row(changes), hash: "abc" }).expect("a document");
        serde_json::from_slice(&document).expect("JSON")
    }

    #[test]
    fn people_are_found_by_the_words_of_their_names() {
        let document = document_of(&json!({}));
        assert_eq!(document["folded"]["people"], json!(["amara okafor4"]));
        assert_eq!(document["detected_usernames"], json!(["Amara.Okafor4"]));
        assert_eq!(document["row_hash"], "abc");
    }

    #[test]
    fn an_unusable_vector_is_left_out_and_the_document_says_so() {
        let zero = format!("[{}]", vec!["0"; DIMS].join(","));
        let document = document_of(&json!({"image_embedding": zero}));
        assert!(document.get("image_embedding").is_none());
        assert_eq!(document["left_out"], json!(["image_embedding: of no length"]));
    }

    #[test]
    fn arrays_of_another_writer_may_hold_anything() {
        let document = document_of(&json!({"ai_tags": ["sea", null, ["sand"]], "ai_scenes": null}));
        assert_eq!(document["ai_tags"], json!(["sea", "sand"]));
        assert_eq!(document["folded"]["tags"], json!(["sea", "sand"]));
    }

    #[test]
    fn what_is_there_is_said() {
        let document =
            document_of(&json!({"detected_user_ids": [4, null, [7, 4]], "ai_tags": [""], "comment_count": 2}));
        assert_eq!(document["people_count"], 2);
        assert_eq!(document["has"], json!(["people", "caption", "title", "post_tags", "comments"]));
    }

    #[test]
    fn a_row_is_found_by_words_of_fields_and_by_whole_values() {
        let changes = json!({"ai_tags": ["New York"], "ai_caption": "Sea", "uploader_department": "R&D"});
        let row: MediaRow = serde_json::from_str(&row(&changes)).expect("a row");
        let lexemes: Vec<String> = row.shown.texts.words().lexemes().collect();
        for lexeme in ["new", "#tnew", "#tyork", "=tnew york", "#csea", "#hoff", "beach", "amara", "bo", "#dd", "=dr d"]
        {
            assert!(lexemes.iter().any(|own| own == lexeme), "{lexeme} in {lexemes:?}");
        }
        assert!(!lexemes.iter().any(|own| own == "=csea" || own == "#tbeach"), "{lexemes:?}");
    }

    #[test]
    fn every_field_of_the_document_is_in_the_mapping() {
        let (mapping, document) = (mapping(), document_of(&json!({})));
        for field in document.as_object().expect("an object").keys() {
            assert!(mapping["properties"].get(field).is_some(), "{field}");
        }
        for field in document["folded"].as_object().expect("an object").keys() {
            assert!(mapping["properties"]["folded"]["properties"].get(field).is_some(), "{field}");
        }
    }
}
