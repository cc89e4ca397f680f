//! From marks to clusters: photos of which unknown faces are to be put together, or are not unknown any more.

use sqlx::PgPool;

use super::{
    lane::Lane,
    marks::{self, keys, versions},
};
use crate::{error::Result, faces};

/// The name under which the marks are kept.
pub(super) const QUEUE: &str = "face_clusters";
/// Photos in one transaction, during which operators wait who split and merge.
const PHOTOS: i64 = 32;

/// Puts together unknown faces that look alike.
#[derive(Debug)]
pub(super) struct Clusterer {
    pub db: PgPool,
    pub worker: String,
}

impl Clusterer {
    /// One batch of photos; how many there were.
    pub(super) async fn step(&self) -> Result<usize> {
        let photos = marks::claim_of(&self.db, QUEUE, Some("row"), Lane::Both, &self.worker, PHOTOS).await?;
        if photos.is_empty() {
            return Ok(0);
        }
        let clustered = faces::cluster_photos(&self.db, &keys(&photos)).await;
        if clustered.is_err() {
            marks::release(&self.db, QUEUE, &self.worker, &versions(&photos), 0.0).await?;
        }
        clustered?;
        let mut connection = self.db.acquire().await?;
        marks::settle(&mut connection, QUEUE, &versions(&photos)).await?;
        Ok(photos.len())
    }
}
