//! Enrolments: SQL and nothing else.

use sqlx::{PgConnection, PgPool, query, query_as};

use super::{
    super::enrolment::{EnrolmentEntry, EnrolmentOrigin, EnrolmentSource, FaceToEnrol, PresentEnrolment},
    CandidateRow,
};
use crate::{
    db::{AuditId, EnrolmentId, FaceId, MediaId, RowVersion, UserId},
    error::Result,
};

pub(in crate::faces) async fn present(db: &PgPool, person: UserId) -> Result<Option<PresentEnrolment>> {
    Ok(query_as!(
        PresentEnrolment,
        r#"
        select version     as "version!: RowVersion",
               is_active   as "is_active!",
               enrolled_at as "enrolled_at!",
               face_id     as "face_id: FaceId",
               has_picture as "has_picture!"
          from console.person_enrolment($1)
        "#,
        person.0
    )
    .fetch_optional(db)
    .await?)
}

/// Newest first
pub(in crate::faces) async fn history(
    db: &mut PgConnection,
    person: UserId,
    at_most: i32,
) -> Result<Vec<EnrolmentEntry>> {
    let rows = query!(
        r#"
        select entry_id   as "id: EnrolmentId",
               origin     as "origin!",
               is_active  as "is_active!",
               face_id    as "face_id: FaceId",
               enrolled_at,
               restores   as "restores: EnrolmentId",
               written_by,
               written_at as "written_at!",
               similarity
          from console.enrolment_history($1, $2)
        "#,
        person.0,
        at_most
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| EnrolmentEntry {
            id: row.id,
            origin: EnrolmentOrigin::from_stored(&row.origin),
            is_active: row.is_active,
            face_id: row.face_id,
            enrolled_at: row.enrolled_at,
            restores: row.restores,
            written_by: row.written_by,
            written_at: row.written_at,
            similarity: row.similarity,
        })
        .collect())
}

pub(in crate::faces) async fn faces_to_enrol(db: &PgPool, person: UserId, at_most: i32) -> Result<Vec<FaceToEnrol>> {
    Ok(query_as!(
        FaceToEnrol,
        r#"
        select face_id  as "face_id!: FaceId",
               media_id as "media_id!: MediaId",
               version  as "version!: RowVersion",
               similarity,
               width,
               height
          from console.faces_to_enrol($1, $2)
        "#,
        person.0,
        at_most
    )
    .fetch_all(db)
    .await?)
}

/// The parameters that a source comes to: face, entry.
fn parameters(source: &EnrolmentSource) -> (Option<i64>, Option<i64>) {
    (source.face().map(|face| face.id.0), source.entry().map(|entry| entry.0))
}

/// Why it can't be enrolled, `None` where it can; and how similar it is to what is enrolled now.
pub(in crate::faces) async fn obstacle(
    db: &PgPool,
    person: UserId,
    source: &EnrolmentSource,
) -> Result<(Option<String>, Option<f64>)> {
    let (face, entry) = parameters(source);
    let row = query!("select outcome, similarity from console.enrolment_obstacle($1, $2, $3)", person.0, face, entry)
        .fetch_one(db)
        .await?;
    Ok((row.outcome, row.similarity))
}

pub(in crate::faces) async fn neighbours(
    db: &PgPool,
    person: UserId,
    source: &EnrolmentSource,
    at_most: i32,
) -> Result<Vec<CandidateRow>> {
    let (face, entry) = parameters(source);
    Ok(query_as!(
        CandidateRow,
        r#"
        select user_id as "user_id!: UserId", similarity as "similarity!"
          from console.enrolment_neighbours($1, $2, $3, $4)
        "#,
        person.0,
        face,
        entry,
        at_most
    )
    .fetch_all(db)
    .await?)
}

/// A face that would become something else; where there is none, one row that only says what was looked at.
pub(in crate::faces) struct FlipRow {
    pub(in crate::faces) kind: Option<String>,
    pub(in crate::faces) faces: Option<i64>,
    pub(in crate::faces) face_id: Option<FaceId>,
    pub(in crate::faces) media_id: Option<MediaId>,
    pub(in crate::faces) person_id: Option<UserId>,
    pub(in crate::faces) similarity_now: Option<f64>,
    pub(in crate::faces) similarity_then: Option<f64>,
    pub(in crate::faces) is_decided: Option<bool>,
    pub(in crate::faces) looked_at: i64,
    pub(in crate::faces) is_partial: bool,
}

/// `at_most` of each kind
pub(in crate::faces) async fn flips(
    db: &PgPool,
    person: UserId,
    source: &EnrolmentSource,
    at_most: i32,
) -> Result<Vec<FlipRow>> {
    let (face, entry) = parameters(source);
    Ok(query_as!(
        FlipRow,
        r#"
        select kind,
               faces,
               face_id    as "face_id: FaceId",
               media_id   as "media_id: MediaId",
               person_id  as "person_id: UserId",
               similarity_now,
               similarity_then,
               is_decided,
               looked_at  as "looked_at!",
               is_partial as "is_partial!"
          from console.enrolment_flips($1, $2, $3, $4)
        "#,
        person.0,
        face,
        entry,
        at_most
    )
    .fetch_all(db)
    .await?)
}

/// What became of a write.
pub(in crate::faces) struct Written {
    /// `done`, or why not
    pub(in crate::faces) outcome: String,
    pub(in crate::faces) audit: Option<AuditId>,
}

pub(in crate::faces) async fn save(
    tx: &mut PgConnection,
    person: UserId,
    source: &EnrolmentSource,
    seen: Option<&RowVersion>,
) -> Result<Written> {
    let (face, entry) = parameters(source);
    Ok(query_as!(
        Written,
        r#"
        select outcome as "outcome!", audit_id as "audit: AuditId"
          from console.save_enrolment($1, $2, $3, $4, $5)
        "#,
        person.0,
        face,
        source.face().map(|face| face.version.0.as_str()),
        entry,
        seen.map(|version| version.0.as_str())
    )
    .fetch_one(tx)
    .await?)
}

/// What became of it, and of what was overtaken by whom.
pub(in crate::faces) async fn undo(
    tx: &mut PgConnection,
    person: UserId,
    seen: Option<&RowVersion>,
) -> Result<(Written, Option<String>)> {
    let row = query!(
        r#"
        select outcome as "outcome!", audit_id as "audit: AuditId", written_by
          from console.undo_enrolment($1, $2)
        "#,
        person.0,
        seen.map(|version| version.0.as_str())
    )
    .fetch_one(tx)
    .await?;
    Ok((Written { outcome: row.outcome, audit: row.audit }, row.written_by))
}

pub(in crate::faces) async fn switch(
    tx: &mut PgConnection,
    person: UserId,
    active: bool,
    seen: Option<&RowVersion>,
) -> Result<Written> {
    Ok(query_as!(
        Written,
        r#"
        select outcome as "outcome!", audit_id as "audit: AuditId"
          from console.switch_enrolment($1, $2, $3)
        "#,
        person.0,
        active,
        seen.map(|version| version.0.as_str())
    )
    .fetch_one(tx)
    .await?)
}
