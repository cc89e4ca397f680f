use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use rand::{Rng, distr::Alphanumeric};
use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

use super::queries;
use crate::{
    access::{Operator, Right},
    db::{LookId, MediaId},
    error::{Error, Result},
    media::Region,
};

const TOKEN_LENGTH: usize = 32;

/// Permission to fetch one clear picture for a short while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Reveal {
    /// The last part of `media://localhost/revealed/{token}`.
    pub token: String,
    pub expires_in_ms: u32,
}

/// The reveals that are open now, in memory only.
#[derive(Debug, Clone, Default)]
pub struct Reveals(Arc<Mutex<HashMap<String, Open>>>);

#[derive(Debug, Clone, Copy)]
struct Open {
    media: MediaId,
    /// Of the photo; `None`: all of it
    region: Option<Region>,
    /// Of the look that the database counts
    look: LookId,
    ends: Instant,
}

impl Reveals {
    fn open(&self, media: MediaId, region: Option<Region>, look: &queries::reveal::Look, now: Instant) -> Reveal {
        let token: String = rand::rng().sample_iter(Alphanumeric).take(TOKEN_LENGTH).map(char::from).collect();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // With a look the one before ends, in what is counted and in what is shown.
        open.clear();
        open.insert(token.clone(), Open { media, region, look: look.id, ends: now + look.lasts });
        Reveal { token, expires_in_ms: u32::try_from(look.lasts.as_millis()).unwrap_or(u32::MAX) }
    }

    /// What the token shows, while it lasts: a medium, and which part of it where it is not all.
    pub fn shown(&self, token: &str, now: Instant) -> Option<(MediaId, Option<Region>)> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(token).filter(|one| one.ends > now).map(|one| (one.media, one.region))
    }

    fn close(&self, token: &str) -> Option<LookId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(token).map(|one| one.look)
    }

    /// At sign-out; whether one was open.
    pub fn close_all(&self) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.drain().next().is_some()
    }
}

/// What of an hour's budget is left, of all categories together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    pub items: i32,
    pub seconds: i32,
    pub of_items: i32,
    pub of_seconds: i32,
}

/// How much may be revealed in an hour, and for how long at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Their login; `None`: everybody for whom nothing else is set.
    pub reviewer: Option<String>,
    /// The policy at the root of the tree; empty: all together.
    pub category: String,
    /// Media, 0 to 10,000
    pub items: i32,
    /// 0 to 3,600
    pub seconds: i32,
    /// Of one look, 1 to 60
    pub look_seconds: i32,
}

/// Lets the operator see one medium in clear for a while, or a region of it; in the log before the first pixel, and counted.
///
/// # Errors
/// `Forbidden` for others than admins, `NotFound` where the medium is gone, `Spent` where the hour's budget is, `Invalid` for
/// a region outside the photo.
pub async fn reveal(
    db: &PgPool,
    by: &Operator,
    reveals: &Reveals,
    media: MediaId,
    region: Option<Region>,
    now: Instant,
) -> Result<Reveal> {
    by.may(Right::JudgeSafety)?;
    let region = region.map(within_the_picture).transpose()?;
    if !queries::is_visible(db, media).await? {
        return Err(Error::NotFound("This photo".into()));
    }
    let look = queries::reveal::begin_reveal(db, media, region).await?;
    Ok(reveals.open(media, region, &look, now))
}

fn within_the_picture(region: Region) -> Result<Region> {
    let nowhere = || Error::Invalid("The spotlight is not on the photo. Draw it again, on the photo.".into());
    region.within_the_picture().ok_or_else(nowhere)
}

/// Ends a reveal before its time; how long it was is in the log. One that is over already stays as it ended.
///
/// # Errors
/// `Forbidden` for others than admins.
pub async fn conceal(db: &PgPool, by: &Operator, reveals: &Reveals, token: &str) -> Result<()> {
    let look = reveals.close(token);
    by.may(Right::JudgeSafety)?;
    match look {
        Some(look) => queries::reveal::end_reveal(db, look).await,
        None => Ok(()),
    }
}

/// Ends whatever is revealed to the operator, as at sign-out: what is counted ends with what is shown.
///
/// # Errors
/// `Forbidden` for others than admins.
pub async fn conceal_all(db: &PgPool, by: &Operator) -> Result<()> {
    by.may(Right::JudgeSafety)?;
    queries::reveal::end_reveals(db).await
}

/// # Errors
/// `Forbidden` for others than admins.
pub async fn reveals_left(db: &PgPool, by: &Operator) -> Result<Left> {
    by.may(Right::JudgeSafety)?;
    queries::reveal::reveals_left(db).await
}

/// The budgets that count now: everybody's, and those of single reviewers.
///
/// # Errors
/// `Forbidden` for others than admins.
pub async fn budgets(db: &PgPool, by: &Operator) -> Result<Vec<Budget>> {
    by.may(Right::JudgeSafety)?;
    queries::reveal::budgets(db).await
}

/// Sets one. What admins set for everybody counts for themselves only where it is less than they had.
///
/// # Errors
/// `Forbidden` for others than admins; `Invalid` for one's own, and for numbers out of bounds.
pub async fn set_budget(db: &PgPool, by: &Operator, budget: &Budget) -> Result<()> {
    by.may(Right::JudgeSafety)?;
    let is_in_bounds = (0..=10_000).contains(&budget.items)
        && (0..=3_600).contains(&budget.seconds)
        && (1..=60).contains(&budget.look_seconds);
    if !is_in_bounds {
        let bounds =
            "A budget is 0 to 10,000 media and 0 to 3,600 seconds an hour, 1 to 60 seconds a look. Change the numbers.";
        return Err(Error::Invalid(bounds.into()));
    }
    queries::reveal::set_budget(db, budget).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_reveal_ends_by_itself_and_when_closed() {
        let (reveals, now) = (Reveals::default(), Instant::now());
        let look = |id| queries::reveal::Look { id: LookId(id), lasts: Duration::from_secs(20) };
        let region = Region { left: 0.25, top: 0.5, width: 0.125, height: 0.25 };
        let first = reveals.open(MediaId(7), Some(region), &look(1), now);
        assert_eq!(reveals.shown(&first.token, now), Some((MediaId(7), Some(region))));
        assert_eq!(reveals.shown(&first.token, now + Duration::from_secs(20)), None);
        let second = reveals.open(MediaId(8), None, &look(2), now);
        assert_eq!(reveals.shown(&first.token, now), None, "one at a time");
        assert_eq!(reveals.shown(&second.token, now), Some((MediaId(8), None)));
        assert_eq!(reveals.close(&second.token), Some(LookId(2)));
        assert_eq!(reveals.shown(&second.token, now), None);
        assert_eq!(reveals.shown("guessed", now), None);
    }
}
