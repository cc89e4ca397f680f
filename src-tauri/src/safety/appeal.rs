use sqlx::PgPool;

use super::{queries, reason_of};
use crate::{
    access::{Operator, Right},
    db::MediaId,
    error::{Error, Result},
};

/// Takes down what an uploader says against a decision; it waits for somebody who had no part in it.
///
/// # Errors
/// `Forbidden` without the right to judge; `Invalid` without words; `Conflict` where there is nothing to appeal against, or an appeal
/// waits already.
pub async fn appeal(db: &PgPool, by: &Operator, media: MediaId, words: &str) -> Result<()> {
    by.may(Right::JudgeSafety)?;
    let Some(words) = reason_of(Some(words))? else {
        return Err(Error::Invalid("An appeal needs what the uploader says. Write it down.".into()));
    };
    if queries::appeal(db, media, words).await? {
        return Ok(());
    }
    Err(Error::Conflict(
        "There is nothing to appeal against: nobody decided that this photo is unsafe, or an appeal waits already."
            .into(),
    ))
}
