use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::queries;
use crate::{
    access::{Operator, Right},
    db::{FaceId, MediaId, UserId},
    error::Result,
    people::{self, Person},
};

/// How many people are proposed: one for each of the keys 1 to 9.
const AT_MOST: i32 = 9;

/// Somebody who may be on the photo.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct Candidate {
    pub person: Person,
    /// Cosine similarity of the face to their enrolment, -1.0 to 1.0; `None` where the stored score is not.
    pub similarity: Option<f64>,
}

/// The enrolled people whose faces are nearest, nearest first; without those who were turned down for this one.
pub async fn candidates(db: &PgPool, by: &Operator, face: FaceId) -> Result<Vec<Candidate>> {
    by.may(Right::NameFaces)?;
    let nearest = queries::candidates(db, face, AT_MOST).await?;
    let ids: Vec<UserId> = nearest.iter().map(|row| row.user_id).collect();
    let mut people = people::by_ids(db, &ids).await?;
    Ok(nearest
        .into_iter()
        .filter_map(|row| Some(Candidate { person: people.remove(&row.user_id)?, similarity: Some(row.similarity) }))
        .collect())
}

/// A confirmed face to compare another with.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmedFace {
    pub face_id: FaceId,
    pub media_id: MediaId,
    /// Cosine similarity to that other face, -1.0 to 1.0.
    #[specta(type = i32)]
    pub similarity: f64,
}

/// So many are shown beside the enrolled picture.
const SHOWN: i32 = 6;

/// The confirmed faces of a person that are most like a face, most similar first.
pub async fn confirmed_like(db: &PgPool, by: &Operator, face: FaceId, person: UserId) -> Result<Vec<ConfirmedFace>> {
    by.may(Right::NameFaces)?;
    queries::queue::confirmed_like(db, face, person, SHOWN).await
}
