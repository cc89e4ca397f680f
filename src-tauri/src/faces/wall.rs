//! Walls: the faces that wait for one person, decided many at a time, and the line above which all of them are.

use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::{PgConnection, PgPool};

use super::{
    Decided, Holder, Queue, Said, WaitingFace, decide_many,
    queries::{self, wall},
    queue::faces_at,
};
use crate::{
    access::{Operator, Right},
    db::{FaceId, UserId},
    error::{Error, Result},
    people::{self, Person},
};

/// Whose wall it is: the person, and of which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Wall {
    pub person: UserId,
    /// Suggested or near; conflicts have no walls.
    pub queue: Queue,
}

/// Somebody for whom faces wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct PersonWaiting {
    pub person: Person,
    /// As it was in the last minute
    pub faces: i32,
}

/// A place in the list of people for whom faces wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PersonCursor {
    pub faces: i32,
    pub person: UserId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct PeopleWaiting {
    pub people: Vec<PersonWaiting>,
    pub next: Option<PersonCursor>,
}

/// What a blind sample must come to before all faces above the line can be confirmed at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LineRule {
    /// The share that must be right, 0.5 to 1.0
    #[specta(type = i32)]
    pub least_precision: f64,
    /// How sure the sample must make of that, 0.5 to 0.999
    #[specta(type = i32)]
    pub confidence: f64,
    /// Faces at least; it takes as many as show the precision.
    pub sample: i32,
}

/// How large a sample of what lies above a line must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
pub struct LineNeed {
    /// Faces above the line
    pub above: i32,
    /// So many of them, all of them right, show the precision of the rule.
    pub sample: i32,
}

/// What a blind sample came to.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct Line {
    /// Faces that are as similar, or more, lie above it.
    #[specta(type = i32)]
    pub similarity: f64,
    pub sample: i32,
    pub correct: i32,
    /// The sample was large enough, and right often enough, for all that lies above.
    pub holds: bool,
}

/// What is known of a wall's line.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct LineState {
    pub rule: LineRule,
    /// The lowest of the operator's own lines of the last 24 hours that holds, as long as what was said of its sample stands.
    pub line: Option<Line>,
    /// Of the line that was asked about
    pub need: Option<LineNeed>,
}

/// The people for whom faces wait, those with the most first.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Invalid` for conflicts.
pub async fn people_waiting(
    db: &PgPool,
    by: &Operator,
    queue: Queue,
    after: Option<PersonCursor>,
    limit: i64,
) -> Result<PeopleWaiting> {
    by.may(Right::NameFaces)?;
    let limit = i32::try_from(limit.clamp(1, 200)).unwrap_or(200);
    let rows = wall::people_waiting(db, word(queue)?, after, limit).await?;
    let next = rows.last().filter(|_| rows.len() == limit.unsigned_abs() as usize).copied();
    let ids: Vec<UserId> = rows.iter().map(|row| row.person).collect();
    let mut people = people::by_ids(db, &ids).await?;
    let people = rows
        .into_iter()
        .filter_map(|row| Some(PersonWaiting { person: people.remove(&row.person)?, faces: row.faces }));
    Ok(PeopleWaiting { people: people.collect(), next })
}

/// What is known of a wall's line, and what a line at a similarity needs.
///
/// # Errors
/// As [`people_waiting`].
pub async fn line(db: &PgPool, by: &Operator, holder: &Holder, of: Wall, similarity: Option<f64>) -> Result<LineState> {
    by.may(Right::NameFaces)?;
    let queue = word(of.queue)?;
    let need = match similarity {
        Some(similarity) => Some(wall::line_need(db, holder, of.person, queue, similarity).await?),
        None => None,
    };
    Ok(LineState { rule: wall::rule(db).await?, line: wall::standing_line(db, holder, of.person, queue).await?, need })
}

/// Faces above a line, in an order that does not tell how similar they are. They are leased to `holder`.
///
/// # Errors
/// As [`people_waiting`].
pub async fn line_sample(
    db: &PgPool,
    by: &Operator,
    holder: &Holder,
    of: Wall,
    similarity: f64,
) -> Result<Vec<WaitingFace>> {
    by.may(Right::NameFaces)?;
    let places = wall::line_sample(db, holder, of.person, word(of.queue)?, similarity).await?;
    let ids: Vec<FaceId> = places.iter().map(|place| place.face_id).collect();
    let leased = queries::queue::lease(db, holder, &ids).await?;
    let places = places.into_iter().filter(|place| leased.contains(&place.face_id)).collect();
    faces_at(db, of.queue, places).await
}

/// Writes down what a sample came to: one that was drawn above this very line, and whose faces are decided already.
///
/// # Errors
/// As [`people_waiting`].
pub async fn draw_line(
    db: &mut PgConnection,
    by: &Operator,
    holder: &Holder,
    of: Wall,
    similarity: f64,
    sample: &[FaceId],
) -> Result<Line> {
    by.may(Right::NameFaces)?;
    let queue = word(of.queue)?;
    let mut line = wall::draw_line(&mut *db, of.person, queue, similarity, sample).await?;
    line.holds = wall::standing_line(&mut *db, holder, of.person, queue)
        .await?
        .is_some_and(|standing| standing.similarity <= similarity);
    Ok(line)
}

/// Confirms all faces above a line that holds, as far as nobody else is looking at them.
///
/// # Errors
/// As [`super::decide_many`]; `Conflict` where no line holds there.
pub async fn confirm_above(
    db: &mut PgConnection,
    by: &Operator,
    holder: &Holder,
    of: Wall,
    similarity: f64,
) -> Result<Decided> {
    by.may(Right::NameFaces)?;
    let faces = wall::faces_above(db, holder, of.person, word(of.queue)?, similarity).await?;
    if faces.is_empty() {
        return Err(Error::Conflict(
            "There is nothing above this line, or no sample of it was right often enough. Take a sample first.".into(),
        ));
    }
    decide_many(db, by, &faces, Said::Is(of.person)).await
}

fn word(queue: Queue) -> Result<&'static str> {
    match queue {
        Queue::Suggested => Ok("suggested"),
        Queue::Near => Ok("near"),
        Queue::Conflicts => Err(Error::Invalid("Conflicts have no wall. Go through them one by one.".into())),
    }
}
