use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::{SafetyQueue, queries, reason_of};
use crate::{
    access::{Operator, Right},
    db::MediaId,
    error::{Error, Result},
};

/// An admin to whom an item can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Colleague {
    pub username: String,
    pub full_name: Option<String>,
}

/// The other admins who can sign in, by their usernames.
///
/// # Errors
/// `Forbidden` without the right to judge.
pub async fn colleagues(db: &PgPool, by: &Operator) -> Result<Vec<Colleague>> {
    by.may(Right::JudgeSafety)?;
    queries::queue::colleagues(db).await
}

/// Keeps an item for the operator, sends it to another admin with a note, or (`None`) gives it back to all.
///
/// # Errors
/// `Forbidden` without the right to judge; `NotFound` where it does not wait there any more; `Invalid` for somebody who could not
/// decide it.
pub async fn assign(
    db: &PgPool,
    by: &Operator,
    media: MediaId,
    queue: SafetyQueue,
    to: Option<&str>,
    note: Option<&str>,
) -> Result<()> {
    by.may(Right::JudgeSafety)?;
    if queries::queue::assign(db, media, queue, to, reason_of(note)?).await? {
        Ok(())
    } else {
        Err(Error::NotFound("This item".into()))
    }
}
