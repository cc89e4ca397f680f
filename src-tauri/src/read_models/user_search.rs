//! `read_model_user_search`: a row and a document for each ACTIVE user.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ReadModel, Row, exact, fold, folded, row_hash, shown};

pub static MODEL: ReadModel = ReadModel {
    name: "user_search",
    index: "user_search",
    table: "public.read_model_user_search",
    key: "user_id",
    identity: ("user_id", "bigint"),
    columns: &["username", "full_name", "department", "bio", "total_posts", "face_enrolled", "joined_at"],
    vector: None,
    updated_at: Some("updated_at"),
    mapping,
    document,
};

/// The columns; the document has them as they are.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    user_id: i64,
    username: String,
    full_name: Option<String>,
    department: Option<String>,
    bio: Option<String>,
    total_posts: Option<i32>,
    total_followers: Option<i32>,
    face_enrolled: Option<bool>,
    joined_at: String,
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
    /// Username and full name
    name: String,
    department: String,
    bio: String,
}

fn document(row: &Row<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let shown: Shown = serde_json::from_str(row.json)?;
    let folded = Words {
        name: fold::joined([shown.username.as_str()].into_iter().chain(shown.full_name.as_deref()), 2_000),
        department: fold::joined(shown.department.as_deref(), 2_000),
        bio: fold::joined(shown.bio.as_deref(), 200_000),
    };
    serde_json::to_vec(&Document { shown: &shown, folded, row_hash: row.hash })
}

fn mapping() -> Value {
    json!({
        "dynamic": "strict",
        "properties": {
            "user_id": {"type": "long"},
            "username": exact(),
            "full_name": exact(),
            "department": exact(),
            "bio": shown(),
            "total_posts": {"type": "integer"},
            "total_followers": {"type": "integer"},
            "face_enrolled": {"type": "boolean"},
            "joined_at": {"type": "date"},
            "folded": {
                "dynamic": "strict",
                "properties": {"name": folded(), "department": folded(), "bio": folded()},
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
    fn a_person_is_found_by_both_names() {
        let row = json!({
            "user_id": 4, "username": "zoe.mueller4", "full_name": "Zoë Müller", "department": null, "bio": "📷 + ☕",
            "total_posts": 2, "total_followers": 0, "face_enrolled": true, "joined_at": "2026-01-02T03:04:05",
        });
        let document = document(&Row { json: &row.to_string(), hash: "abc" }).expect("a document");
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        assert_eq!(document["folded"]["name"], "zoe mueller4 zoe muller");
        assert_mapped(&document, &mapping());
    }
}
