//! `read_model_post_search`: a row and a document for each post that can be found, with what was found on all its media.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ReadModel, Row, Texts, exact, fold, folded, row_hash, shown};

pub static MODEL: ReadModel = ReadModel {
    name: "post_search",
    index: "post_search",
    table: "public.read_model_post_search",
    key: "post_id",
    identity: ("post_id", "bigint"),
    columns: &[
        "author_id",
        "author_username",
        "author_department",
        "title",
        "body",
        "all_ai_tags",
        "all_ai_scenes",
        "all_detected_user_ids",
        "inferred_event_type",
        "inferred_tags",
        "total_reactions",
        "total_comments",
        "created_at",
    ],
    vector: None,
    updated_at: Some("updated_at"),
    mapping,
    document,
};

/// The columns; the document has them as they are.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    post_id: i64,
    author_id: i64,
    author_username: String,
    author_department: Option<String>,
    title: Option<String>,
    body: Option<String>,
    all_ai_tags: Option<Texts>,
    all_ai_scenes: Option<Texts>,
    all_detected_user_ids: Option<Value>,
    inferred_event_type: Option<String>,
    inferred_tags: Option<Texts>,
    categories: Option<Texts>,
    total_reactions: Option<i32>,
    total_comments: Option<i32>,
    created_at: String,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    shown: &'a Shown,
    folded: Words,
    row_hash: &'a str,
}

#[derive(Debug, Serialize)]
struct Words {
    title: String,
    body: String,
    tags: String,
    scenes: String,
    /// What the post was about, and its categories
    event: String,
    author: String,
    department: String,
}

impl Shown {
    fn words(&self) -> Words {
        let one = |text: &Option<String>, at_most| fold::joined(text.as_deref(), at_most);
        let many = |texts: &Option<Texts>, at_most| fold::joined(texts.iter().flat_map(Texts::iter), at_most);
        let event = self.inferred_tags.iter().chain(&self.categories).flat_map(Texts::iter);
        Words {
            title: one(&self.title, 4_000),
            body: one(&self.body, 200_000),
            tags: many(&self.all_ai_tags, 200_000),
            scenes: many(&self.all_ai_scenes, 50_000),
            event: fold::joined(self.inferred_event_type.as_deref().into_iter().chain(event), 20_000),
            author: fold::joined([self.author_username.as_str()], 1_000),
            department: one(&self.author_department, 2_000),
        }
    }
}

fn document(row: &Row<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let shown: Shown = serde_json::from_str(row.json)?;
    serde_json::to_vec(&Document { folded: shown.words(), shown: &shown, row_hash: row.hash })
}

fn mapping() -> Value {
    json!({
        "dynamic": "strict",
        "properties": {
            "post_id": {"type": "long"},
            "author_id": {"type": "long"},
            "author_username": exact(),
            "author_department": exact(),
            "title": shown(),
            "body": shown(),
            "all_ai_tags": exact(),
            "all_ai_scenes": exact(),
            "all_detected_user_ids": {"type": "long"},
            "inferred_event_type": exact(),
            "inferred_tags": exact(),
            "categories": exact(),
            "total_reactions": {"type": "integer"},
            "total_comments": {"type": "integer"},
            "created_at": {"type": "date"},
            "folded": {
                "dynamic": "strict",
                "properties": {
                    "title": folded(), "body": folded(), "tags": folded(), "scenes": folded(), "event": folded(),
                    "author": folded(), "department": folded(),
                },
            },
            "row_hash": row_hash(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_models::assert_mapped;

    #[test]
    fn a_post_is_found_by_what_it_was_about() {
        let row = json!({
            "post_id": 3, "author_id": 1, "author_username": "bo", "author_department": "R&D", "title": "Off we go",
            "body": null, "all_ai_tags": ["beach"], "all_ai_scenes": null, "all_detected_user_ids": [4],
            "inferred_event_type": "beach_party", "inferred_tags": ["beach_party", "party"], "categories": ["Fun"],
            "total_reactions": 2, "total_comments": null, "created_at": "2026-01-02T03:04:05",
        });
        let document = document(&Row { json: &row.to_string(), hash: "abc" }).expect("a document");
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        assert_eq!(document["folded"]["event"], "beach party beach party party fun");
        assert_eq!(document["folded"]["scenes"], "");
        assert_mapped(&document, &mapping());
    }
}
