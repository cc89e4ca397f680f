//! The faces that wait for a decision, in the order in which they are asked for.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

use super::{
    Candidate, Conflict, ConflictKind, Face, FaceStatus, Holder,
    queries::{self, queue::Place},
};
use crate::{
    access::{Operator, Right},
    db::{ClusterId, FaceId, MediaId, UserId},
    error::{Error, Result},
    people::{self, Person},
};

/// A queue, as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FaceQuery {
    pub queue: Queue,
    pub order: Order,
    pub within: Within,
    /// Of conflicts, those of one kind.
    pub conflict: Option<ConflictKind>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Queue {
    /// Faces for which the AI suggests somebody.
    #[default]
    Suggested,
    /// Unidentified faces that somebody enrolled comes near to.
    Near,
    /// Faces of which something does not go together.
    Conflicts,
}

/// Of the first two queues; conflicts come newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// The most similar first.
    #[default]
    Certain,
    Uncertain,
    /// Found last first.
    Newest,
    /// Those of the people first for whom most faces wait.
    Impact,
}

/// Which faces a queue is limited to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Within {
    #[default]
    All,
    /// Those that may be this person.
    Person(UserId),
    /// Those on photos that this user uploaded.
    Uploader(UserId),
    /// Those on these photos, at most 10,000.
    Media(Vec<MediaId>),
}

const MOST_MEDIA: usize = 10_000;

/// A window of a queue. Its faces are leased to who asked.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct FaceQueue {
    pub faces: Vec<WaitingFace>,
    /// Where the next window starts; `None` at the end.
    pub next: Option<FaceCursor>,
}

/// A face that waits, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct WaitingFace {
    pub face: Face,
    /// Whom to say yes or no to.
    pub proposed: Option<Candidate>,
    pub conflicts: Vec<Conflict>,
}

/// A place in a queue: the face before it, and by what that one stands there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FaceCursor {
    /// How many faces wait for the person, where the order is by that
    pub impact: i32,
    pub person: Option<UserId>,
    /// -2.0 for a score that is no similarity
    #[specta(type = i32)]
    pub certainty: f64,
    pub id: FaceId,
}

/// How many faces wait, of everything that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Type)]
pub struct FaceCounts {
    #[specta(type = i32)]
    pub suggested: i64,
    #[specta(type = i32)]
    pub near: i64,
    /// Faces with at least one conflict.
    #[specta(type = i32)]
    pub conflicts: i64,
    pub kinds: Vec<ConflictCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct ConflictCount {
    pub kind: ConflictKind,
    #[specta(type = i32)]
    pub faces: i64,
}

/// The faces after a place in a queue that nobody else is looking at, from now on leased to `holder`.
///
/// # Errors
/// `Forbidden` without the right to name faces, `Invalid` for too many photos.
pub async fn waiting(
    db: &PgPool,
    by: &Operator,
    holder: &Holder,
    asked: &FaceQuery,
    after: Option<FaceCursor>,
    limit: i64,
) -> Result<FaceQueue> {
    by.may(Right::NameFaces)?;
    asked.within.check()?;
    let limit = i32::try_from(limit.clamp(1, 200)).unwrap_or(200);
    let places = match asked.queue {
        Queue::Conflicts => queries::queue::conflicting(db, holder, asked, after, limit).await?,
        Queue::Suggested | Queue::Near => queries::queue::waiting(db, holder, asked, after, limit).await?,
    };
    let next = places.last().filter(|_| places.len() == limit.unsigned_abs() as usize).map(FaceCursor::after);
    let ids: Vec<FaceId> = places.iter().map(|place| place.face_id).collect();
    let leased = queries::queue::lease(db, holder, &ids).await?;
    let places: Vec<Place> = places.into_iter().filter(|place| leased.contains(&place.face_id)).collect();
    Ok(FaceQueue { faces: faces_at(db, asked.queue, places).await?, next })
}

/// How many faces wait for this operator.
///
/// # Errors
/// As [`waiting`].
pub async fn counts(db: &PgPool, by: &Operator, within: &Within) -> Result<FaceCounts> {
    by.may(Right::NameFaces)?;
    within.check()?;
    let (suggested, near) = queries::queue::count_waiting(db, within).await?;
    let mut conflicts = queries::queue::count_conflicts(db, within).await?;
    let any = conflicts.remove("any").unwrap_or_default();
    let kinds = ConflictKind::ALL
        .into_iter()
        .filter_map(|kind| Some(ConflictCount { kind, faces: conflicts.remove(kind.stored())? }))
        .collect();
    Ok(FaceCounts { suggested, near, conflicts: any, kinds })
}

/// How many suggestions wait for this operator.
pub async fn count(db: &PgPool, by: &Operator) -> Result<i64> {
    by.may(Right::NameFaces)?;
    Ok(queries::queue::count_waiting(db, &Within::All).await?.0)
}

/// Says that the window is still there with these faces; the others that it had are free. Who else is looking at the photo.
///
/// # Errors
/// `Forbidden` without the right to name faces.
pub async fn keep(
    db: &PgPool,
    by: &Operator,
    holder: &Holder,
    held: &[FaceId],
    photo: Option<MediaId>,
) -> Result<Vec<String>> {
    by.may(Right::NameFaces)?;
    queries::queue::keep(db, holder, held).await?;
    match photo {
        Some(photo) => queries::queue::company(db, holder, photo).await,
        None => Ok(Vec::new()),
    }
}

/// A wall that is looked at: of whom, or of which group of unknown faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum OnWall {
    Person(UserId),
    Group(ClusterId),
}

