//! Faces as operators see them, and the writes of verdicts.

pub(super) mod wall;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};

use super::{
    Bounds, ConfirmedFace, Conflict, ConflictKind, Face, FaceCursor, FaceQuery, FaceStatus, Holder,
    queue::{Queue, Within},
};
use crate::{
    db::{AuditId, DecisionId, FaceId, MediaId, PostId, RowVersion, Seen, UserId},
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

/// A face's place in a queue, and who is proposed for it.
pub(super) struct Place {
    pub(super) face_id: FaceId,
    pub(super) person_id: Option<UserId>,
    /// -2.0 where the score is none
    pub(super) similarity: Option<f64>,
    pub(super) impact: i32,
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

pub(super) async fn waiting(
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
        holder.0,
        at_most
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn place_of(db: &PgPool, face: FaceId) -> Result<Option<Place>> {
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

pub(super) async fn confirmed_like(
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

pub(super) async fn conflicting(
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
        holder.0,
        at_most
    )
    .fetch_all(db)
    .await?)
}

/// Suggested, and unidentified ones that somebody comes near to.
pub(super) async fn count_waiting(db: &PgPool, within: &Within) -> Result<(i64, i64)> {
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
pub(super) async fn count_conflicts(db: &PgPool, within: &Within) -> Result<BTreeMap<String, i64>> {
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
pub(super) async fn lease(db: &PgPool, holder: &Holder, faces: &[FaceId]) -> Result<HashSet<FaceId>> {
    let ids: Vec<i64> = faces.iter().map(|face| face.0).collect();
    let leased = query_scalar!(
        r#"select leased as "leased!: FaceId" from console.lease_faces($1, $2) as leased"#,
        &ids,
        holder.0
    )
    .fetch_all(db)
    .await?;
    Ok(leased.into_iter().collect())
}

pub(super) async fn keep(db: &PgPool, holder: &Holder, held: &[FaceId]) -> Result<()> {
    let ids: Vec<i64> = held.iter().map(|face| face.0).collect();
    query!(r#"select console.keep_faces($1, $2) as "kept: ()""#, &ids, holder.0).fetch_one(db).await?;
    Ok(())
}

/// The logins of who else looks at a photo.
pub(super) async fn company(db: &PgPool, holder: &Holder, photo: MediaId) -> Result<Vec<String>> {
    Ok(query_scalar!(
        r#"select operator as "operator!" from console.photo_company($1, $2) as operator"#,
        photo.0,
        holder.0
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn conflicts(db: &PgPool, faces: &[FaceId]) -> Result<BTreeMap<FaceId, Vec<Conflict>>> {
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

pub(super) async fn dismiss(tx: &mut PgConnection, face: &Seen<FaceId>) -> Result<(String, Option<AuditId>)> {
    let row = query!(
        r#"select outcome as "outcome!", audit_id as "audit_id: AuditId" from console.dismiss_conflicts($1, $2)"#,
        face.id.0,
        face.version.0
    )
    .fetch_one(tx)
    .await?;
    Ok((row.outcome, row.audit_id))
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
          from console.face
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
          from console.face
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

/// A face that is to be decided, as it is now.
pub(super) struct Standing {
    pub(super) id: FaceId,
    pub(super) media_id: MediaId,
    pub(super) status: String,
    pub(super) identified: Option<UserId>,
    pub(super) suggested: Option<UserId>,
    pub(super) certainty: f64,
    pub(super) version: RowVersion,
}

/// Those of the faces that the operator may see, in ascending order. Decisions on faces of one photo come one after the other, so
/// that nobody is named twice on it: this waits for the one before.
pub(super) async fn lock(tx: &mut PgConnection, faces: &[FaceId]) -> Result<Vec<Standing>> {
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
          from console.face
         where face_id = any ($1)
         order by face_id
        "#,
        &ids
    )
    .fetch_all(tx)
    .await?)
}

/// On which of the photos a person is confirmed, with the face.
pub(super) async fn confirmed_on(
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

/// Tells the database what the next statement says of faces beyond what it writes: one of the judgements, and of whom.
pub(super) async fn announce(tx: &mut PgConnection, judgement: &str, person: Option<UserId>) -> Result<()> {
    query!(
        "select set_config('console.judgement', $1, true) as judgement, set_config('console.person', $2, true) as person",
        judgement,
        person.map(|person| person.0.to_string()).unwrap_or_default()
    )
    .fetch_one(tx)
    .await?;
    Ok(())
}

/// Names the person on those of the faces that are still as they stand here; how many that were.
pub(super) async fn name(tx: &mut PgConnection, faces: &[Standing], person: UserId) -> Result<u64> {
    let (ids, versions) = ids_and_versions(faces);
    let done = query!(
        r#"
        update console.face as f
           set identified_user_id = $3,
               suggested_user_id  = null,
               confidence_score   = case
                                        when f.suggested_user_id = $3 then f.confidence_score
                                        else console.face_similarity(f.face_id, $3)
                                    end,
               status             = 'CONFIRMED'
          from unnest($1::bigint[], $2::text[]) as seen (id, version)
         where f.face_id = seen.id
           and f.version = seen.version
        "#,
        &ids,
        &versions,
        person.0
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

/// Takes all names off those of the faces that are still as they stand here; how many that were.
pub(super) async fn unname(tx: &mut PgConnection, faces: &[Standing]) -> Result<u64> {
    let (ids, versions) = ids_and_versions(faces);
    let done = query!(
        r#"
        update console.face as f
           set identified_user_id = null,
               suggested_user_id  = null,
               status             = 'UNIDENTIFIED'
          from unnest($1::bigint[], $2::text[]) as seen (id, version)
         where f.face_id = seen.id
           and f.version = seen.version
        "#,
        &ids,
        &versions
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

fn ids_and_versions(faces: &[Standing]) -> (Vec<i64>, Vec<String>) {
    faces.iter().map(|face| (face.id.0, face.version.0.clone())).unzip()
}

/// A face of a decision, and its entry in the log.
pub(super) struct Entry {
    pub(super) decision: DecisionId,
    pub(super) face: FaceId,
    pub(super) audit: AuditId,
}

/// What the operator's newest decision came to: inside the transaction that made it, that one.
pub(super) async fn own_decision(tx: &mut PgConnection) -> Result<Vec<Entry>> {
    Ok(query_as!(
        Entry,
        r#"
        select decision_id as "decision!: DecisionId", face_id as "face!: FaceId", audit_id as "audit!: AuditId"
          from console.own_decision()
        "#
    )
    .fetch_all(tx)
    .await?)
}

pub(super) struct LastVerdict {
    pub(super) face_id: FaceId,
    pub(super) decided_by: String,
    /// The username, where the account is still there.
    pub(super) person: Option<String>,
    pub(super) judgement: String,
}

/// Who decided these faces last, of those that somebody decided.
pub(super) async fn last_verdicts(tx: &mut PgConnection, faces: &[FaceId]) -> Result<Vec<LastVerdict>> {
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

pub(super) struct UndoneRow {
    pub(super) decision_id: DecisionId,
    pub(super) judgement: String,
    pub(super) face_id: FaceId,
    pub(super) outcome: String,
    pub(super) name: Option<String>,
}

pub(super) async fn undo(tx: &mut PgConnection) -> Result<Vec<UndoneRow>> {
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

pub(super) struct UndoableRow {
    pub(super) id: DecisionId,
    pub(super) judgement: String,
    pub(super) person_id: Option<UserId>,
    pub(super) faces: i32,
    pub(super) decided_at: DateTime<Utc>,
}

pub(super) async fn undoable(db: &PgPool) -> Result<Option<UndoableRow>> {
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
