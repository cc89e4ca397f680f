//! Matching in the database: SQL and nothing else.

use sqlx::{Connection, PgConnection, PgPool, query, query_as, query_scalar};

use super::{super::FaceStatus, assign::Candidate};

/// A face as it is stored.
#[derive(Debug)]
pub(super) struct FaceRow {
    pub id: i64,
    pub media_id: i64,
    pub status: String,
    pub identified_user_id: Option<i64>,
    pub suggested_user_id: Option<i64>,
    pub confidence_score: Option<f64>,
    /// Said to be somebody who was never enrolled: not by matching, so by somebody who knew.
    pub is_named_by_others: bool,
    pub version: String,
}

impl FaceRow {
    pub(super) fn is_unidentified(&self) -> bool {
        FaceStatus::from_stored(&self.status) == FaceStatus::Unidentified
    }
}

/// What a human said of a face, and still holds.
#[derive(Debug)]
pub(super) struct VerdictRow {
    pub face_id: i64,
    /// `None`: nobody whom the platform knows, or no face.
    pub person_id: Option<i64>,
    pub is_rejection: bool,
}

#[derive(Debug)]
pub(super) struct Near {
    pub face_id: i64,
    pub person_id: i64,
    pub similarity: f64,
}

#[derive(Debug)]
pub(super) struct Locked {
    pub id: i64,
    pub media_id: i64,
    pub version: String,
}

/// What a face is to be.
#[derive(Debug)]
pub(super) struct Match {
    pub face: i64,
    pub status: FaceStatus,
    person: Option<i64>,
    similarity: Option<f64>,
    /// Whether it is something else than it was.
    pub is_change: bool,
    /// Whom an unidentified face comes near to.
    pub near: Option<Candidate>,
}

impl Match {
    pub(super) fn by_enrolment(face: &FaceRow, found: Candidate) -> Self {
        let matched = Self {
            face: face.id,
            status: FaceStatus::from_similarity(found.similarity),
            person: Some(found.person),
            similarity: Some(found.similarity),
            is_change: false,
            near: None,
        };
        let is_same = matched.names_as(face) && same_score(face.confidence_score, found.similarity);
        Self { is_change: !is_same, ..matched }
    }

    pub(super) fn unidentified(face: &FaceRow, near: Option<Candidate>) -> Self {
        let matched = Self {
            face: face.id,
            status: FaceStatus::Unidentified,
            person: None,
            similarity: None,
            is_change: false,
            near,
        };
        Self { is_change: !matched.names_as(face), ..matched }
    }

    /// The score stays: it says how near the AI found them.
    pub(super) fn by_a_human(face: &FaceRow, person: Option<i64>) -> Self {
        let matched = Self {
            face: face.id,
            status: if person.is_some() { FaceStatus::Confirmed } else { FaceStatus::Unidentified },
            person,
            similarity: face.confidence_score.filter(|score| (-1.0..=1.0).contains(score)),
            is_change: false,
            near: None,
        };
        Self { is_change: !matched.names_as(face), ..matched }
    }

    pub(super) fn as_it_is(face: &FaceRow) -> Self {
        Self {
            face: face.id,
            status: FaceStatus::from_stored(&face.status),
            person: face.identified_user_id,
            similarity: face.confidence_score,
            is_change: false,
            near: None,
        }
    }

    fn identified(&self) -> Option<i64> {
        self.person.filter(|_| self.status == FaceStatus::Confirmed)
    }

    fn suggested(&self) -> Option<i64> {
        self.person.filter(|_| self.status == FaceStatus::Suggested)
    }

    fn names_as(&self, face: &FaceRow) -> bool {
        face.status == self.status.stored()
            && face.identified_user_id == self.identified()
            && face.suggested_user_id == self.suggested()
    }
}

/// The AI service computes in single precision.
fn same_score(stored: Option<f64>, computed: f64) -> bool {
    stored.is_some_and(|stored| (stored - computed).abs() < 1e-4)
}

pub(super) async fn photos_with_faces(db: &PgPool) -> sqlx::Result<u64> {
    let photos = query_scalar!(r#"select count(distinct media_id) as "count!" from public.media_detected_faces"#)
        .fetch_one(db)
        .await?;
    Ok(photos.unsigned_abs())
}

/// The next photos with faces, in ascending order.
pub(super) async fn photos_after(db: &PgPool, after: i64, at_most: i64) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        "select distinct media_id from public.media_detected_faces where media_id > $1 order by media_id limit $2",
        after,
        at_most,
    )
    .fetch_all(db)
    .await
}

