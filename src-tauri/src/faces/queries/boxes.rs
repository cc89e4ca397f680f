//! Boxes that are moved, deleted and drawn: SQL and nothing else.

use sqlx::{PgConnection, query_as};

use crate::{
    db::{AuditId, DecisionId, FaceId, MediaId, Seen},
    error::Result,
};

/// What came of it: `done` with the entry of the log, or why not.
pub(in crate::faces) struct Answer {
    pub(in crate::faces) outcome: String,
    pub(in crate::faces) face_id: Option<FaceId>,
    pub(in crate::faces) decision_id: Option<DecisionId>,
    pub(in crate::faces) audit_id: Option<AuditId>,
}

/// Gives the face this box, and unless it is to keep its own, this embedding: `done`, `changed` or `gone`.
pub(in crate::faces) async fn move_face(
    tx: &mut PgConnection,
    face: &Seen<FaceId>,
    stored_box: &[i32; 4],
    embedding: Option<&[f32]>,
) -> Result<Answer> {
    Ok(query_as!(
        Answer,
        r#"
        select outcome     as "outcome!",
               $1::bigint  as "face_id: FaceId",
               decision_id as "decision_id: DecisionId",
               audit_id    as "audit_id: AuditId"
          from console.move_face($1, $2, $3, $4)
        "#,
        face.id.0,
        face.version.0,
        stored_box,
        embedding
    )
    .fetch_one(tx)
    .await?)
}

/// `done`, `changed` or `gone`
pub(in crate::faces) async fn delete_face(tx: &mut PgConnection, face: &Seen<FaceId>) -> Result<Answer> {
    Ok(query_as!(
        Answer,
        r#"
        select outcome     as "outcome!",
               $1::bigint  as "face_id: FaceId",
               decision_id as "decision_id: DecisionId",
               audit_id    as "audit_id: AuditId"
          from console.delete_face($1, $2)
        "#,
        face.id.0,
        face.version.0
    )
    .fetch_one(tx)
    .await?)
}

/// `done`, `gone`, `unseen` where the AI has not looked at the photo yet, or `there` where a face has that place
pub(in crate::faces) async fn draw_face(
    tx: &mut PgConnection,
    media: MediaId,
    stored_box: &[i32; 4],
    embedding: &[f32],
) -> Result<Answer> {
    Ok(query_as!(
        Answer,
        r#"
        select outcome     as "outcome!",
               face_id     as "face_id: FaceId",
               decision_id as "decision_id: DecisionId",
               audit_id    as "audit_id: AuditId"
          from console.draw_face($1, $2, $3)
        "#,
        media.0,
        stored_box,
        embedding
    )
    .fetch_one(tx)
    .await?)
}
