//! `read_model_recommendations_knn`: a row and a document for each medium that may be recommended to anybody.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{ReadModel, Row, dense_vector, exact, fold, folded, row_hash, shown, vector};

pub static MODEL: ReadModel = ReadModel {
    name: "recommendations_knn",
    index: "recommendations_knn",
    table: "public.read_model_recommendations_knn",
    key: "media_id",
    identity: ("media_id", "bigint"),
    columns: &["image_embedding", "media_url", "caption", "is_safe", "created_at"],
    vector: Some("image_embedding"),
    updated_at: None,
    mapping,
    document,
};

/// Of CLIP
const DIMS: usize = 512;

#[derive(Debug, Deserialize)]
struct RecommendationRow {
    #[serde(flatten)]
    shown: Shown,
    image_embedding: String,
}

/// The columns that the document has as they are.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    media_id: i64,
    media_url: String,
    caption: Option<String>,
    is_safe: Option<bool>,
    created_at: String,
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

#[derive(Debug, Serialize)]
struct Words {
    caption: String,
}

fn document(row: &Row<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let RecommendationRow { shown, image_embedding } = serde_json::from_str(row.json)?;
    let mut left_out = Vec::new();
    let image_embedding = vector::usable(image_embedding, DIMS)
        .map_err(|problem| left_out.push(format!("image_embedding: {problem}")))
        .ok();
    let folded = Words { caption: fold::joined(shown.caption.as_deref(), 200_000) };
    serde_json::to_vec(&Document { shown: &shown, image_embedding, folded, row_hash: row.hash, left_out })
}

fn mapping() -> Value {
    json!({
        "dynamic": "strict",
        "properties": {
            "media_id": {"type": "long"},
            "image_embedding": dense_vector(DIMS),
            "media_url": shown(),
            "caption": shown(),
            "is_safe": {"type": "boolean"},
            "created_at": {"type": "date"},
            "folded": {"dynamic": "strict", "properties": {"caption": folded()}},
            "row_hash": row_hash(),
            "left_out": exact(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_models::assert_mapped;

    #[test]
    fn an_unusable_vector_is_left_out_and_the_document_says_so() {
        let row = json!({
            "media_id": 7, "media_url": "", "caption": "A beach", "is_safe": true, "image_embedding": "[1,2]",
            "created_at": "2026-01-02T03:04:05",
        });
        let document = document(&Row { json: &row.to_string(), hash: "abc" }).expect("a document");
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        assert!(document.get("image_embedding").is_none());
        assert_eq!(document["left_out"], json!(["image_embedding: 2 numbers instead of 512"]));
        assert_mapped(&document, &mapping());
    }
}
