//! Decisions and taking them back: SQL and nothing else.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, query, query_as};

use crate::{
    db::{AuditId, DecisionId, FaceId, MediaId, RowVersion, UserId},
    error::Result,
};

/// A face that is to be decided, as it is now.
pub(in crate::faces) struct Standing {
    pub(in crate::faces) id: FaceId,
    pub(in crate::faces) media_id: MediaId,
    pub(in crate::faces) status: String,
    pub(in crate::faces) identified: Option<UserId>,
    pub(in crate::faces) suggested: Option<UserId>,
    pub(in crate::faces) certainty: f64,
    pub(in crate::faces) version: RowVersion,
}

/// Those of the faces that the operator may see, in ascending order. Decisions on faces of one photo come one after the other, so
/// that nobody is named twice on it: this waits for the one before.
pub(in crate::faces) async fn lock(tx: &mut PgConnection, faces: &[FaceId]) -> Result<Vec<Standing>> {
    let ids: Vec<i64> = faces.iter().map(|face| face.0).collect();
    query!(
        r#"
        select console.lock_photos(array(select distinct media_id from console.face where face_id = any ($1))) as "locked: ()"
        "#,
        &ids
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok(query_as!(
        Standing,
        r#"
        select face_id  as "id!: FaceId",
               media_id as "media_id!: MediaId",
               status   as "status!",
               identified_user_id as "identified: UserId",
               suggested_user_id  as "suggested: UserId",
               console.certainty(confidence_score) as "certainty!",
               version  as "version!: RowVersion"
          from console.seen_face
         where face_id = any ($1)
         order by face_id
        "#,
        &ids
    )
    .fetch_all(tx)
    .await?)
}

/// On which of the photos a person is confirmed, with the face.
pub(in crate::faces) async fn confirmed_on(
    tx: &mut PgConnection,
    person: UserId,
    photos: &[MediaId],
) -> Result<Vec<(MediaId, FaceId)>> {
    let photos: Vec<i64> = photos.iter().map(|photo| photo.0).collect();
    let rows = query!(
        r#"
        select media_id as "media_id!: MediaId", face_id as "face_id!: FaceId"
          from console.face
         where media_id = any ($1)
           and status = 'CONFIRMED'
           and identified_user_id = $2
        "#,
        &photos,
        person.0
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.media_id, row.face_id)).collect())
}

/// A face of a decision, and its entry in the log.
pub(in crate::faces) struct Entry {
    pub(in crate::faces) decision: DecisionId,
    pub(in crate::faces) face: FaceId,
    pub(in crate::faces) audit: AuditId,
}

/// Says the same of those of the faces that are still as they stand here: one of the judgements, and of whom.
pub(in crate::faces) async fn decide(
    tx: &mut PgConnection,
    faces: &[Standing],
    judgement: &str,
    person: Option<UserId>,
) -> Result<Vec<Entry>> {
    let (ids, versions): (Vec<i64>, Vec<String>) = faces.iter().map(|face| (face.id.0, face.version.0.clone())).unzip();
    Ok(query_as!(
        Entry,
        r#"
        select decision_id as "decision!: DecisionId", face_id as "face!: FaceId", audit_id as "audit!: AuditId"
          from console.decide_faces($1, $2, $3, $4)
         order by face_id
        "#,
        &ids,
        &versions,
        judgement,
        person.map(|person| person.0)
    )
    .fetch_all(tx)
    .await?)
}

pub(in crate::faces) struct LastVerdict {
    pub(in crate::faces) face_id: FaceId,
    pub(in crate::faces) decided_by: String,
    /// The username, where the account is still there.
    pub(in crate::faces) person: Option<String>,
    pub(in crate::faces) judgement: String,
}

/// Who decided these faces last, of those that somebody decided.
pub(in crate::faces) async fn last_verdicts(tx: &mut PgConnection, faces: &[FaceId]) -> Result<Vec<LastVerdict>> {
    let ids: Vec<i64> = faces.iter().map(|face| face.0).collect();
    Ok(query_as!(
        LastVerdict,
        r#"
        select asked.face_id as "face_id!: FaceId",
               last.decided_by as "decided_by!",
               p.username as "person?",
               last.judgement as "judgement!"
          from unnest($1::bigint[]) as asked (face_id)
         cross join lateral console.last_verdict(asked.face_id) as last
          left join console.person as p on p.user_id = last.person_id
        "#,
        &ids
    )
    .fetch_all(tx)
    .await?)
}

pub(in crate::faces) struct UndoneRow {
    pub(in crate::faces) decision_id: DecisionId,
    pub(in crate::faces) judgement: String,
    pub(in crate::faces) face_id: FaceId,
    pub(in crate::faces) outcome: String,
    pub(in crate::faces) name: Option<String>,
}

pub(in crate::faces) async fn undo(tx: &mut PgConnection) -> Result<Vec<UndoneRow>> {
    Ok(query_as!(
        UndoneRow,
        r#"
        select decision_id as "decision_id!: DecisionId",
               judgement as "judgement!",
               face_id as "face_id!: FaceId",
               outcome as "outcome!",
               name
          from console.undo_faces()
        "#
    )
    .fetch_all(tx)
    .await?)
}

pub(in crate::faces) struct UndoableRow {
    pub(in crate::faces) id: DecisionId,
    pub(in crate::faces) judgement: String,
    pub(in crate::faces) person_id: Option<UserId>,
    pub(in crate::faces) faces: i32,
    pub(in crate::faces) decided_at: DateTime<Utc>,
}

pub(in crate::faces) async fn undoable(db: &PgPool) -> Result<Option<UndoableRow>> {
    Ok(query_as!(
        UndoableRow,
        r#"
        select id as "id!: DecisionId",
               judgement as "judgement!",
               person_id as "person_id: UserId",
               faces as "faces!",
               decided_at as "decided_at!"
          from console.undoable_decision()
        "#
    )
    .fetch_optional(db)
    .await?)
}
