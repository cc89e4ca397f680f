//! What each user's feed shows: chosen anew from time to time, sooner where something concerns them, and left after its time.
//!
//! What is chosen stands in `console.feed_part` with the contribution of each part; a projector makes the read model of it.

mod queries;

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::PgPool;

use super::{lane::Lane, marks};
use crate::{config, error::Result};

/// Marks of media that were published.
pub(super) const QUEUE: &str = "feed_published";
const PUBLISHED: i64 = 256;
/// Users whose feeds are chosen in one transaction: each takes the candidates once more through memory.
const USERS: i64 = 25;
const EXPIRED: i64 = 2_000;
/// How often somebody whose time has come is looked for, while there is nobody.
const PAUSE: Duration = Duration::from_secs(1);

/// Chooses feeds.
#[derive(Debug)]
pub(super) struct Feed {
    pub db: PgPool,
    pub settings: config::Feed,
    pub worker: String,
    /// When there was last nothing to do.
    pub idle_since: Mutex<Option<Instant>>,
}

impl Feed {
    /// Lets expired items go, notes whom new media concern, and chooses some feeds; how much of all that there was.
    pub(super) async fn step(&self) -> Result<usize> {
        let published = self.note_published().await?;
        let idle_since = *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner);
        if published == 0 && idle_since.is_some_and(|since| since.elapsed() < PAUSE) {
            return Ok(0);
        }
        let expired = queries::expire(&self.db, EXPIRED).await?;
        let chosen = self.choose().await?;
        let done = published + expired + chosen;
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = (done == 0).then(Instant::now);
        Ok(done)
    }

    async fn note_published(&self) -> Result<usize> {
        let marks = marks::claim(&self.db, QUEUE, Lane::Both, &self.worker, PUBLISHED).await?;
        if marks.is_empty() {
            return Ok(0);
        }
        let mut tx = self.db.begin().await?;
        queries::lock(&mut tx).await?;
        queries::note_concerned(&mut tx, &marks::keys(&marks)).await?;
        marks::settle(&mut tx, QUEUE, &marks::versions(&marks)).await?;
        tx.commit().await?;
        Ok(marks.len())
    }

    /// One worker at a time: the users whose time has come are the same for all.
    async fn choose(&self) -> Result<usize> {
        let mut tx = self.db.begin().await?;
        if !queries::try_lock(&mut tx).await? {
            return Ok(0);
        }
        let users = queries::due(&mut tx, &self.settings, USERS).await?;
        if !users.is_empty() {
            queries::choose(&mut tx, &users, &self.settings).await?;
            queries::note_chosen(&mut tx, &users, &self.settings).await?;
        }
        tx.commit().await?;
        Ok(users.len())
    }
}
