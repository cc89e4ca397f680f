//! What does not go together about faces, and letting it stand.

use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgConnection;

use super::queries;
use crate::{
    access::{Operator, Right},
    db::{AuditId, FaceId, Seen, transaction},
    error::{Error, Result},
    people::Person,
};

/// Something that does not go together about a face.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    pub kind: ConflictKind,
    /// The other face of two.
    pub other_face: Option<FaceId>,
    /// Who it is about.
    pub person: Option<Person>,
    /// What is wrong, in a sentence.
    pub sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ConflictKind {
    /// One user is confirmed on two faces of a photo.
    Twice,
    /// A confirmed face looks like somebody else.
    Far,
    /// Two boxes are the same place.
    Overlap,
    /// Status and names contradict each other.
    Status,
    /// It is suggested or confirmed to be nobody.
    Nobody,
    /// Its score is no similarity, or missing.
    Score,
    /// Who it is said to be has left.
    Account,
    /// The stored box is none.
    Box,
    /// The box is not within the photo.
    Outside,
    /// The embedding can't be compared.
    Vector,
    /// It may be either of two people whose enrolments are too alike.
    Alike,
}

impl ConflictKind {
    pub(super) const ALL: [Self; 11] = [
        Self::Twice,
        Self::Far,
        Self::Overlap,
        Self::Status,
        Self::Nobody,
        Self::Score,
        Self::Account,
        Self::Box,
        Self::Outside,
        Self::Vector,
        Self::Alike,
    ];

    pub(super) fn stored(self) -> &'static str {
        match self {
            Self::Twice => "twice",
            Self::Far => "far",
            Self::Overlap => "overlap",
            Self::Status => "status",
            Self::Nobody => "nobody",
            Self::Score => "score",
            Self::Account => "account",
            Self::Box => "box",
            Self::Outside => "outside",
            Self::Vector => "vector",
            Self::Alike => "alike",
        }
    }

    pub(super) fn from_stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.stored() == word)
    }

    /// `degree` is a similarity, or the share of two boxes that is common.
    pub(super) fn sentence(self, person: Option<&Person>, degree: Option<f64>) -> String {
        let name = person.map_or("Somebody", |person| person.username.as_str());
        match self {
            Self::Twice => format!("{name} is confirmed on another face of this photo, too."),
            Self::Far => match degree {
                Some(similarity) => {
                    format!("It is confirmed as {name}, whose enrolled face is only {similarity:.2} similar.")
                }
                None => format!("It is confirmed as {name}, whose enrolled face looks different."),
            },
            Self::Overlap => match degree {
                Some(share) => format!("Its box and that of another face have {:.0} % in common.", share * 100.0),
                None => "Its box is that of another face, too.".into(),
            },
            Self::Status => "Its status and its names contradict each other.".into(),
            Self::Nobody => "It is suggested or confirmed, but nobody is named.".into(),
            Self::Score => "Its score is missing or is no similarity.".into(),
            Self::Account => format!("The account of {name} is not active any more."),
            Self::Box => "Its stored box is none, so it can't be drawn.".into(),
            Self::Outside => "Its box is not within the photo.".into(),
            Self::Vector => "Its embedding is empty, so that nobody can be found for it.".into(),
            Self::Alike => match degree {
                Some(similarity) => {
                    format!("It may as well be {name}: the two enrolled faces are {similarity:.2} similar.")
                }
                None => format!("It may as well be {name}: the two enrolled faces look the same."),
            },
        }
    }
}

/// Lets stand what is listed of a face. It comes again only when the face is elsewhere or somebody else, not when the AI finds it anew.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Conflict` when the face changed since it was seen, or nothing is listed;
/// `NotFound` when it is gone.
pub async fn dismiss(db: &mut PgConnection, by: &Operator, face: &Seen<FaceId>) -> Result<AuditId> {
    by.may(Right::NameFaces)?;
    transaction(db, async |tx| match queries::queue::dismiss(tx, face).await? {
        (outcome, Some(entry)) if outcome == "done" => Ok(entry),
        (outcome, _) if outcome == "changed" => {
            Err(Error::Conflict("The face changed since you saw it. Look at it again.".into()))
        }
        (outcome, _) if outcome == "none" => Err(Error::Conflict("Nothing is listed of this face any more.".into())),
        _ => Err(Error::NotFound("This face".into())),
    })
    .await
}
