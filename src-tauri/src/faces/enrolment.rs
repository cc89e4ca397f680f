//! With which face somebody is enrolled, what it was before, and what another one would change.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::{PgConnection, PgPool};

use super::{
    CONFIRMED_ABOVE, Candidate, SUGGESTED_FROM,
    queries::{
        self,
        enrolment::{FlipRow, Written},
    },
};
use crate::{
    access::{Operator, Right},
    db::{AuditId, EnrolmentId, FaceId, MediaId, RowVersion, Seen, UserId, transaction},
    error::{Error, Result},
    people::{self, Person},
};

/// The enrolment of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct Enrolment {
    /// `None`: they are not enrolled.
    pub present: Option<PresentEnrolment>,
    /// Newest first, at most 200.
    pub history: Vec<EnrolmentEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PresentEnrolment {
    pub version: RowVersion,
    /// Faces are matched with it.
    pub is_active: bool,
    pub enrolled_at: DateTime<Utc>,
    /// The confirmed face from which it was taken; `None` where it is of the AI service.
    pub face_id: Option<FaceId>,
    /// The AI service said from which picture.
    pub has_picture: bool,
}

/// A state of an enrolment.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentEntry {
    /// `None`: the first and only state, of which nothing had to be kept.
    pub id: Option<EnrolmentId>,
    pub origin: EnrolmentOrigin,
    pub is_active: bool,
    pub face_id: Option<FaceId>,
    /// Since when that face is enrolled; `None` where nothing is.
    pub enrolled_at: Option<DateTime<Utc>>,
    /// Of a rollback, to which entry.
    pub restores: Option<EnrolmentId>,
    /// The operator's login; `None` where it was not through the console.
    pub written_by: Option<String>,
    pub written_at: DateTime<Utc>,
    /// Cosine similarity to what is enrolled now, -1.0 to 1.0; `None` where there is nothing to compare.
    pub similarity: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum EnrolmentOrigin {
    /// The AI service, or whoever else wrote it past the console.
    Service,
    /// A confirmed face.
    Face,
    /// It was made active or inactive.
    Switch,
    Rollback,
    /// The platform took it away.
    Removed,
}

/// A confirmed face with which a person could be enrolled.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FaceToEnrol {
    pub face_id: FaceId,
    pub media_id: MediaId,
    pub version: RowVersion,
    /// Cosine similarity to the enrolment that it was matched with, -1.0 to 1.0; `None` where it was named without.
    pub similarity: Option<f64>,
    /// Of its box, in pixels of the upright picture; `None` where the box is none.
    pub width: Option<i32>,
    pub height: Option<i32>,
}

/// With what a person is to be enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum EnrolmentSource {
    /// A face that is confirmed as theirs.
    Face(Seen<FaceId>),
    /// What they were enrolled with before, active or not as it was.
    Entry(EnrolmentId),
}

/// What enrolling would change.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentPreview {
    /// Cosine similarity to what is enrolled now, -1.0 to 1.0; `None` where nothing is.
    pub similarity: Option<f64>,
    /// The others with an active enrolment who are nearest, nearest first.
    pub neighbours: Vec<Candidate>,
    /// Where one of them is so near that they may be taken for each other: a sentence that says so.
    pub warning: Option<String>,
    /// One of each kind, without those of which there are none.
    pub flips: Vec<Flips>,
    /// With how many faces it was compared.
    #[specta(type = i32)]
    pub looked_at: i64,
    /// There are more than those.
    pub is_partial: bool,
}

/// The faces of which one kind of thing would change.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
pub struct Flips {
    pub kind: FlipKind,
    /// How many in all
    #[specta(type = i32)]
    pub faces: i64,
    /// The first of them, at most 24.
    pub shown: Vec<Flipped>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FlipKind {
    /// They would be suggested as the person, or confirmed by the AI.
    Gained,
    /// They would not be suggested as the person any more.
    Lost,
    /// They are confirmed as the person, and would not look like them any more.
    Doubtful,
    /// They are confirmed as somebody else, and look more like the new enrolment.
    Drawn,
}

#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Flipped {
    pub face_id: FaceId,
    pub media_id: MediaId,
    /// Who it is said to be now.
    pub person: Option<Person>,
    /// Cosine similarity to the person's present enrolment, -1.0 to 1.0; `None` where there is no active one.
    pub now: Option<f64>,
    /// To the new one
    #[specta(type = i32)]
    pub then: f64,
    /// A human has said who it is, and that stays.
    pub is_decided: bool,
}

const HISTORY: i32 = 200;
/// A screenful of faces to choose from
const CHOICE: i32 = 60;
const NEIGHBOURS: i32 = 5;
/// Of each kind
const SHOWN: i32 = 24;

impl EnrolmentOrigin {
    /// The stored word; the table allows no other.
    pub(super) fn from_stored(word: &str) -> Self {
        match word {
            "face" => Self::Face,
            "switch" => Self::Switch,
            "rollback" => Self::Rollback,
            "removed" => Self::Removed,
            _ => Self::Service,
        }
    }
}

