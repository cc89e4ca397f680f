//! Faces and photos as operators see them: SQL and nothing else.

pub(super) mod boxes;
pub(super) mod cluster;
pub(super) mod decide;
pub(super) mod enrolment;
pub(super) mod progress;
pub(super) mod queue;
pub(super) mod wall;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, query, query_as};

use super::{Bounds, Face, FaceStatus, calibration::Counted};
use crate::{
    db::{FaceId, MediaId, PostId, RowVersion, UserId},
    error::Result,
    people::{self, Person},
};

pub(super) struct FaceRow {
    pub(super) id: FaceId,
    pub(super) media_id: MediaId,
    pub(super) bbox: Vec<Option<i32>>,
    pub(super) status: String,
    pub(super) identified_user_id: Option<UserId>,
    pub(super) suggested_user_id: Option<UserId>,
    pub(super) confidence_score: Option<f64>,
    pub(super) version: RowVersion,
}

/// In no order.
pub(super) async fn by_ids(db: &PgPool, faces: &[FaceId]) -> Result<Vec<FaceRow>> {
    let ids: Vec<i64> = faces.iter().map(|face| face.0).collect();
    Ok(query_as!(
        FaceRow,
        r#"
        select face_id   as "id!: FaceId",
               media_id  as "media_id!: MediaId",
               array(select unnest(bbox)) as "bbox!: Vec<Option<i32>>",
               status    as "status!",
               identified_user_id as "identified_user_id: UserId",
               suggested_user_id  as "suggested_user_id: UserId",
               confidence_score,
               version   as "version!: RowVersion"
          from console.seen_face
         where face_id = any ($1)
        "#,
        &ids
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn on_media(db: &PgPool, media: MediaId) -> Result<Vec<FaceRow>> {
    Ok(query_as!(
        FaceRow,
        r#"
        select face_id   as "id!: FaceId",
               media_id  as "media_id!: MediaId",
               array(select unnest(bbox)) as "bbox!: Vec<Option<i32>>",
               status    as "status!",
               identified_user_id as "identified_user_id: UserId",
               suggested_user_id  as "suggested_user_id: UserId",
               confidence_score,
               version   as "version!: RowVersion"
          from console.seen_face
         where media_id = $1
         order by face_id
        "#,
        media.0
    )
    .fetch_all(db)
    .await?)
}

/// The rows as faces, each with the people that it names.
pub(super) async fn with_people(db: &PgPool, rows: Vec<FaceRow>) -> Result<Vec<Face>> {
    let mut ids: Vec<UserId> =
        rows.iter().flat_map(|row| [row.identified_user_id, row.suggested_user_id]).flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    let people = people::by_ids(db, &ids).await?;
    Ok(rows.into_iter().map(|row| face(row, &people)).collect())
}

fn face(row: FaceRow, people: &HashMap<UserId, Person>) -> Face {
    let (bounds, bounds_problem) = match Bounds::from_stored(&row.bbox) {
        Ok(bounds) => (Some(bounds), None),
        Err(problem) => (None, Some(problem)),
    };
    let named = |id: Option<UserId>| id.and_then(|id| people.get(&id).cloned());
    Face {
        id: row.id,
        media_id: row.media_id,
        bounds,
        bounds_problem,
        status: FaceStatus::from_stored(&row.status),
        identified: named(row.identified_user_id),
        suggested: named(row.suggested_user_id),
        similarity: row.confidence_score.filter(|score| (-1.0..=1.0).contains(score)),
        version: row.version,
    }
}

pub(super) struct PhotoRow {
    pub(super) media_id: MediaId,
    pub(super) post_id: PostId,
    pub(super) post_title: Option<String>,
    pub(super) media_type: String,
    pub(super) width: Option<i32>,
    pub(super) height: Option<i32>,
    pub(super) is_unsafe: bool,
    pub(super) caption: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) scenes: Vec<String>,
    pub(super) uploader_id: UserId,
    pub(super) created_at: DateTime<Utc>,
}

/// At most 500 tags and scenes of at most 200 characters: what a screen can show.
pub(super) async fn photo(db: &PgPool, media: MediaId) -> Result<Option<PhotoRow>> {
    Ok(query_as!(
        PhotoRow,
        r#"
        select media_id    as "media_id!: MediaId",
               post_id     as "post_id!: PostId",
               post_title,
               media_type  as "media_type!",
               width,
               height,
               unsafe      as "is_unsafe!",
               caption,
               array(select left(tag, 200) from unnest(tags) as tag where tag <> '' limit 500) as "tags!",
               array(select left(scene, 200) from unnest(scenes) as scene where scene <> '' limit 500) as "scenes!",
               uploader_id as "uploader_id!: UserId",
               created_at  as "created_at!"
          from console.photo
         where media_id = $1
        "#,
        media.0
    )
    .fetch_optional(db)
    .await?)
}

pub(super) struct CandidateRow {
    pub(super) user_id: UserId,
    pub(super) similarity: f64,
}

pub(super) async fn verdicts_by_similarity(db: &PgPool) -> Result<Vec<Counted>> {
    Ok(query_as!(
        Counted,
        r#"
        select similarity                    as "similarity!",
               agreed::double precision      as "agreed!",
               turned_down::double precision as "turned_down!"
          from console.verdicts_by_similarity()
        "#
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn candidates(db: &PgPool, face: FaceId, at_most: i32) -> Result<Vec<CandidateRow>> {
    Ok(query_as!(
        CandidateRow,
        r#"
        select user_id as "user_id!: UserId", similarity as "similarity!"
          from console.face_candidates($1, $2)
        "#,
        face.0,
        at_most
    )
    .fetch_all(db)
    .await?)
}

/// `None` when the account is gone.
pub(super) async fn person(tx: &mut PgConnection, id: UserId) -> Result<Option<(Person, String)>> {
    let row = query!(
        r#"
        select username as "username!", full_name, department, enrolled as "enrolled!", account_status as "account_status!"
          from console.person
         where user_id = $1
        "#,
        id.0
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| {
        let person = Person {
            id,
            username: row.username,
            full_name: row.full_name,
            department: row.department,
            enrolled: row.enrolled,
        };
        (person, row.account_status)
    }))
}
