//! `read_model_face_search`: a row and a document for each face on a medium that can be found.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{ReadModel, Row, dense_vector, exact, fold, folded, row_hash, shown, vector};

pub static MODEL: ReadModel = ReadModel {
    name: "face_search",
    index: "face_search",
    table: "public.read_model_face_search",
    key: "key",
    identity: ("face_id", "text"),
    columns: &[
        "media_id",
        "post_id",
        "face_embedding",
        "bbox",
        "identified_user_id",
        "identified_username",
        "match_confidence",
        "uploader_id",
        "post_title",
        "media_url",
        "created_at",
    ],
    vector: Some("face_embedding"),
    updated_at: None,
    mapping,
    document,
};

/// Of the AI's face recognition
const DIMS: usize = 1024;

#[derive(Debug, Deserialize)]
struct FaceRow {
    #[serde(flatten)]
    shown: Shown,
    face_embedding: String,
    /// PostgreSQL writes what JSON has no number for (NaN) as text.
    match_confidence: Value,
}

/// The columns that the document has as they are.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    face_id: String,
    media_id: i64,
    post_id: i64,
    bbox: Value,
    identified_user_id: Option<i64>,
    identified_username: Option<String>,
    uploader_id: i64,
    post_title: Option<String>,
    media_url: Option<String>,
    created_at: String,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    shown: &'a Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    face_embedding: Option<Box<RawValue>>,
    match_confidence: Option<f64>,
    folded: Words,
    row_hash: &'a str,
    /// What the row has and the document has not, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Words {
    person: String,
    title: String,
}

fn document(row: &Row<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let FaceRow { shown, face_embedding, match_confidence } = serde_json::from_str(row.json)?;
    let mut left_out = Vec::new();
    let face_embedding = vector::usable(face_embedding, DIMS)
        .map_err(|problem| left_out.push(format!("face_embedding: {problem}")))
        .ok();
    if let Value::String(text) = &match_confidence {
        left_out.push(format!("match_confidence: {text}"));
    }
    let folded = Words {
        person: fold::joined(shown.identified_username.as_deref(), 1_000),
        title: fold::joined(shown.post_title.as_deref(), 4_000),
    };
    let match_confidence = match_confidence.as_f64();
    serde_json::to_vec(&Document {
        shown: &shown,
        face_embedding,
        match_confidence,
        folded,
        row_hash: row.hash,
        left_out,
    })
}

fn mapping() -> Value {
    json!({
        "dynamic": "strict",
        "properties": {
            "face_id": exact(),
            "media_id": {"type": "long"},
            "post_id": {"type": "long"},
            "face_embedding": dense_vector(DIMS),
            "bbox": {"type": "integer", "index": false, "doc_values": false},
            "identified_user_id": {"type": "long"},
            "identified_username": exact(),
            "match_confidence": {"type": "double"},
            "uploader_id": {"type": "long"},
            "post_title": shown(),
            "media_url": shown(),
            "created_at": {"type": "date"},
            "folded": {"dynamic": "strict", "properties": {"person": folded(), "title": folded()}},
            "row_hash": row_hash(),
            "left_out": exact(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_number_is_left_out_and_the_document_says_so() {
        let row = json!({
            "face_id": "12", "media_id": 7, "post_id": 3, "face_embedding": "[]", "bbox": [[1, null], [3, 4]],
            "identified_user_id": 4, "identified_username": "Amara", "match_confidence": "NaN", "uploader_id": 1,
            "post_title": null, "media_url": null, "created_at": "2026-01-02T03:04:05",
        });
        let document = document(&Row { json: &row.to_string(), hash: "abc" }).expect("a document");
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        assert_eq!(document["match_confidence"], Value::Null);
        assert_eq!(document["left_out"], json!(["face_embedding: 0 numbers instead of 1024", "match_confidence: NaN"]));
        for field in document.as_object().expect("an object").keys() {
            assert!(mapping()["properties"].get(field).is_some(), "{field}");
        }
    }
}
