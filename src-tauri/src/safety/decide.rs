use serde::Serialize;
use specta::Type;
use sqlx::{Connection, PgConnection};

use super::queries;
use crate::{
    access::{Operator, Right},
    audit,
    db::{AuditId, MediaId, Seen},
    error::{Error, Result},
};

/// What an admin said of a medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    pub media_id: MediaId,
    pub audit_id: AuditId,
    pub safe: bool,
}

/// Longer reasons are refused: the log is read by people.
const LONGEST_REASON: usize = 2_000;

/// Decides whether a medium may be shown; the AI's two words agree afterwards. The database writes the entry of the log
/// and remembers the decision in the same transaction.
///
/// # Errors
/// `Forbidden` without the right to judge; `Conflict` when the medium changed since it was seen, with who decided what;
/// `NotFound` when it is gone; `Invalid` for a reason that is too long.
pub async fn decide(
    db: &mut PgConnection,
    by: &Operator,
    media: &Seen<MediaId>,
    safe: bool,
    reason: Option<&str>,
) -> Result<Decision> {
    by.may(Right::JudgeSafety)?;
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(Error::Invalid(format!("The reason is longer than {LONGEST_REASON} characters. Shorten it.")));
    }
    let mut tx = db.begin().await?;
    audit::set_reason(&mut tx, reason).await?;
    if !queries::decide(&mut tx, media, safe).await? {
        return Err(changed(&mut tx, media.id).await?);
    }
    let audit_id = audit::entry_of(&mut tx, "media", media.id.0).await?;
    tx.commit().await?;
    Ok(Decision { media_id: media.id, audit_id, safe })
}

async fn changed(tx: &mut PgConnection, media: MediaId) -> Result<Error> {
    if !queries::exists(tx, media).await? {
        return Ok(Error::NotFound("This photo".into()));
    }
    Ok(Error::Conflict(match queries::last_decision(tx, media).await? {
        Some(last) => {
            format!("{} has decided meanwhile: it is {}.", last.decided_by, if last.safe { "safe" } else { "unsafe" })
        }
        None => "The AI changed its result since you saw it. Look at it again.".into(),
    }))
}
