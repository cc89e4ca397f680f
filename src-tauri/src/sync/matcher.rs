//! From marks to matched faces: photos whose faces, and people whose enrolments, have changed.

use sqlx::PgPool;
use tokio::sync::Mutex;

use super::{
    lane::Lane,
    marks::{self, Mark, keys, versions},
};
use crate::{
    error::Result,
    faces::matching::{self, Sweep},
};

/// The name under which the marks are kept.
pub(super) const QUEUE: &str = "face_matching";
/// Photos matched in one go.
const PHOTOS: i64 = 64;
/// People whose faces are looked for in one go, which takes as long for many as for one.
const USERS: i64 = 1_000;
/// People whose enrolments are compared with all others in one go.
const COMPARED: i64 = 256;
/// Before a photo that somebody else is writing to is tried again.
const PAUSE_SECONDS: f64 = 1.0;

/// Keeps faces matched with the enrolments that there are.
#[derive(Debug)]
pub(super) struct Matcher {
    pub db: PgPool,
    pub worker: String,
    /// Looks for the faces of people, whose marks these are. Others may get their turn between its parts.
    pub sweep: Mutex<Option<(Sweep, Vec<Mark>)>>,
}

impl Matcher {
    /// One part of a sweep, and one batch of photos; how much there was.
    pub(super) async fn step(&self) -> Result<usize> {
        let swept = self.sweep_on().await?;
        let photos = marks::claim_of(&self.db, QUEUE, Some("row"), Lane::Both, &self.worker, PHOTOS).await?;
        let done = self.match_photos(&photos).await;
        if done.is_err() {
            marks::release(&self.db, QUEUE, &self.worker, &versions(&photos), 0.0).await?;
        }
        done?;
        Ok(swept + photos.len() + self.compare().await? + self.survey().await?)
    }

    /// People whose enrolments may be too much like those of others.
    async fn compare(&self) -> Result<usize> {
        let users = marks::claim_of(&self.db, QUEUE, Some("enrolment"), Lane::Both, &self.worker, COMPARED).await?;
        if users.is_empty() {
            return Ok(0);
        }
        let compared = matching::compare_enrolments(&self.db, &keys(&users)).await;
        if compared.is_err() {
            marks::release(&self.db, QUEUE, &self.worker, &versions(&users), 0.0).await?;
        }
        compared?;
        self.settle(&users).await?;
        Ok(users.len())
    }

    /// Photos whose faces somebody else wrote to, in a way that needs no matching.
    async fn survey(&self) -> Result<usize> {
        let photos = marks::claim_of(&self.db, QUEUE, Some("survey"), Lane::Both, &self.worker, PHOTOS).await?;
        if photos.is_empty() {
            return Ok(0);
        }
        let surveyed = matching::survey(&self.db, &keys(&photos)).await;
        if surveyed.is_err() {
            marks::release(&self.db, QUEUE, &self.worker, &versions(&photos), 0.0).await?;
        }
        surveyed?;
        self.settle(&photos).await?;
        Ok(photos.len())
    }

    /// Goes on with the sweep that was begun, or begins one for all who wait. One that outlasts its lease may be made once more by
    /// another worker, which does no harm.
    async fn sweep_on(&self) -> Result<usize> {
        let mut begun = self.sweep.lock().await;
        if begun.is_none() {
            let users = marks::claim_of(&self.db, QUEUE, Some("user"), Lane::Both, &self.worker, USERS).await?;
            if users.is_empty() {
                return Ok(0);
            }
            *begun = Some((Sweep::begin(&self.db, keys(&users)).await?, users));
        }
        // Where a part fails the sweep is dropped; its marks are this worker's to claim again.
        let Some((mut sweep, users)) = begun.take() else { return Ok(0) };
        let count = users.len();
        if sweep.step(&self.db).await? {
            *begun = Some((sweep, users));
        } else {
            self.settle(&users).await?;
        }
        Ok(count)
    }

    async fn match_photos(&self, photos: &[Mark]) -> Result<()> {
        if photos.is_empty() {
            return Ok(());
        }
        let (_, busy) = matching::match_photos(&self.db, &keys(photos)).await?;
        let (busy, done): (Vec<Mark>, Vec<Mark>) =
            photos.iter().cloned().partition(|mark| mark.keys().any(|photo| busy.contains(&photo)));
        self.settle(&done).await?;
        marks::release(&self.db, QUEUE, &self.worker, &versions(&busy), PAUSE_SECONDS).await?;
        Ok(())
    }

    async fn settle(&self, marks: &[Mark]) -> Result<()> {
        let mut connection = self.db.acquire().await?;
        Ok(marks::settle(&mut connection, QUEUE, &versions(marks)).await?)
    }
}
