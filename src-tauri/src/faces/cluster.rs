//! Unknown people: clusters of unidentified faces that look alike, to be named, split and merged as a whole.
//!
//! A face joins the cluster to whose mean it is nearest, in the database, as it is found: what clusters everything at once would hold
//! millions of vectors in memory, and begin anew with each photo.

use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::{PgConnection, PgPool};

use super::{
    Decided, Face, Holder, Said, decide_many,
    queries::{self, cluster},
};
use crate::{
    access::{Operator, Right},
    db::{ClusterId, FaceId, UserId},
    error::{Error, Result},
};

/// What may be one person, whom nobody has named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct UnknownPerson {
    pub id: ClusterId,
    /// Those that the operator may see
    pub faces: i32,
    /// The most typical ones, at most three
    pub sample: Vec<FaceId>,
}

/// A place in the list of unknown people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct UnknownCursor {
    pub faces: i32,
    pub id: ClusterId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct UnknownPeople {
    pub people: Vec<UnknownPerson>,
    pub next: Option<UnknownCursor>,
}

/// A face of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct UnknownFace {
    pub face: Face,
    /// Cosine similarity to the mean of the cluster, -1.0 to 1.0
    #[specta(type = i32)]
    pub similarity: f64,
}

/// A place in a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
pub struct UnknownFaceCursor {
    #[specta(type = i32)]
    pub similarity: f64,
    pub id: FaceId,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct UnknownFaces {
    pub faces: Vec<UnknownFace>,
    pub next: Option<UnknownFaceCursor>,
}

/// Another cluster that may be the same person.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct AlikePerson {
    pub person: UnknownPerson,
    /// Cosine similarity of the means, -1.0 to 1.0
    #[specta(type = i32)]
    pub similarity: f64,
}

/// Puts the unknown faces of these photos into clusters, and takes away those that are not unknown any more.
///
/// # Errors
/// When PostgreSQL refuses; nothing is done then.
pub(crate) async fn cluster_photos(db: &PgPool, photos: &[i64]) -> Result<()> {
    cluster::cluster_photos(db, photos).await
}

/// What is asked for at once, within bounds.
fn most(limit: i64) -> i32 {
    i32::try_from(limit.clamp(1, 200)).unwrap_or(200)
}

/// Clusters of more than one face, the largest first.
///
/// # Errors
/// `Forbidden` without the right to name faces.
pub async fn unknown_people(
    db: &PgPool,
    by: &Operator,
    after: Option<UnknownCursor>,
    limit: i64,
) -> Result<UnknownPeople> {
    by.may(Right::NameFaces)?;
    let limit = most(limit);
    let rows = cluster::unknown_people(db, after, limit).await?;
    let next = rows
        .last()
        .filter(|_| rows.len() == limit.unsigned_abs() as usize)
        .map(|row| UnknownCursor { faces: row.stored, id: row.id });
    // What was decided, or is hidden from this operator, may leave one face alone.
    let people = rows
        .into_iter()
        .filter(|row| row.faces > 1)
        .map(|row| UnknownPerson { id: row.id, faces: row.faces, sample: row.sample })
        .collect();
    Ok(UnknownPeople { people, next })
}

/// The faces of a cluster that nobody else is looking at, the most typical first; they are leased to `holder`.
///
/// # Errors
/// As [`unknown_people`].
pub async fn unknown_faces(
    db: &PgPool,
    by: &Operator,
    holder: &Holder,
    of: ClusterId,
    after: Option<UnknownFaceCursor>,
    limit: i64,
) -> Result<UnknownFaces> {
    by.may(Right::NameFaces)?;
    let limit = most(limit);
    let places = cluster::faces(db, holder, of, after, limit).await?;
    let next = places.last().filter(|_| places.len() == limit.unsigned_abs() as usize).copied();
    let ids: Vec<FaceId> = places.iter().map(|place| place.id).collect();
    let leased = queries::queue::lease(db, holder, &ids).await?;
    let rows = queries::by_ids(db, &ids).await?;
    let mut faces = queries::with_people(db, rows).await?;
    let faces = places
        .into_iter()
        .filter(|place| leased.contains(&place.id))
        .filter_map(|place| {
            let at = faces.iter().position(|face| face.id == place.id)?;
            Some(UnknownFace { face: faces.swap_remove(at), similarity: place.similarity })
        })
        .collect();
    Ok(UnknownFaces { faces, next })
}

/// Other clusters that may be the same person, the most alike first.
///
/// # Errors
/// As [`unknown_people`].
pub async fn unknown_alike(db: &PgPool, by: &Operator, of: ClusterId) -> Result<Vec<AlikePerson>> {
    const MOST: i32 = 6;
    by.may(Right::NameFaces)?;
    cluster::alike(db, of, MOST).await
}

/// Says of all faces of a cluster that they are this person, as far as nobody else is looking at them.
///
/// # Errors
/// As [`super::decide_many`]; `NotFound` where there are none.
pub async fn name_cluster(
    db: &mut PgConnection,
    by: &Operator,
    holder: &Holder,
    of: ClusterId,
    person: UserId,
) -> Result<Decided> {
    by.may(Right::NameFaces)?;
    let faces = cluster::all_faces(db, holder, of).await?;
    if faces.is_empty() {
        return Err(Error::NotFound("This group".into()));
    }
    decide_many(db, by, &faces, Said::Is(person)).await
}

/// Puts faces into another cluster, or into a new one: that splits one, or merges two. The cluster that they are in now.
///
/// # Errors
/// `Forbidden` without the right to name faces; `NotFound` where nothing of it is there; `Conflict` where two faces of one photo would be
/// one person.
pub async fn regroup(db: &PgPool, by: &Operator, faces: &[FaceId], into: Option<ClusterId>) -> Result<ClusterId> {
    by.may(Right::NameFaces)?;
    cluster::regroup(db, faces, into).await
}

/// Puts all faces of a cluster that the operator sees into another one; which they are.
///
/// # Errors
/// As [`regroup`].
pub async fn merge(db: &PgPool, by: &Operator, holder: &Holder, of: ClusterId, into: ClusterId) -> Result<Vec<FaceId>> {
    by.may(Right::NameFaces)?;
    let faces = cluster::all_faces(&mut *db.acquire().await?, holder, of).await?;
    let faces: Vec<FaceId> = faces.into_iter().map(|face| face.id).collect();
    cluster::regroup(db, &faces, Some(into)).await?;
    Ok(faces)
}
