use sqlx::PgPool;

use super::{queries, reason_of};
use crate::{
    access::{Operator, Right},
    db::{MediaId, PolicyId},
    error::{Error, Result},
};

/// What one report may be about.
const MOST_MEDIA: usize = 200;

/// Reports photos under a policy. Those that were reported now: what the operator reported already is not reported twice.
///
/// # Errors
/// `Forbidden` without the right to report; `Invalid` without a reason, for too many photos or a policy that is none any more;
/// `NotFound` when the only one is gone.
pub async fn report(
    db: &PgPool,
    by: &Operator,
    media: &[MediaId],
    policy: PolicyId,
    reason: &str,
) -> Result<Vec<MediaId>> {
    by.may(Right::Report)?;
    let Some(reason) = reason_of(Some(reason))? else {
        return Err(Error::Invalid("A report needs a reason. Say what is wrong with it.".into()));
    };
    if media.len() > MOST_MEDIA {
        return Err(Error::Invalid(format!(
            "At most {MOST_MEDIA} photos can be reported at once; these are {}. Select fewer.",
            media.len()
        )));
    }
    let reported = queries::report(db, media, policy, reason).await?;
    if let ([only], []) = (media, reported.as_slice())
        && !queries::is_visible(db, *only).await?
    {
        return Err(Error::NotFound("This photo".into()));
    }
    Ok(reported)
}
