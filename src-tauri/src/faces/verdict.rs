use serde::Serialize;
use specta::Type;
use sqlx::{Connection, PgConnection};

use super::queries;
use crate::{
    access::{Operator, Right},
    audit,
    db::{AuditId, FaceId, Seen, UserId},
    error::{Error, Result},
    people::Person,
};

/// What was said of a face and a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    pub face_id: FaceId,
    pub audit_id: AuditId,
    pub judgement: Judgement,
    /// `None` when a face was turned down for which nobody was named.
    pub person: Option<Person>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Judgement {
    Is,
    IsNot,
}

/// Names the person on a face. The database writes the entry of the log and remembers the verdict in the same
/// transaction.
///
/// # Errors
/// `Forbidden` without the right to name faces; `Conflict` when the person is on this photo already, or when the face
/// changed since it was seen, with who decided what; `NotFound` when face or person are gone.
pub async fn confirm(db: &mut PgConnection, by: &Operator, face: &Seen<FaceId>, person: UserId) -> Result<Verdict> {
    by.may(Right::NameFaces)?;
    let mut tx = db.begin().await?;
    let media = queries::lock_photo_of(&mut tx, face.id).await?.ok_or_else(gone)?;
    let person = active(&mut tx, person).await?;
    if queries::person_is_elsewhere_on(&mut tx, media, face.id, person.id).await? {
        return Err(Error::Conflict(format!(
            "{} is already confirmed on another face of this photo. Correct that one first.",
            person.username
        )));
    }
    if !queries::name(&mut tx, face, person.id).await? {
        return Err(changed(&mut tx, face.id).await?);
    }
    let audit_id = audit::entry_of(&mut tx, "face", face.id.0).await?;
    tx.commit().await?;
    Ok(Verdict { face_id: face.id, audit_id, judgement: Judgement::Is, person: Some(person) })
}

/// Says that the face is not the person's who is suggested for it, or confirmed.
///
/// # Errors
/// As [`confirm`].
pub async fn reject(db: &mut PgConnection, by: &Operator, face: &Seen<FaceId>) -> Result<Verdict> {
    by.may(Right::NameFaces)?;
    let mut tx = db.begin().await?;
    queries::lock_photo_of(&mut tx, face.id).await?.ok_or_else(gone)?;
    let Some(named) = queries::said_to_be(&mut tx, face).await? else {
        return Err(changed(&mut tx, face.id).await?);
    };
    if !queries::turn_down(&mut tx, face).await? {
        return Err(changed(&mut tx, face.id).await?);
    }
    let audit_id = audit::entry_of(&mut tx, "face", face.id.0).await?;
    let person = match named {
        Some(id) => queries::person(&mut tx, id).await?.map(|(person, _)| person),
        None => None,
    };
    tx.commit().await?;
    Ok(Verdict { face_id: face.id, audit_id, judgement: Judgement::IsNot, person })
}

fn gone() -> Error {
    Error::NotFound("This face".into())
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
async fn changed(tx: &mut PgConnection, face: FaceId) -> Result<Error> {
    let Some(last) = queries::last_verdict(tx, face).await? else {
        return Ok(Error::Conflict("The face changed since you saw it. Look at it again.".into()));
    };
    let named = match queries::person(tx, last.person_id).await? {
        Some((person, _)) => person.username,
        None => "somebody whose account is gone".into(),
    };
    let verb = if last.judgement == "is" { "is" } else { "is not" };
    Ok(Error::Conflict(format!("{} has decided meanwhile: it {verb} {named}.", last.decided_by)))
}