pub(super) async fn last_face(db: &PgPool) -> sqlx::Result<i64> {
    query_scalar!(r#"select coalesce(max(id), 0) as "last!" from public.media_detected_faces"#).fetch_one(db).await
}

pub(super) async fn faces(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<Vec<FaceRow>> {
    query_as!(
        FaceRow,
        r#"
        select f.id, f.media_id, f.status, f.identified_user_id, f.suggested_user_id, f.confidence_score,
               f.identified_user_id is not null
               and not exists (
                   select from public.user_face_embeddings as e where e.user_id = f.identified_user_id
               ) as "is_named_by_others!",
               f.xmin::text as "version!"
          from public.media_detected_faces as f
         where f.media_id = any ($1)
         order by f.media_id, f.id
        "#,
        photos,
    )
    .fetch_all(db)
    .await
}

/// Makes boxes what operators made them, where the AI has run again.
pub(super) async fn keep_boxes(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<()> {
    query!(r#"select console.keep_boxes($1) as "kept: ()""#, photos).fetch_one(db).await?;
    Ok(())
}

/// In the order in which they were given. Who is gone or erased is nobody that a face could be.
pub(super) async fn verdicts(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<Vec<VerdictRow>> {
    query_as!(
        VerdictRow,
        r#"
        select v.face_id as "face_id!", v.person_id, v.judgement = 'is_not' as "is_rejection!"
          from console.standing_verdict as v
          left join public.users as u on u.user_id = v.person_id
         where v.media_id = any ($1)
           and (v.judgement <> 'is' or u.account_status <> 'DELETED')
         order by v.verdict_id
        "#,
        photos,
    )
    .fetch_all(db)
    .await
}

/// So many enrolments are compared one by one as quickly as the graph of an index is walked, and none is missed.
const FEW: i64 = 1_000;

/// The people with an active enrolment near to each face: those who may be suggested, and those who come near to that.
pub(super) async fn nearest(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<Vec<Near>> {
    let enrolled = query_scalar!(
        r#"
        select count(*) as "enrolled!"
          from (select from public.user_face_embeddings where is_active limit $1::bigint + 1) as enrolment
        "#,
        FEW,
    )
    .fetch_one(&mut *db)
    .await?;
    if enrolled <= FEW { nearest_of_few(db, photos).await } else { nearest_of_many(db, photos).await }
}

/// Each vector is read once and then held in memory, which is what `subvector` does of the whole one.
async fn nearest_of_few(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<Vec<Near>> {
    query_as!(
        Near,
        r#"
        with enrolled as materialized (
            select e.user_id, public.subvector(e.embedding, 1, 1024) as embedding
              from public.user_face_embeddings as e
              join public.users as u on u.user_id = e.user_id
             where e.is_active
               and u.account_status = 'ACTIVE'
        )
        select f.id as "face_id!", near.user_id as "person_id!", near.similarity as "similarity!"
          from public.media_detected_faces as f
         cross join lateral (select public.subvector(f.embedding, 1, 1024) as embedding offset 0) as held
         cross join lateral (
               select enrolled.user_id, 1 - (enrolled.embedding operator(public.<=>) held.embedding) as similarity
                 from enrolled
               offset 0
               ) as near
         where f.media_id = any ($1)
           -- NaN, of a vector without length, is greater than any number.
           and near.similarity between 0.5 and 1.001
        "#,
        photos,
    )
    .fetch_all(db)
    .await
}

/// The index gives the nearest in half precision, the full vectors say how near they are.
async fn nearest_of_many(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<Vec<Near>> {
    let mut tx = db.begin().await?;
    // The planner does not know what reading and normalising a vector costs, and might do that for all enrolments of each face.
    query!(
        "select set_config('enable_sort', 'off', true) as enable_sort, set_config('hnsw.ef_search', '40', true) as ef_search"
    )
    .fetch_one(&mut *tx)
    .await?;
    let near = query_as!(
        Near,
        r#"
        select f.id as "face_id!", near.user_id as "person_id!", near.similarity as "similarity!"
          from public.media_detected_faces as f
         cross join lateral (
               with nearest as materialized (
                   select e.user_id, e.embedding
                     from public.user_face_embeddings as e
                    where e.is_active
                    order by (public.l2_normalize(e.embedding)::public.halfvec(1024))
                             operator(public.<=>) (public.l2_normalize(f.embedding)::public.halfvec(1024))
                    limit 8
               )
               select nearest.user_id, 1 - (nearest.embedding operator(public.<=>) f.embedding) as similarity from nearest
               ) as near
          join public.users as u on u.user_id = near.user_id
         where f.media_id = any ($1)
           -- NaN, of a vector without length, is greater than any number.
           and near.similarity between 0.5 and 1.001
           and u.account_status = 'ACTIVE'
        "#,
        photos,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(near)
}

/// Locks the faces of these photos, as operators do, without waiting for anybody: what is missing is being written.
pub(super) async fn lock(tx: &mut PgConnection, photos: &[i64]) -> sqlx::Result<Vec<Locked>> {
    let free: Vec<i64> = query_scalar!(
        r#"
        select locked.media_id as "media_id!"
          from unnest($1::bigint[]) as locked (media_id)
         where pg_try_advisory_xact_lock(65, console.photo_lock(locked.media_id))
        "#,
        photos,
    )
    .fetch_all(&mut *tx)
    .await?;
    query_as!(
        Locked,
        r#"
        select id, media_id, xmin::text as "version!"
          from public.media_detected_faces
         where media_id = any ($1)
         order by id
           for no key update skip locked
        "#,
        &free,
    )
    .fetch_all(tx)
    .await
}

pub(super) async fn write(tx: &mut PgConnection, matches: &[&Match]) -> sqlx::Result<()> {
    // What matching itself writes need not be matched.
    query!("select set_config('console.is_matching', 'yes', true)").fetch_one(&mut *tx).await?;
    let faces: Vec<i64> = matches.iter().map(|found| found.face).collect();
    let identified: Vec<Option<i64>> = matches.iter().map(|found| found.identified()).collect();
    let suggested: Vec<Option<i64>> = matches.iter().map(|found| found.suggested()).collect();
    let scores: Vec<Option<f64>> = matches.iter().map(|found| found.similarity).collect();
    let statuses: Vec<String> = matches.iter().map(|found| found.status.stored().to_owned()).collect();
    query!(
        r#"
        update public.media_detected_faces as f
           set identified_user_id = m.identified,
               suggested_user_id  = m.suggested,
               confidence_score   = m.score,
               status             = m.status
          from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::double precision[], $5::text[])
               as m (face, identified, suggested, score, status)
         where f.id = m.face
        "#,
        &faces,
        &identified as &[Option<i64>],
        &suggested as &[Option<i64>],
        &scores as &[Option<f64>],
        &statuses,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Whom the unidentified faces of photos come near to, instead of what was written before.
pub(super) async fn write_near(db: &mut PgConnection, photos: &[i64], near: &[(i64, Candidate)]) -> sqlx::Result<()> {
    let faces: Vec<i64> = near.iter().map(|(face, _)| *face).collect();
    let people: Vec<i64> = near.iter().map(|(_, candidate)| candidate.person).collect();
    let similarities: Vec<f64> = near.iter().map(|(_, candidate)| candidate.similarity).collect();
    query!(
        r#"
        with gone as (
            delete from console.face_near
             where media_id = any ($1)
               and face_id <> all ($2)
        )
        insert into console.face_near as n (face_id, media_id, person_id, similarity)
        select f.id, f.media_id, u.user_id, found.similarity
          from unnest($2::bigint[], $3::bigint[], $4::double precision[]) as found (face_id, person_id, similarity)
          join public.media_detected_faces as f on f.id = found.face_id and f.status = 'UNIDENTIFIED'
          join public.users as u on u.user_id = found.person_id
            on conflict (face_id) do update set person_id = excluded.person_id, similarity = excluded.similarity
         where (n.person_id, n.similarity) is distinct from (excluded.person_id, excluded.similarity)
        "#,
        photos,
        &faces,
        &people,
        &similarities,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes what is listed of these photos what does not go together there.
pub(super) async fn list_conflicts(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<()> {
    query!(r#"select console.list_face_conflicts($1) as "listed: ()""#, photos).fetch_one(db).await?;
    Ok(())
}

/// Which unknown faces are to be put together is another task's.
pub(super) async fn mark_unclustered(db: &mut PgConnection, photos: &[i64]) -> sqlx::Result<()> {
    query!(
        r#"select console.mark_dirty('face_clusters', 'row', console.photos_to_cluster($1)) as "marked: ()""#,
        photos
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

pub(super) async fn mark_concerned(db: &PgPool, users: &[i64], after: i64, upto: i64) -> sqlx::Result<()> {
    query!(
        "select console.mark_dirty('face_matching', 'row', array(select console.faces_concerning($1, $2, $3)))",
        users,
        after,
        upto,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn mark_all(db: &PgPool, after: i64, upto: i64) -> sqlx::Result<()> {
    query!(
        r#"
        select console.mark_dirty('face_matching', 'row', array(
                   select distinct media_id from public.media_detected_faces where id > $1 and id <= $2))
        "#,
        after,
        upto,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose list changed has their faces marked to be surveyed.
pub(super) async fn list_alike(db: &PgPool, users: &[i64]) -> sqlx::Result<()> {
    query!(r#"select console.list_alike_enrolments($1) as "listed: ()""#, users).fetch_one(db).await?;
    Ok(())
}
