//! What operators say of faces, of one or of thousands in one decision.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgConnection;

use super::queries::{self, decide::Standing};
use crate::{
    access::{Operator, Right},
    db::{AuditId, DecisionId, FaceId, MediaId, Seen, UserId, transaction},
    error::{Error, Result},
    people::Person,
};

/// What one decision may be about: it holds the log until it is done.
const MOST_FACES: usize = 10_000;

/// What can be said of a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// It is this person.
    Is(UserId),
    /// It is not this person. `None`: not whom it is said to be now.
    IsNot(Option<UserId>),
    /// It is nobody whom the platform knows.
    Nobody,
    /// There is no face.
    NoFace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Judgement {
    Is,
    IsNot,
    Nobody,
    NoFace,
    /// What was listed as a conflict may stand.
    Dismissed,
    /// Its box is another one.
    Moved,
    Deleted,
    Drawn,
    /// Unknown faces are a group of their own.
    Split,
    /// Two groups of unknown faces are one person.
    Merged,
}

impl Judgement {
    /// The stored word; the table allows no other.
    pub(super) fn from_stored(word: &str) -> Self {
        match word {
            "is" => Self::Is,
            "nobody" => Self::Nobody,
            "no_face" => Self::NoFace,
            "dismiss" => Self::Dismissed,
            "move" => Self::Moved,
            "delete" => Self::Deleted,
            "draw" => Self::Drawn,
            "split" => Self::Split,
            "merge" => Self::Merged,
            _ => Self::IsNot,
        }
    }
}

/// A decision on one face.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    pub face_id: FaceId,
    pub audit_id: AuditId,
    pub judgement: Judgement,
    /// Whom it is about; `None` when a face was turned down for which nobody was named.
    pub person: Option<Person>,
}

