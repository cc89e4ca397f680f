//! `read_model_known_faces`: a row and a document for each enrolment of a user who is not DELETED.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{ReadModel, Row, dense_vector, exact, fold, folded, row_hash, shown, vector};

pub static MODEL: ReadModel = ReadModel {
    name: "known_faces",
    // The platform calls this one index otherwise than its read model.
    index: "known_faces_index",
    table: "public.read_model_known_faces",
    key: "user_id",
    identity: ("user_id", "bigint"),
    columns: &["username", "department", "profile_pic_url", "face_embedding", "enrolled_at", "is_active"],
    vector: Some("face_embedding"),
    updated_at: None,
    mapping,
    document,
};

/// Of the AI's face recognition
const DIMS: usize = 1024;

#[derive(Debug, Deserialize)]
struct KnownFaceRow {
    #[serde(flatten)]
    shown: Shown,
    face_embedding: String,
}

/// The columns that the document has as they are.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    user_id: i64,
    username: String,
    department: Option<String>,
    profile_pic_url: Option<String>,
    enrolled_at: String,
    is_active: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    shown: &'a Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    face_embedding: Option<Box<RawValue>>,
    folded: Words,
    row_hash: &'a str,
    /// What the row has and the document has not, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Words {
    person: String,
    department: String,
}

fn document(row: &Row<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let KnownFaceRow { shown, face_embedding } = serde_json::from_str(row.json)?;
    let mut left_out = Vec::new();
    let face_embedding = vector::usable(face_embedding, DIMS)
        .map_err(|problem| left_out.push(format!("face_embedding: {problem}")))
        .ok();
    let folded = Words {
        person: fold::joined([shown.username.as_str()], 1_000),
        department: fold::joined(shown.department.as_deref(), 2_000),
    };
    serde_json::to_vec(&Document { shown: &shown, face_embedding, folded, row_hash: row.hash, left_out })
}

fn mapping() -> Value {
    json!({
        "dynamic": "strict",
        "properties": {
            "user_id": {"type": "long"},
            "username": exact(),
            "department": exact(),
            "profile_pic_url": shown(),
            "face_embedding": dense_vector(DIMS),
            "enrolled_at": {"type": "date"},
            "is_active": {"type": "boolean"},
            "folded": {"dynamic": "strict", "properties": {"person": folded(), "department": folded()}},
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
    fn an_enrolment_with_an_unusable_face_is_known_without_it() {
        let zero = format!("[{}]", vec!["0"; DIMS].join(","));
        let row = json!({
            "user_id": 7, "username": "Amara.Okafor4", "department": null, "profile_pic_url": null, "face_embedding": zero,
            "enrolled_at": "2026-01-02T03:04:05", "is_active": true,
        });
        let document = document(&Row { json: &row.to_string(), hash: "abc" }).expect("a document");
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        assert!(document.get("face_embedding").is_none());
        assert_eq!(document["left_out"], json!(["face_embedding: of no length"]));
        assert_eq!(document["folded"]["person"], "amara okafor4");
        assert_mapped(&document, &mapping());
    }
}
