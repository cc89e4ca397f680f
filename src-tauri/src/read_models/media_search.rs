//! `read_model_media_search`: a row and a document for each medium that can be found.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{ReadModel, Row, Texts, dense_vector, exact, fold, folded, row_hash, shown, vector};

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

/// The words of each field. Together they are short enough for a `tsvector`, which holds 1 MB.
#[derive(Debug, Serialize)]
pub struct Words {
    title: String,
    caption: String,
    tags: String,
    /// Of all media of the post
    post_tags: String,
    scenes: String,
    people: String,
    uploader: String,
    department: String,
}

impl MediaTexts {
    pub fn words(&self) -> Words {
        let one = |text: &Option<String>, at_most| fold::joined(text.as_deref(), at_most);
        let many = |texts: &Option<Texts>, at_most| fold::joined(texts.iter().flat_map(Texts::iter), at_most);
        Words {
            title: one(&self.post_title, 4_000),
            caption: one(&self.ai_caption, 200_000),
            tags: many(&self.ai_tags, 100_000),
            post_tags: many(&self.post_all_tags, 200_000),
            scenes: many(&self.ai_scenes, 50_000),
            people: many(&self.detected_usernames, 50_000),
            uploader: fold::joined([self.uploader_username.as_str()], 1_000),
            department: one(&self.uploader_department, 2_000),
        }
    }
}

impl Words {
    /// The words of all fields.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let fields = [
            &self.title,
            &self.caption,
            &self.tags,
            &self.post_tags,
            &self.scenes,
            &self.people,
            &self.uploader,
            &self.department,
        ];
        fields.into_iter().flat_map(|field| field.split_ascii_whitespace())
    }
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    shown: &'a Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_embedding: Option<Box<RawValue>>,
    folded: Words,
    row_hash: &'a str,
    /// What the row has and the document has not, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
}

fn document(row: &Row<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let MediaRow { shown, image_embedding } = serde_json::from_str(row.json)?;
    let mut left_out = Vec::new();
    let image_embedding = image_embedding.and_then(|text| {
        vector::usable(text, DIMS).map_err(|problem| left_out.push(format!("image_embedding: {problem}"))).ok()
    });
    let folded = shown.texts.words();
    serde_json::to_vec(&Document { shown: &shown, image_embedding, folded, row_hash: row.hash, left_out })
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
            "folded": {
                "dynamic": "strict",
                "properties": {
                    "title": folded(), "caption": folded(), "tags": folded(), "post_tags": folded(), "scenes": folded(),
                    "people": folded(), "uploader": folded(), "department": folded(),
                },
            },
            "row_hash": row_hash(),
            "left_out": exact(),
        },
    })
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
        assert_eq!(document["folded"]["people"], "amara okafor4");
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
        assert_eq!(document["folded"]["tags"], "sea sand");
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