impl FlipKind {
    fn from_stored(word: &str) -> Option<Self> {
        Some(match word {
            "gained" => Self::Gained,
            "lost" => Self::Lost,
            "doubtful" => Self::Doubtful,
            "drawn" => Self::Drawn,
            _ => return None,
        })
    }
}

/// With which face a person is enrolled, and was.
///
/// # Errors
/// `Forbidden` without the right to name faces.
pub async fn enrolment(db: &PgPool, by: &Operator, person: UserId) -> Result<Enrolment> {
    by.may(Right::NameFaces)?;
    let present = queries::enrolment::present(db, person).await?;
    let history = queries::enrolment::history(&mut *db.acquire().await?, person, HISTORY).await?;
    Ok(Enrolment { present, history })
}

/// The confirmed faces with which a person could be enrolled and that the operator may see, the most similar first.
///
/// # Errors
/// `Forbidden` without the right to name faces.
pub async fn faces_to_enrol(db: &PgPool, by: &Operator, person: UserId) -> Result<Vec<FaceToEnrol>> {
    by.may(Right::NameFaces)?;
    queries::enrolment::faces_to_enrol(db, person, CHOICE).await
}

/// What enrolling would change, without doing it.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Conflict`, `Invalid` and `NotFound` where the person can't be enrolled with this.
pub async fn preview_enrolment(
    db: &PgPool,
    by: &Operator,
    id: UserId,
    source: &EnrolmentSource,
) -> Result<EnrolmentPreview> {
    by.may(Right::NameFaces)?;
    let person = enrollable(&mut *db.acquire().await?, id).await?;
    let (obstacle, similarity) = queries::enrolment::obstacle(db, id, source).await?;
    if let Some(obstacle) = obstacle {
        return Err(source.refusal(&obstacle, &person));
    }
    let nearest = queries::enrolment::neighbours(db, id, source, NEIGHBOURS).await?;
    let rows = queries::enrolment::flips(db, id, source, SHOWN).await?;
    let mut named: Vec<UserId> = rows.iter().filter_map(|row| row.person_id).collect();
    named.extend(nearest.iter().map(|near| near.user_id));
    named.sort_unstable();
    named.dedup();
    let people = people::by_ids(db, &named).await?;
    let neighbours: Vec<Candidate> = nearest
        .into_iter()
        .filter_map(|near| {
            Some(Candidate { person: people.get(&near.user_id)?.clone(), similarity: Some(near.similarity) })
        })
        .collect();
    Ok(EnrolmentPreview {
        similarity,
        warning: neighbours.first().and_then(warning),
        neighbours,
        looked_at: rows.first().map_or(0, |row| row.looked_at),
        is_partial: rows.first().is_some_and(|row| row.is_partial),
        flips: flips(rows, &people),
    })
}

fn flips(rows: Vec<FlipRow>, people: &HashMap<UserId, Person>) -> Vec<Flips> {
    let mut flips: BTreeMap<FlipKind, Flips> = BTreeMap::new();
    for row in rows {
        let Some(kind) = row.kind.as_deref().and_then(FlipKind::from_stored) else { continue };
        let (Some(face_id), Some(media_id), Some(then)) = (row.face_id, row.media_id, row.similarity_then) else {
            continue;
        };
        let faces = row.faces.unwrap_or_default();
        flips.entry(kind).or_insert_with(|| Flips { kind, faces, shown: Vec::new() }).shown.push(Flipped {
            face_id,
            media_id,
            person: row.person_id.and_then(|id| people.get(&id).cloned()),
            now: row.similarity_now,
            then,
            is_decided: row.is_decided.unwrap_or_default(),
        });
    }
    flips.into_values().collect()
}

/// By the thresholds with which faces are matched.
fn warning(nearest: &Candidate) -> Option<String> {
    let Candidate { person, similarity: Some(similarity) } = nearest else { return None };
    let consequence = match *similarity {
        s if s > CONFIRMED_ABOVE => "the AI would confirm faces of one as the other",
        s if s >= SUGGESTED_FROM => "faces of one may be suggested as the other",
        _ => return None,
    };
    Some(format!("{} is enrolled with a face that is {similarity:.2} similar: {consequence}.", person.username))
}

/// Enrols a person with a confirmed face, or with what they were enrolled with before: the platform's row, the history and the entry of
/// the log in one transaction. `seen` is the version of the enrolment that the operator saw, `None` where there was none.
///
/// # Errors
/// `Forbidden` without the right to enrol; `Conflict` when the enrolment or the face changed since it was seen, or the account is not
/// active; `Invalid` and `NotFound` where the person can't be enrolled with this.
pub async fn enrol(
    db: &mut PgConnection,
    by: &Operator,
    id: UserId,
    source: &EnrolmentSource,
    seen: Option<&RowVersion>,
) -> Result<AuditId> {
    by.may(Right::Enrol)?;
    transaction(db, async |tx| {
        let written = queries::enrolment::save(tx, id, source, seen).await?;
        done(tx, id, written, Some(source)).await
    })
    .await
}

