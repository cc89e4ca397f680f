//! Where faces are: boxes that operators move, resize, delete and draw.

use serde::Serialize;
use specta::Type;
use sqlx::{PgConnection, PgPool};

use super::{
    Bounds,
    decide::{lost, why_changed, why_gone},
    queries::{self, boxes::Answer},
};
use crate::{
    access::{Operator, Right},
    db::{AuditId, DecisionId, FaceId, MediaId, Seen, transaction},
    error::{Error, Result},
    media::{Embedder, Pictures, Size},
};

/// Pixels of the picture: on less there is nothing to tell a face by.
const SHORTEST_SIDE: i32 = 8;
/// Intersection over union with the box before: from this on both hold the same face in the same way.
const SAME: f64 = 0.9;

/// Why no face can be drawn, where no AI service is configured.
const NO_DRAWING: &str = "Drawing needs the AI service: set `embed_url` under [ai] in config.toml.";

/// What boxes are looked at with.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    pub pictures: &'a Pictures,
    /// `None` where no AI service is configured.
    pub ai: Option<&'a Embedder>,
}

/// A box that was deleted or drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Boxed {
    pub face_id: FaceId,
    pub decision_id: DecisionId,
    pub audit_id: AuditId,
}

/// A box that was moved or resized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    pub face_id: FaceId,
    pub decision_id: DecisionId,
    pub audit_id: AuditId,
    /// Where it lies: within the picture.
    pub bounds: Bounds,
    pub embedding: EmbeddingOf,
}

/// What the embedding of a moved face was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum EmbeddingOf {
    /// From what is in the box now.
    NewBox,
    /// From the box before, because there is no AI service to ask.
    OldBox,
    /// From the box before, which is nearly the same.
    SameBox,
}

/// Moves or resizes a box. What of it is beyond the picture is cut off. Where it is more than a little different, the AI service is
/// asked for the face's embedding anew, if there is one.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Invalid` for a box that is too small or the same; `Conflict` when the face changed
/// since it was seen; `NotFound` when it is gone; `Unavailable` when the picture or the AI service does not answer.
pub async fn move_box(
    db: &PgPool,
    by: &Operator,
    sight: Sight<'_>,
    face: &Seen<FaceId>,
    wanted: Bounds,
) -> Result<Moved> {
    by.may(Right::NameFaces)?;
    let (media, before) = standing(db, face).await?;
    let bounds = wanted.within(sight.pictures.size(db, media).await?)?;
    if before == Some(bounds) {
        return Err(Error::Invalid("The box is where it was. Move or resize it first.".into()));
    }
    let same = before.is_some_and(|before| before.overlap(bounds) >= SAME);
    let (embedding, embedding_of) = match sight.ai {
        _ if same => (None, EmbeddingOf::SameBox),
        Some(ai) => (Some(look(db, sight.pictures, ai, media, bounds).await?), EmbeddingOf::NewBox),
        None => (None, EmbeddingOf::OldBox),
    };
    let moved = async |tx: &mut PgConnection| {
        let answer = queries::boxes::move_face(tx, face, &bounds.stored(), embedding.as_deref()).await?;
        done(tx, face.id, answer).await
    };
    let Boxed { face_id, decision_id, audit_id } = transaction(&mut *db.acquire().await?, moved).await?;
    Ok(Moved { face_id, decision_id, audit_id, bounds, embedding: embedding_of })
}

/// Deletes a face: there is none, whatever the AI finds there the next time. Or there was one box too many, where another one lies.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Conflict` when the face changed since it was seen; `NotFound` when it is gone.
pub async fn delete_face(db: &PgPool, by: &Operator, face: &Seen<FaceId>) -> Result<Boxed> {
    by.may(Right::NameFaces)?;
    transaction(&mut *db.acquire().await?, async |tx| {
        let answer = queries::boxes::delete_face(tx, face).await?;
        done(tx, face.id, answer).await
    })
    .await
}

