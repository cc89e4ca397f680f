//! `read_model_feed_personalized`: a row and a document for each item of a user's feed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ReadModel, Row, exact, fold, folded, row_hash, shown};

pub static MODEL: ReadModel = ReadModel {
    name: "feed_personalized",
    index: "feed_personalized",
    table: "public.read_model_feed_personalized",
    key: "key",
    identity: ("feed_item_id", "text"),
    columns: &[
        "target_user_id",
        "media_id",
        "media_url",
        "caption",
        "uploader_id",
        "uploader_username",
        "combined_score",
        "created_at",
        "expires_at",
    ],
    vector: None,
    updated_at: None,
    mapping,
    document,
};

#[derive(Debug, Deserialize)]
struct FeedRow {
    #[serde(flatten)]
    shown: Shown,
    /// PostgreSQL writes what JSON has no number for (NaN) as text.
    combined_score: Value,
}

/// The columns that the document has as they are.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    feed_item_id: String,
    target_user_id: i64,
    media_id: i64,
    media_url: Option<String>,
    caption: Option<String>,
    uploader_id: i64,
    uploader_username: Option<String>,
    created_at: String,
    expires_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    shown: &'a Shown,
    combined_score: Option<f64>,
    folded: Words,
    row_hash: &'a str,
    /// What the row has and the document has not, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Words {
    caption: String,
    uploader: String,
}

fn document(row: &Row<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let FeedRow { shown, combined_score } = serde_json::from_str(row.json)?;
    let left_out = combined_score.as_str().map(|text| format!("combined_score: {text}")).into_iter().collect();
    let folded = Words {
        // A caption stands in as many documents as people have it in their feed.
        caption: fold::joined(shown.caption.as_deref(), 4_000),
        uploader: fold::joined(shown.uploader_username.as_deref(), 1_000),
    };
    serde_json::to_vec(&Document {
        shown: &shown,
        combined_score: combined_score.as_f64(),
        folded,
        row_hash: row.hash,
        left_out,
    })
}

fn mapping() -> Value {
    json!({
        "dynamic": "strict",
        "properties": {
            "feed_item_id": exact(),
            "target_user_id": {"type": "long"},
            "media_id": {"type": "long"},
            "media_url": shown(),
            "caption": shown(),
            "uploader_id": {"type": "long"},
            "uploader_username": exact(),
            "combined_score": {"type": "double"},
            "created_at": {"type": "date"},
            "expires_at": {"type": "date"},
            "folded": {"dynamic": "strict", "properties": {"caption": folded(), "uploader": folded()}},
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
    fn what_has_no_number_is_left_out_and_the_document_says_so() {
        let row = json!({
            "feed_item_id": "274877906951", "target_user_id": 4, "media_id": 7, "media_url": "", "caption": null,
            "uploader_id": 1, "uploader_username": "bo", "combined_score": "NaN", "created_at": "2026-01-02T03:04:05",
            "expires_at": "2026-01-09T03:04:05",
        });
        let document = document(&Row { json: &row.to_string(), hash: "abc" }).expect("a document");
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        assert_eq!(document["combined_score"], Value::Null);
        assert_eq!(document["left_out"], json!(["combined_score: NaN"]));
        assert_mapped(&document, &mapping());
    }
}