/// A decision on many faces: what was done, and what was left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// `None` when nothing was done.
    pub decision_id: Option<DecisionId>,
    pub done: Vec<DecidedFace>,
    pub skipped: Vec<SkippedFace>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DecidedFace {
    pub face_id: FaceId,
    pub audit_id: AuditId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SkippedFace {
    pub face_id: FaceId,
    /// Who was faster, or why else it stays as it is
    pub reason: String,
}

/// Says something of a face. The database writes the entry of the log and remembers the verdict in the same transaction.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Conflict` when the person is on this photo already, or when the face
/// changed since it was seen, with who decided what; `NotFound` when face or person are gone.
pub async fn decide(db: &mut PgConnection, by: &Operator, face: &Seen<FaceId>, said: Said) -> Result<Verdict> {
    by.may(Right::NameFaces)?;
    transaction(db, async |tx| decide_one(tx, face, said).await).await
}

async fn decide_one(tx: &mut PgConnection, face: &Seen<FaceId>, said: Said) -> Result<Verdict> {
    let decision = Decision::take(tx, std::slice::from_ref(face), said).await?;
    let whom = match said {
        Said::Is(person) | Said::IsNot(Some(person)) => Some(person),
        Said::IsNot(None) => decision.faces.first().and_then(named),
        Said::Nobody | Said::NoFace => None,
    };
    let (written, left) = decision.write(tx).await?;
    if let Some((_, why)) = left.into_iter().next() {
        return Err(why.into());
    }
    let audit_id = written.first().map(|entry| entry.audit).ok_or_else(lost)?;
    let person = match whom {
        Some(id) => queries::person(tx, id).await?.map(|(person, _)| person),
        None => None,
    };
    Ok(Verdict { face_id: face.id, audit_id, judgement: said.judgement(), person })
}

/// Says the same of many faces, as far as they are as they were seen: one transaction, one entry of the log for each face.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Invalid` for more than can be decided at once; `Conflict` and `NotFound` when the
/// person can't be named at all.
pub async fn decide_many(db: &mut PgConnection, by: &Operator, faces: &[Seen<FaceId>], said: Said) -> Result<Decided> {
    by.may(Right::NameFaces)?;
    if faces.len() > MOST_FACES {
        return Err(Error::Invalid(format!(
            "At most {MOST_FACES} faces can be decided at once; these are {}. Select fewer.",
            faces.len()
        )));
    }
    let (written, left) = transaction(db, async |tx| {
        let decision = Decision::take(tx, faces, said).await?;
        decision.write(tx).await
    })
    .await?;
    let skipped = left.into_iter().map(|(face_id, why)| SkippedFace { face_id, reason: Error::from(why).to_string() });
    Ok(Decided {
        decision_id: written.first().map(|entry| entry.decision),
        skipped: skipped.collect(),
        done: written.into_iter().map(|entry| DecidedFace { face_id: entry.face, audit_id: entry.audit }).collect(),
    })
}

/// Why a face can't be decided as it was meant.
#[derive(Debug)]
pub(super) enum Why {
    /// By whom it was deleted, if by an operator
    Gone(Option<String>),
    /// The sentence says who decided what.
    Changed(String),
    /// The person, by username, is on the photo already.
    Elsewhere(String),
}

impl From<Why> for Error {
    fn from(why: Why) -> Self {
        match why {
            Why::Gone(None) => Self::NotFound("This face".into()),
            Why::Gone(Some(by)) => Self::NotFound(format!("This face, which {by} deleted,")),
            Why::Changed(sentence) => Self::Conflict(sentence),
            Why::Elsewhere(username) => Self::Conflict(format!(
                "{username} is already confirmed on another face of this photo. Correct that one first."
            )),
        }
    }
}

/// What can be decided, and what is left, with the photos locked.
struct Decision {
    said: Said,
    faces: Vec<Standing>,
    left: Vec<(FaceId, Why)>,
}

impl Decision {
    async fn take(tx: &mut PgConnection, seen: &[Seen<FaceId>], said: Said) -> Result<Self> {
        let ids: Vec<FaceId> = seen.iter().map(|face| face.id).collect();
        let mut now: BTreeMap<FaceId, Standing> =
            queries::decide::lock(tx, &ids).await?.into_iter().map(|face| (face.id, face)).collect();
        let person = match said {
            Said::Is(person) => Some(active(tx, person).await?),
            _ => None,
        };
        let mut decision = Self { said, faces: Vec::new(), left: Vec::new() };
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        let mut asked = BTreeSet::new();
        for face in seen.iter().filter(|face| asked.insert(face.id)) {
            match now.remove(&face.id) {
                None => gone.push(face.id),
                Some(standing) if standing.version != face.version || !said.fits(&standing) => changed.push(face.id),
                Some(standing) => decision.faces.push(standing),
            }
        }
        decision.left.extend(why_gone(tx, &gone).await?);
        decision.left.extend(why_changed(tx, &changed).await?);
        if let Some(person) = person {
            decision.leave_who_is_there(tx, &person).await?;
        }
        Ok(decision)
    }

    /// A person is on a photo once: of several faces the most similar one gets the name, where no other has it yet.
    async fn leave_who_is_there(&mut self, tx: &mut PgConnection, person: &Person) -> Result<()> {
        let photos: Vec<MediaId> = self.faces.iter().map(|face| face.media_id).collect();
        let confirmed = queries::decide::confirmed_on(tx, person.id, &photos).await?;
        self.faces.sort_by(|one, other| other.certainty.total_cmp(&one.certainty).then(one.id.cmp(&other.id)));
        let mut named: BTreeMap<MediaId, FaceId> = confirmed.into_iter().collect();
        let (free, taken): (Vec<Standing>, Vec<Standing>) =
            self.faces.drain(..).partition(|face| *named.entry(face.media_id).or_insert(face.id) == face.id);
        self.faces = free;
        self.left.extend(taken.into_iter().map(|face| (face.id, Why::Elsewhere(person.username.clone()))));
        Ok(())
    }

    /// The entries of the log; and what was left alone in the end: the AI does not take the photos' locks.
    async fn write(mut self, tx: &mut PgConnection) -> Result<(Vec<queries::decide::Entry>, Vec<(FaceId, Why)>)> {
        let (judgement, person) = self.said.stored();
        let entries = if self.faces.is_empty() {
            Vec::new()
        } else {
            queries::decide::decide(tx, &self.faces, judgement, person).await?
        };
        let done: BTreeSet<FaceId> = entries.iter().map(|entry| entry.face).collect();
        let missed: Vec<FaceId> = self.faces.iter().map(|face| face.id).filter(|face| !done.contains(face)).collect();
        self.left.extend(why_changed(tx, &missed).await?);
        Ok((entries, self.left))
    }
}

impl Said {
    fn judgement(self) -> Judgement {
        match self {
            Self::Is(_) => Judgement::Is,
            Self::IsNot(_) => Judgement::IsNot,
            Self::Nobody => Judgement::Nobody,
            Self::NoFace => Judgement::NoFace,
        }
    }

    /// The stored word, and whom it is about where that is said.
    fn stored(self) -> (&'static str, Option<UserId>) {
        match self {
            Self::Is(person) => ("is", Some(person)),
            Self::IsNot(person) => ("is_not", person),
            Self::Nobody => ("nobody", None),
            Self::NoFace => ("no_face", None),
        }
    }

    /// Somebody can be turned down who is named, or where nobody is.
    fn fits(self, face: &Standing) -> bool {
        match self {
            Self::IsNot(Some(person)) => named(face).is_none_or(|named| named == person),
            _ => true,
        }
    }
}

/// Whom a face is said to be.
fn named(face: &Standing) -> Option<UserId> {
    if face.status == "CONFIRMED" { face.identified.or(face.suggested) } else { face.suggested.or(face.identified) }
}

async fn active(tx: &mut PgConnection, id: UserId) -> Result<Person> {
    match queries::person(tx, id).await? {
        Some((person, status)) if status == "ACTIVE" => Ok(person),
        Some((person, status)) => Err(Error::Conflict(format!(
            "The account {} is {status}, so it can't be named. Choose another person or reject.",
            person.username
        ))),
        None => Err(Error::NotFound("This person".into())),
    }
}

/// Who was faster, and what they said.
pub(super) async fn why_changed(tx: &mut PgConnection, faces: &[FaceId]) -> Result<Vec<(FaceId, Why)>> {
    if faces.is_empty() {
        return Ok(Vec::new());
    }
    let last: BTreeMap<FaceId, String> = queries::decide::last_verdicts(tx, faces)
        .await?
        .into_iter()
        .map(|last| {
            let named = last.person.unwrap_or_else(|| "somebody whose account is gone".into());
            let said = match last.judgement.as_str() {
                "is" => format!("it is {named}"),
                "is_not" => format!("it is not {named}"),
                "nobody" => "it is nobody we know".into(),
                "no_face" => "it is not a face".into(),
                "move" => "its box is another one".into(),
                "draw" => "there is a face".into(),
                _ => "what was said before does not hold".into(),
            };
            (last.face_id, format!("{} has decided meanwhile: {said}.", last.decided_by))
        })
        .collect();
    let unknown = "The face changed since you saw it. Look at it again.";
    Ok(faces
        .iter()
        .map(|face| (*face, Why::Changed(last.get(face).cloned().unwrap_or_else(|| unknown.into()))))
        .collect())
}

/// Who deleted them, of those that an operator deleted.
pub(super) async fn why_gone(tx: &mut PgConnection, faces: &[FaceId]) -> Result<Vec<(FaceId, Why)>> {
    if faces.is_empty() {
        return Ok(Vec::new());
    }
    let last = queries::decide::last_verdicts(tx, faces).await?;
    let mut deleted: BTreeMap<FaceId, String> = last
        .into_iter()
        .filter(|last| last.judgement == "delete")
        .map(|last| (last.face_id, last.decided_by))
        .collect();
    Ok(faces.iter().map(|face| (*face, Why::Gone(deleted.remove(face)))).collect())
}

pub(super) fn lost() -> Error {
    Error::internal("The decision is not in the log.", sqlx::Error::RowNotFound)
}