/// Adds a face that the AI has missed. What of the box is beyond the picture is cut off.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Invalid` for a box that is too small, and where no AI service is configured;
/// `Conflict` where a face has this place; `NotFound` when the photo is gone; `Unavailable` when the picture or the AI service does
/// not answer.
pub async fn draw_face(db: &PgPool, by: &Operator, sight: Sight<'_>, media: MediaId, wanted: Bounds) -> Result<Boxed> {
    by.may(Right::NameFaces)?;
    let ai = sight.ai.ok_or_else(|| Error::Invalid(NO_DRAWING.into()))?;
    let bounds = wanted.within(sight.pictures.size(db, media).await?)?;
    let embedding = look(db, sight.pictures, ai, media, bounds).await?;
    transaction(&mut *db.acquire().await?, async |tx| {
        drawn(queries::boxes::draw_face(tx, media, &bounds.stored(), &embedding).await?)
    })
    .await
}

fn drawn(answer: Answer) -> Result<Boxed> {
    let Answer { outcome, face_id, decision_id, audit_id } = answer;
    match (outcome.as_str(), face_id, decision_id, audit_id) {
        ("done", Some(face_id), Some(decision_id), Some(audit_id)) => Ok(Boxed { face_id, decision_id, audit_id }),
        ("done", ..) => Err(lost()),
        ("there", ..) => Err(Error::Conflict(
            "There is a face at this place already. Move its box instead of drawing another one.".into(),
        )),
        ("unseen", ..) => Err(Error::Conflict(
            "The AI has not looked at this photo yet, so no face can be drawn on it. Try again later.".into(),
        )),
        _ => Err(Error::NotFound("This photo".into())),
    }
}

/// Why no face can be drawn, in a sentence; `None` where it can.
pub fn drawing_problem(ai: Option<&Embedder>) -> Option<&'static str> {
    if ai.is_none() { Some(NO_DRAWING) } else { None }
}

/// The photo and the box of a face as it was seen, before anybody is asked about it.
async fn standing(db: &PgPool, face: &Seen<FaceId>) -> Result<(MediaId, Option<Bounds>)> {
    let mut connection = db.acquire().await?;
    let Some(row) = queries::by_ids(db, &[face.id]).await?.into_iter().next() else {
        return Err(gone(&mut connection, face.id).await?);
    };
    if row.version != face.version {
        return Err(changed(&mut connection, face.id).await?);
    }
    Ok((row.media_id, Bounds::from_stored(&row.bbox).ok()))
}

/// The embedding of what is in the box.
async fn look(db: &PgPool, pictures: &Pictures, ai: &Embedder, media: MediaId, bounds: Bounds) -> Result<Vec<f32>> {
    let jpeg = pictures.face(db, media, bounds.stored()).await?;
    Ok(ai.embed(jpeg).await?)
}

async fn done(tx: &mut PgConnection, face: FaceId, answer: Answer) -> Result<Boxed> {
    let Answer { outcome, decision_id, audit_id, .. } = answer;
    match (outcome.as_str(), decision_id, audit_id) {
        ("done", Some(decision_id), Some(audit_id)) => Ok(Boxed { face_id: face, decision_id, audit_id }),
        ("done", ..) => Err(lost()),
        ("changed", ..) => Err(changed(tx, face).await?),
        _ => Err(gone(tx, face).await?),
    }
}

async fn changed(db: &mut PgConnection, face: FaceId) -> Result<Error> {
    Ok(why_changed(db, &[face]).await?.pop().map_or_else(lost, |(_, why)| why.into()))
}

async fn gone(db: &mut PgConnection, face: FaceId) -> Result<Error> {
    Ok(why_gone(db, &[face]).await?.pop().map_or_else(lost, |(_, why)| why.into()))
}

impl Bounds {
    fn stored(self) -> [i32; 4] {
        [self.x, self.y, self.width, self.height]
    }

