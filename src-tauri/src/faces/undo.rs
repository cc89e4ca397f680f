//! Taking decisions back, the newest first.

use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::{PgConnection, PgPool};

use super::{Judgement, SkippedFace, queries};
use crate::{
    access::{Operator, Right},
    db::{DecisionId, FaceId, transaction},
    error::{Error, Result},
    people::{self, Person},
};

/// The decision that would be taken back next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Undoable {
    pub decision_id: DecisionId,
    pub judgement: Judgement,
    /// Where all its faces were said to be, or not to be, the same person.
    pub person: Option<Person>,
    pub faces: i32,
    pub decided_at: DateTime<Utc>,
}

/// A decision that was taken back, as far as nobody else has decided since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Undone {
    pub decision_id: DecisionId,
    pub judgement: Judgement,
    pub faces: Vec<FaceId>,
    /// What stays, and because of whom
    pub kept: Vec<SkippedFace>,
}

/// The operator's own newest decision of the last 24 hours that stands.
pub async fn undoable(db: &PgPool, by: &Operator) -> Result<Option<Undoable>> {
    by.may(Right::NameFaces)?;
    let Some(row) = queries::decide::undoable(db).await? else { return Ok(None) };
    let person = match row.person_id {
        Some(id) => people::by_ids(db, &[id]).await?.remove(&id),
        None => None,
    };
    Ok(Some(Undoable {
        decision_id: row.id,
        judgement: Judgement::from_stored(&row.judgement),
        person,
        faces: row.faces,
        decided_at: row.decided_at,
    }))
}

/// Takes it back: its faces become what they were, with an entry of the log each.
///
/// # Errors
/// `Forbidden` without the right to name faces; `NotFound` when there is nothing to take back.
pub async fn undo(db: &mut PgConnection, by: &Operator) -> Result<Undone> {
    by.may(Right::NameFaces)?;
    transaction(db, async |tx| undone(&queries::decide::undo(tx).await?)).await
}

fn undone(rows: &[queries::decide::UndoneRow]) -> Result<Undone> {
    let first = rows.first().ok_or_else(|| Error::NotFound("A decision of yours of the last 24 hours".into()))?;
    let mut undone = Undone {
        decision_id: first.decision_id,
        judgement: Judgement::from_stored(&first.judgement),
        faces: Vec::new(),
        kept: Vec::new(),
    };
    for row in rows {
        match why_kept(&row.outcome, row.name.as_deref()) {
            None => undone.faces.push(row.face_id),
            Some(reason) => undone.kept.push(SkippedFace { face_id: row.face_id, reason }),
        }
    }
    Ok(undone)
}

fn why_kept(outcome: &str, name: Option<&str>) -> Option<String> {
    let name = name.unwrap_or("Somebody");
    match outcome {
        "done" => None,
        "overtaken" => Some(format!("{name} has decided this face since, and that stays.")),
        "beside" => Some("Another face of its photo is in the group of before by now.".into()),
        "taken" => Some(format!("{name} is confirmed on another face of this photo by now.")),
        _ => Some("The face is not there any more.".into()),
    }
}
