//! From marks to matched faces: photos whose faces, and people whose enrolments, have changed.

use sqlx::PgPool;

use super::{
    lane::Lane,
    marks::{self, Mark, keys, versions},
};
use crate::{error::Result, faces::matching};

/// The name under which the marks are kept.
pub(super) const QUEUE: &str = "face_matching";
/// Photos matched in one go.
const PHOTOS: i64 = 64;
/// People whose faces are looked for in one go, which takes as long for many as for one.
const USERS: i64 = 1_000;
/// Before a photo that somebody else is writing to is tried again.
const PAUSE_SECONDS: f64 = 1.0;

/// Keeps faces matched with the enrolments that there are.
#[derive(Debug)]
pub(super) struct Matcher {
    pub db: PgPool,
    pub worker: String,
}

impl Matcher {
    /// Works off one batch of marks; how many there were.
    pub(super) async fn step(&self) -> Result<usize> {
        let mut marks = marks::claim_of(&self.db, QUEUE, Some("user"), Lane::Both, &self.worker, USERS).await?;
        marks.extend(marks::claim_of(&self.db, QUEUE, Some("row"), Lane::Both, &self.worker, PHOTOS).await?);
        let done = self.work_off(&marks).await;
        if done.is_err() {
            marks::release(&self.db, QUEUE, &self.worker, &versions(&marks), 0.0).await?;
        }
        done.map(|()| marks.len())
    }

    async fn work_off(&self, marks: &[Mark]) -> Result<()> {
        let (photos, users): (Vec<Mark>, Vec<Mark>) = marks.iter().cloned().partition(|mark| mark.scope == "row");
        if !users.is_empty() {
            matching::mark_concerned(&self.db, &keys(&users)).await?;
            self.settle(&users).await?;
        }
        if !photos.is_empty() {
            let (_, busy) = matching::match_photos(&self.db, &keys(&photos)).await?;
            let (busy, done): (Vec<Mark>, Vec<Mark>) =
                photos.into_iter().partition(|mark| mark.keys().any(|photo| busy.contains(&photo)));
            self.settle(&done).await?;
            marks::release(&self.db, QUEUE, &self.worker, &versions(&busy), PAUSE_SECONDS).await?;
        }
        Ok(())
    }

    async fn settle(&self, marks: &[Mark]) -> Result<()> {
        let mut connection = self.db.acquire().await?;
        Ok(marks::settle(&mut connection, QUEUE, &versions(marks)).await?)
    }
}