    /// What of it lies on the picture.
    ///
    /// # Errors
    /// `Invalid` where that is too small to hold a face.
    fn within(self, picture: Size) -> Result<Self> {
        let along = |start: i32, length: i32, room: u32| {
            let room = i64::from(room.min(i32::MAX.unsigned_abs()));
            let end = (i64::from(start) + i64::from(length)).clamp(0, room);
            let start = i64::from(start).clamp(0, room);
            // Both lie between 0 and what is an `i32`.
            (i32::try_from(start).unwrap_or(i32::MAX), i32::try_from((end - start).max(0)).unwrap_or(i32::MAX))
        };
        let (x, width) = along(self.x, self.width, picture.width);
        let (y, height) = along(self.y, self.height, picture.height);
        if width < SHORTEST_SIDE || height < SHORTEST_SIDE {
            return Err(Error::Invalid(format!(
                "A box must be at least {SHORTEST_SIDE} pixels wide and high; on the picture this one is {width} x {height}. \
                 Make it larger."
            )));
        }
        Ok(Self { x, y, width, height })
    }

    /// Intersection over union, 0.0 to 1.0; both have an area.
    fn overlap(self, other: Self) -> f64 {
        let common = |start: i32, length: i32, other: i32, other_length: i32| {
            let end = (f64::from(start) + f64::from(length)).min(f64::from(other) + f64::from(other_length));
            (end - f64::from(start.max(other))).max(0.0)
        };
        let area = |bounds: Self| f64::from(bounds.width) * f64::from(bounds.height);
        let both =
            common(self.x, self.width, other.x, other.width) * common(self.y, self.height, other.y, other.height);
        both / (area(self) + area(other) - both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size { width: 640, height: 480 };

    fn bounds(x: i32, y: i32, width: i32, height: i32) -> Bounds {
        Bounds { x, y, width, height }
    }

    #[test]
    fn what_leaves_the_picture_is_cut_off() {
        for (wanted, kept) in [
            (bounds(10, 20, 30, 40), bounds(10, 20, 30, 40)),
            (bounds(0, 0, 640, 480), bounds(0, 0, 640, 480)),
            (bounds(-10, -20, 30, 40), bounds(0, 0, 20, 20)),
            (bounds(630, 470, 300, 400), bounds(630, 470, 10, 10)),
            (bounds(-5, -5, i32::MAX, i32::MAX), bounds(0, 0, 640, 480)),
        ] {
            assert_eq!(wanted.within(PICTURE).ok(), Some(kept), "{wanted:?}");
        }
    }

    #[test]
    fn a_box_too_small_for_a_face_is_refused_in_a_sentence() {
        for wanted in [
            bounds(10, 20, 7, 40),
            bounds(10, 20, 40, 7),
            bounds(10, 20, 0, 40),
            bounds(10, 20, -40, 40),
            bounds(634, 20, 40, 40),
            bounds(700, 20, 40, 40),
            bounds(i32::MAX, i32::MIN, i32::MAX, i32::MIN),
        ] {
            let refused = wanted.within(PICTURE).expect_err("too small").to_string();
            assert!(refused.starts_with("A box must be at least 8 pixels wide and high"), "{refused}");
        }
        assert!(bounds(10, 20, 8, 8).within(PICTURE).is_ok());
    }

    #[test]
    fn boxes_overlap_by_what_they_share_of_both() {
        let one = bounds(0, 0, 100, 100);
        for (other, share) in [
            (one, 1.0),
            (bounds(50, 0, 100, 100), 1.0 / 3.0),
            (bounds(0, 0, 100, 50), 0.5),
            (bounds(100, 0, 100, 100), 0.0),
            (bounds(i32::MAX - 8, 0, 8, 8), 0.0),
        ] {
            assert!((one.overlap(other) - share).abs() < 1e-9, "{other:?}");
            assert!((other.overlap(one) - share).abs() < 1e-9, "{other:?}");
        }
    }
}
