use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

use super::{Face, queries};
use crate::{
    access::{Operator, Right},
    db::FaceId,
    error::Result,
};

/// A window of the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct FaceQueue {
    /// How many faces wait in all.
    #[specta(type = i32)]
    pub total: i64,
    pub faces: Vec<Face>,
    /// Where the next window starts; `None` at the end.
    pub next: Option<FaceCursor>,
}

/// A place in the queue: the face before it, and how certain that one is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
pub struct FaceCursor {
    #[specta(type = i32)]
    pub certainty: f64,
    pub id: FaceId,
}

/// A score that is no similarity counts as the least certain.
const UNCERTAIN: f64 = -2.0;

/// The suggested faces, most certain first.
pub async fn waiting(db: &PgPool, by: &Operator, after: Option<FaceCursor>, limit: i64) -> Result<FaceQueue> {
    by.may(Right::NameFaces)?;
    let limit = limit.clamp(1, 100);
    let total = queries::count_suggested(db).await?;
    let rows = queries::suggested(db, after, limit).await?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == limit;
    let faces = queries::with_people(db, rows).await?;
    let next = faces
        .last()
        .filter(|_| full)
        .map(|last| FaceCursor { certainty: last.similarity.unwrap_or(UNCERTAIN), id: last.id });
    Ok(FaceQueue { total, faces, next })
}

/// How many faces wait for this operator.
pub async fn count(db: &PgPool, by: &Operator) -> Result<i64> {
    by.may(Right::NameFaces)?;
    queries::count_suggested(db).await
}