/// Says that a window looks at a wall, or at none any more; the logins of who else looks at it.
///
/// # Errors
/// `Forbidden` without the right to name faces.
pub async fn keep_wall(db: &PgPool, by: &Operator, holder: &Holder, on: Option<OnWall>) -> Result<Vec<String>> {
    by.may(Right::NameFaces)?;
    queries::queue::keep_wall(db, holder, on).await
}

/// A face as it waits now, with whom to say yes or no to, and what does not go together.
///
/// # Errors
/// `Forbidden` without the right to name faces; `NotFound` where the face is gone or not for this operator's eyes.
pub async fn waiting_face(db: &PgPool, by: &Operator, face: FaceId) -> Result<WaitingFace> {
    by.may(Right::NameFaces)?;
    let place = queries::queue::place_of(db, face).await?;
    let found = faces_at(db, Queue::Conflicts, place.into_iter().collect()).await?;
    found.into_iter().next().ok_or_else(|| Error::NotFound("This face".into()))
}

pub(super) async fn faces_at(db: &PgPool, queue: Queue, places: Vec<Place>) -> Result<Vec<WaitingFace>> {
    let ids: Vec<FaceId> = places.iter().map(|place| place.face_id).collect();
    let rows = queries::by_ids(db, &ids).await?;
    let mut faces: HashMap<FaceId, Face> =
        queries::with_people(db, rows).await?.into_iter().map(|face| (face.id, face)).collect();
    let mut proposed: Vec<UserId> = places.iter().filter_map(|place| place.person_id).collect();
    proposed.sort_unstable();
    proposed.dedup();
    let people = people::by_ids(db, &proposed).await?;
    let mut conflicts = match queue {
        Queue::Conflicts => queries::queue::conflicts(db, &ids).await?,
        Queue::Suggested | Queue::Near => BTreeMap::new(),
    };
    Ok(places
        .into_iter()
        .filter_map(|place| {
            let face = faces.remove(&place.face_id)?;
            Some(WaitingFace {
                proposed: proposal(&face, &place, &people),
                conflicts: conflicts.remove(&place.face_id).unwrap_or_default(),
                face,
            })
        })
        .collect())
}

/// Of a face that is named already, that one, however unusable its score; otherwise who comes near.
fn proposal(face: &Face, place: &Place, people: &HashMap<UserId, Person>) -> Option<Candidate> {
    let named = match face.status {
        FaceStatus::Suggested => face.suggested.as_ref(),
        FaceStatus::Confirmed => face.identified.as_ref(),
        FaceStatus::Unidentified => None,
    };
    match named {
        Some(person) => Some(Candidate { person: person.clone(), similarity: face.similarity }),
        None => Some(Candidate { person: people.get(&place.person_id?)?.clone(), similarity: place.similarity }),
    }
}

impl Within {
    fn check(&self) -> Result<()> {
        match self {
            Self::Media(media) if media.len() > MOST_MEDIA => Err(Error::Invalid(format!(
                "The faces of at most {MOST_MEDIA} photos can be gone through at once; these are {}. Narrow the search.",
                media.len()
            ))),
            _ => Ok(()),
        }
    }
}

impl FaceCursor {
    fn after(place: &Place) -> Self {
        Self {
            impact: place.impact,
            person: place.person_id,
            certainty: place.similarity.unwrap_or_default(),
            id: place.face_id,
        }
    }
}

impl Order {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Uncertain => "uncertain",
            Self::Newest => "newest",
            Self::Impact => "impact",
        }
    }
}
