use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

use super::queries;
use crate::{
    access::{Operator, Right},
    db::{MediaId, RowVersion},
    error::Result,
};

/// What belongs together, around one medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Group {
    /// Media that look almost the same.
    Alike,
    /// All media of its post.
    Post,
}

/// A medium of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub media_id: MediaId,
    /// Cosine similarity to the one that was asked about; `None` in a post.
    #[specta(type = Option<i32>)]
    pub similarity: Option<f64>,
    /// The AI's two words; `None` where it has not looked at it.
    pub status: Option<String>,
    pub is_safe: Option<bool>,
    /// Reads as a blurred picture until it is revealed.
    pub is_unsafe: bool,
    pub version: RowVersion,
}

/// The group around a medium, the medium itself first; at most 100.
///
/// # Errors
/// `Forbidden` without the right to judge.
pub async fn members(db: &PgPool, by: &Operator, media: MediaId, group: Group) -> Result<Vec<Member>> {
    by.may(Right::JudgeSafety)?;
    match group {
        Group::Alike => queries::alike(db, media).await,
        Group::Post => queries::of_post(db, media).await,
    }
}
