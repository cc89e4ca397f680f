use sqlx::PgConnection;

use super::{
    decide::{SafetyDecided, all, check_many},
    queries, reason_of,
};
use crate::{
    access::{Operator, Right},
    audit,
    db::{MediaId, Seen, transaction},
    error::Result,
};

/// Says yes or no to what somebody else proposed about media; who proposed it may withdraw it. What is confirmed is done with its
/// consequences; what is declined waits where it did before.
///
/// # Errors
/// `Forbidden` without the right to judge; `Invalid` for too many media or a reason that is too long.
pub async fn confirm(
    db: &mut PgConnection,
    by: &Operator,
    media: &[Seen<MediaId>],
    agrees: bool,
    reason: Option<&str>,
) -> Result<SafetyDecided> {
    by.may(Right::JudgeSafety)?;
    check_many(media)?;
    let reason = reason_of(reason)?;
    transaction(db, async |tx| {
        audit::set_reason(tx, reason).await?;
        Ok(all(queries::confirm(tx, media, agrees).await?))
    })
    .await
}
