use chrono::{DateTime, Utc};
use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use super::{Face, queries};
use crate::{
    access::{Operator, Right},
    db::{MediaId, PostId},
    error::{Error, Result},
    people::{self, Person},
};

/// A medium with everything that a screen tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Photo {
    pub media_id: MediaId,
    pub post_id: PostId,
    pub post_title: Option<String>,
    /// `IMAGE`, `VIDEO`, or what else the platform stored.
    pub media_type: String,
    /// Pixels as stored; they may be wrong, `pictureSize` tells the true ones.
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// The picture comes blurred and grey.
    pub r#unsafe: bool,
    /// At most 4,000 characters.
    pub caption: Option<String>,
    pub tags: Vec<String>,
    pub scenes: Vec<String>,
    pub uploader: Person,
    pub created_at: DateTime<Utc>,
    pub faces: Vec<Face>,
}

/// # Errors
/// `NotFound` where the medium is gone or not for this operator's eyes.
pub async fn photo(db: &PgPool, by: &Operator, media: MediaId) -> Result<Photo> {
    by.may(Right::Search)?;
    let row = queries::photo(db, media).await?.ok_or_else(|| Error::NotFound("This photo".into()))?;
    let faces = queries::with_people(db, queries::on_media(db, media).await?).await?;
    let uploader = people::by_ids(db, &[row.uploader_id])
        .await?
        .remove(&row.uploader_id)
        .ok_or_else(|| Error::NotFound("The uploader of this photo".into()))?;
    Ok(Photo {
        media_id: row.media_id,
        post_id: row.post_id,
        post_title: row.post_title,
        media_type: row.media_type,
        width: row.width,
        height: row.height,
        r#unsafe: row.is_unsafe,
        caption: row.caption,
        tags: row.tags,
        scenes: row.scenes,
        uploader,
        created_at: row.created_at,
        faces,
    })
}
