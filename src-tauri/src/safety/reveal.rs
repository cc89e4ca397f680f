use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rand::{Rng, distr::Alphanumeric};
use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::queries;
use crate::{
    access::{Operator, Right},
    db::MediaId,
    error::{Error, Result},
};

/// A reveal ends by itself.
const LASTS: Duration = Duration::from_secs(20);
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
pub struct Reveals(Arc<Mutex<HashMap<String, (MediaId, Instant)>>>);

impl Reveals {
    fn open(&self, media: MediaId, now: Instant) -> Reveal {
        let token: String = rand::rng().sample_iter(Alphanumeric).take(TOKEN_LENGTH).map(char::from).collect();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, (_, ends)| *ends > now);
        open.insert(token.clone(), (media, now + LASTS));
        Reveal { token, expires_in_ms: u32::try_from(LASTS.as_millis()).unwrap_or(u32::MAX) }
    }

    /// The medium that the token shows, while it lasts.
    pub fn media(&self, token: &str, now: Instant) -> Option<MediaId> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(token).filter(|(_, ends)| *ends > now).map(|(media, _)| *media)
    }

    pub fn close(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
    }

    /// At sign-out.
    pub fn close_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Lets the operator see one medium in clear for a while; in the log before the first pixel.
///
/// # Errors
/// `Forbidden` for others than admins, `NotFound` where the medium is gone.
pub async fn reveal(db: &PgPool, by: &Operator, reveals: &Reveals, media: MediaId, now: Instant) -> Result<Reveal> {
    by.may(Right::JudgeSafety)?;
    if !queries::is_visible(db, media).await? {
        return Err(Error::NotFound("This photo".into()));
    }
    queries::record_reveal(db, media).await?;
    Ok(reveals.open(media, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reveal_ends_by_itself_and_when_closed() {
        let (reveals, now) = (Reveals::default(), Instant::now());
        let first = reveals.open(MediaId(7), now);
        assert_eq!(reveals.media(&first.token, now), Some(MediaId(7)));
        assert_eq!(reveals.media(&first.token, now + LASTS), None);
        let second = reveals.open(MediaId(8), now);
        reveals.close(&second.token);
        assert_eq!(reveals.media(&second.token, now), None);
        assert_eq!(reveals.media("guessed", now), None);
    }
}