/// Makes a person's enrolment count or not.
///
/// # Errors
/// As [`enrol`].
pub async fn switch_enrolment(
    db: &mut PgConnection,
    by: &Operator,
    id: UserId,
    active: bool,
    seen: &RowVersion,
) -> Result<AuditId> {
    by.may(Right::Enrol)?;
    transaction(db, async |tx| {
        let written = queries::enrolment::switch(tx, id, active, Some(seen)).await?;
        done(tx, id, written, None).await
    })
    .await
}

/// Takes the operator's own last change back, and the one before it the next time; where nobody was enrolled, makes the enrolment
/// inactive, because the platform's row is not the console's to delete.
///
/// # Errors
/// As [`enrol`]; `Conflict` where somebody else has changed it since, with who; `NotFound` where there is nothing to take back.
pub async fn undo_enrolment(
    db: &mut PgConnection,
    by: &Operator,
    id: UserId,
    seen: Option<&RowVersion>,
) -> Result<AuditId> {
    by.may(Right::Enrol)?;
    transaction(db, async |tx| {
        let (written, by_whom) = queries::enrolment::undo(tx, id, seen).await?;
        match written.outcome.as_str() {
            "nothing" => Err(Error::NotFound("A change of yours to this enrolment".into())),
            "overtaken" => Err(overtaken(tx, id, by_whom).await?),
            _ => done(tx, id, written, None).await,
        }
    })
    .await
}

/// Whose change was the last, where it was not the operator's.
async fn overtaken(tx: &mut PgConnection, id: UserId, by_whom: Option<String>) -> Result<Error> {
    let Some((person, _)) = queries::person(tx, id).await? else {
        return Ok(Error::NotFound("This person".into()));
    };
    let who = by_whom.unwrap_or_else(|| "The platform".into());
    Ok(Error::Conflict(format!(
        "{who} has changed the enrolment of {} last, and that is not yours to take back. Go back to an earlier entry instead.",
        person.username
    )))
}

/// Whom somebody can be enrolled as.
async fn enrollable(db: &mut PgConnection, id: UserId) -> Result<Person> {
    match queries::person(db, id).await? {
        Some((person, status)) if status == "ACTIVE" => Ok(person),
        Some((person, status)) => Err(inactive(&person, &status)),
        None => Err(Error::NotFound("This person".into())),
    }
}

fn inactive(person: &Person, status: &str) -> Error {
    Error::Conflict(format!(
        "The account {} is {status}, so no face can be enrolled for it. It has to be ACTIVE first.",
        person.username
    ))
}

/// The entry of the log, or why nothing was written.
async fn done(
    tx: &mut PgConnection,
    id: UserId,
    written: Written,
    source: Option<&EnrolmentSource>,
) -> Result<AuditId> {
    if let ("done", Some(audit)) = (written.outcome.as_str(), written.audit) {
        return Ok(audit);
    }
    let Some((person, status)) = queries::person(tx, id).await? else {
        return Err(Error::NotFound("This person".into()));
    };
    Err(match (written.outcome.as_str(), source) {
        ("account", _) => inactive(&person, &status),
        ("changed", _) => changed(tx, &person).await?,
        ("none", _) => Error::NotFound(format!("An enrolment of {}", person.username)),
        (outcome, Some(source)) => source.refusal(outcome, &person),
        (_, None) => Error::Invalid(format!(
            "What is enrolled of {} can't be compared with faces. Enrol a confirmed face instead.",
            person.username
        )),
    })
}

/// Who was faster.
async fn changed(tx: &mut PgConnection, person: &Person) -> Result<Error> {
    let last = queries::enrolment::history(tx, person.id, 1).await?.into_iter().next();
    let who = last.and_then(|entry| entry.written_by).unwrap_or_else(|| "The platform".into());
    Ok(Error::Conflict(format!("{who} has changed the enrolment of {} meanwhile. Look at it again.", person.username)))
}

impl EnrolmentSource {
    pub(super) fn face(&self) -> Option<&Seen<FaceId>> {
        match self {
            Self::Face(face) => Some(face),
            Self::Entry(_) => None,
        }
    }

    pub(super) fn entry(&self) -> Option<EnrolmentId> {
        match self {
            Self::Face(_) => None,
            Self::Entry(entry) => Some(*entry),
        }
    }

    /// Why this can't be enrolled, from the word of the database.
    fn refusal(&self, outcome: &str, person: &Person) -> Error {
        let name = &person.username;
        match (outcome, self) {
            ("face_changed", _) => Error::Conflict("The face changed since you saw it. Look at it again.".into()),
            ("not_confirmed", _) => Error::Conflict(format!(
                "This face is not confirmed as {name}. Confirm it first, or choose another one."
            )),
            ("no_vector", Self::Face(_)) => {
                Error::Invalid("The AI has no usable embedding of this face. Choose another one.".into())
            }
            ("no_vector", Self::Entry(_)) => {
                Error::Invalid("What was enrolled then can't be compared with faces. Choose another entry.".into())
            }
            ("removed", _) => {
                Error::Invalid(format!("{name} was not enrolled then. Make the enrolment inactive instead."))
            }
            (_, Self::Face(_)) => Error::NotFound("This face".into()),
            (_, Self::Entry(_)) => Error::NotFound("This earlier enrolment".into()),
        }
    }
}
