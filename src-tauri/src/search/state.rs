//! Whether the index of media answers, and how far it is behind its rows.

use serde::Serialize;
use serde_json::json;
use specta::Type;
use sqlx::PgPool;

use super::{answer::Answer, index::INDEX, queries};
use crate::{
    access::{Operator, Right},
    elastic::Elastic,
    error::Result,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IndexState {
    /// All of it. False also without Elasticsearch
    pub answers: bool,
    /// Documents that are to be sent yet; 0 without Elasticsearch
    #[specta(type = i32)]
    pub behind: i64,
}

/// Asks the index itself: a cluster that is there may have none.
///
/// # Errors
/// `Forbidden` without the right to search.
pub async fn index_state(db: &PgPool, elastic: Option<&Elastic>, by: &Operator) -> Result<IndexState> {
    by.may(Right::Search)?;
    let Some(elastic) = elastic else { return Ok(IndexState { answers: false, behind: 0 }) };
    let nothing = json!({"size": 0, "track_total_hits": false, "terminate_after": 1, "timeout": "2s"});
    let answer = elastic.search::<Answer>(INDEX, &nothing).await;
    let answers = answer.is_ok_and(|answer| !answer.is_partial());
    Ok(IndexState { answers, behind: queries::behind(db).await? })
}
