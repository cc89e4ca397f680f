//! What waits, who looks at it, and what does not go together: SQL and nothing else.

use std::collections::{BTreeMap, HashSet};

use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};

use super::super::{
    ConfirmedFace, Conflict, ConflictKind, FaceCursor, FaceQuery, Holder,
    queue::{OnWall, Queue, Within},
};
use crate::{
    db::{AuditId, FaceId, MediaId, Seen, UserId},
    error::Result,
    people,
};

/// A face's place in a queue, and who is proposed for it.
pub(in crate::faces) struct Place {
    pub(in crate::faces) face_id: FaceId,
    pub(in crate::faces) person_id: Option<UserId>,
    /// -2.0 where the score is none
    pub(in crate::faces) similarity: Option<f64>,
    pub(in crate::faces) impact: i32,
}

/// The parameters that a limit of a queue comes to: person, uploader, photos.
fn limits(within: &Within) -> (Option<i64>, Option<i64>, Option<Vec<i64>>) {
    match within {
        Within::All => (None, None, None),
        Within::Person(person) => (Some(person.0), None, None),
        Within::Uploader(user) => (None, Some(user.0), None),
        Within::Media(media) => (None, None, Some(media.iter().map(|media| media.0).collect())),
    }
}

pub(in crate::faces) async fn waiting(
    db: &PgPool,
    holder: &Holder,
    asked: &FaceQuery,
    after: Option<FaceCursor>,
    at_most: i32,
) -> Result<Vec<Place>> {
    let (person, uploader, media) = limits(&asked.within);
    let queue = if asked.queue == Queue::Near { "near" } else { "suggested" };
    Ok(query_as!(
        Place,
        r#"
        select face_id   as "face_id!: FaceId",
               person_id as "person_id: UserId",
               similarity,
               impact    as "impact!"
          from console.waiting_faces($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        "#,
        queue,
        asked.order.word(),
        person,
        uploader,
        media.as_deref(),
        after.map(|cursor| cursor.impact),
        after.and_then(|cursor| cursor.person).map(|person| person.0),
        after.map(|cursor| cursor.certainty),
        after.map(|cursor| cursor.id.0),
        holder.as_str(),
        at_most
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) async fn place_of(db: &PgPool, face: FaceId) -> Result<Option<Place>> {
    Ok(query_as!(
        Place,
        r#"
        select face_id   as "face_id!: FaceId",
               person_id as "person_id: UserId",
               similarity,
               impact    as "impact!"
          from console.waiting_face_now($1)
        "#,
        face.0
    )
    .fetch_optional(db)
    .await?)
}

pub(in crate::faces) async fn confirmed_like(
    db: &PgPool,
    face: FaceId,
    person: UserId,
    at_most: i32,
) -> Result<Vec<ConfirmedFace>> {
    Ok(query_as!(
        ConfirmedFace,
        r#"
        select face_id    as "face_id!: FaceId",
               media_id   as "media_id!: MediaId",
               similarity as "similarity!"
          from console.confirmed_faces_like($1, $2, $3)
        "#,
        face.0,
        person.0,
        at_most
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) async fn conflicting(
    db: &PgPool,
    holder: &Holder,
    asked: &FaceQuery,
    after: Option<FaceCursor>,
    at_most: i32,
) -> Result<Vec<Place>> {
    let (person, uploader, media) = limits(&asked.within);
    Ok(query_as!(
        Place,
        r#"
        select face_id   as "face_id!: FaceId",
               person_id as "person_id: UserId",
               similarity,
               impact    as "impact!"
          from console.conflicting_faces($1, $2, $3, $4, $5, $6, $7)
        "#,
        asked.conflict.map(ConflictKind::stored),
        person,
        uploader,
        media.as_deref(),
        after.map(|cursor| cursor.id.0),
        holder.as_str(),
        at_most
    )
    .fetch_all(db)
    .await?)
}

/// Suggested, and unidentified ones that somebody comes near to.
pub(in crate::faces) async fn count_waiting(db: &PgPool, within: &Within) -> Result<(i64, i64)> {
    let (person, uploader, media) = limits(within);
    let row = query!(
        r#"select suggested as "suggested!", near as "near!" from console.count_waiting_faces($1, $2, $3)"#,
        person,
        uploader,
        media.as_deref()
    )
    .fetch_one(db)
    .await?;
    Ok((row.suggested, row.near))
}

/// By kind, and `any`.
pub(in crate::faces) async fn count_conflicts(db: &PgPool, within: &Within) -> Result<BTreeMap<String, i64>> {
    let (person, uploader, media) = limits(within);
    let rows = query!(
        r#"select kind as "kind!", faces as "faces!" from console.count_face_conflicts($1, $2, $3)"#,
        person,
        uploader,
        media.as_deref()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.faces)).collect())
}

/// Which of the faces are this window's now.
pub(in crate::faces) async fn lease(db: &PgPool, holder: &Holder, faces: &[FaceId]) -> Result<HashSet<FaceId>> {
    let ids: Vec<i64> = faces.iter().map(|face| face.0).collect();
    let leased = query_scalar!(
        r#"select leased as "leased!: FaceId" from console.lease_faces($1, $2) as leased"#,
        &ids,
        holder.as_str()
    )
    .fetch_all(db)
    .await?;
    Ok(leased.into_iter().collect())
}

pub(in crate::faces) async fn keep(db: &PgPool, holder: &Holder, held: &[FaceId]) -> Result<()> {
    let ids: Vec<i64> = held.iter().map(|face| face.0).collect();
    query!(r#"select console.keep_faces($1, $2) as "kept: ()""#, &ids, holder.as_str()).fetch_one(db).await?;
    Ok(())
}

/// The logins of who else looks at a photo.
pub(in crate::faces) async fn company(db: &PgPool, holder: &Holder, photo: MediaId) -> Result<Vec<String>> {
    Ok(query_scalar!(
        r#"select operator as "operator!" from console.photo_company($1, $2) as operator"#,
        photo.0,
        holder.as_str()
    )
    .fetch_all(db)
    .await?)
}

/// Says which wall this window looks at; the logins of who else does.
pub(in crate::faces) async fn keep_wall(db: &PgPool, holder: &Holder, on: Option<OnWall>) -> Result<Vec<String>> {
    let (person, cluster) = match on {
        Some(OnWall::Person(person)) => (Some(person.0), None),
        Some(OnWall::Group(cluster)) => (None, Some(cluster.0)),
        None => (None, None),
    };
    Ok(query_scalar!(
        r#"select operator as "operator!" from console.keep_wall($1, $2, $3) as operator"#,
        person,
        cluster,
        holder.as_str()
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::faces) async fn conflicts(db: &PgPool, faces: &[FaceId]) -> Result<BTreeMap<FaceId, Vec<Conflict>>> {
    let ids: Vec<i64> = faces.iter().map(|face| face.0).collect();
    let rows = query!(
        r#"
        select face_id    as "face_id!: FaceId",
               kind       as "kind!",
               other_face as "other_face: FaceId",
               person_id  as "person_id: UserId",
               degree
          from console.conflict
         where face_id = any ($1)
         order by face_id, kind
        "#,
        &ids
    )
    .fetch_all(db)
    .await?;
    let mut named: Vec<UserId> = rows.iter().filter_map(|row| row.person_id).collect();
    named.sort_unstable();
    named.dedup();
    let people = people::by_ids(db, &named).await?;
    let mut conflicts: BTreeMap<FaceId, Vec<Conflict>> = BTreeMap::new();
    for row in rows {
        let Some(kind) = ConflictKind::from_stored(&row.kind) else { continue };
        let person = row.person_id.and_then(|id| people.get(&id).cloned());
        let sentence = kind.sentence(person.as_ref(), row.degree);
        conflicts.entry(row.face_id).or_default().push(Conflict { kind, other_face: row.other_face, person, sentence });
    }
    Ok(conflicts)
}

pub(in crate::faces) async fn dismiss(tx: &mut PgConnection, face: &Seen<FaceId>) -> Result<(String, Option<AuditId>)> {
    let row = query!(
        r#"select outcome as "outcome!", audit_id as "audit_id: AuditId" from console.dismiss_conflicts($1, $2)"#,
        face.id.0,
        face.version.0
    )
    .fetch_one(tx)
    .await?;
    Ok((row.outcome, row.audit_id))
}
