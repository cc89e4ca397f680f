//! A post's page: all its media that the operator may see, and what they come to.

#[cfg(feature = "desktop")]
pub mod commands;
mod queries;

use serde::Serialize;
use specta::Type;
use sqlx::PgPool;

use crate::{
    access::{Operator, Right},
    db::{MediaId, PostId, UserId},
    error::{Error, Result},
};

/// A post with all its media.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PostPage {
    pub post_id: PostId,
    pub title: Option<String>,
    /// At most 20,000 characters
    pub body: Option<String>,
    pub author_id: UserId,
    /// A username
    pub author: String,
    pub department: Option<String>,
    /// `DRAFT`, `PUBLISHED`, `ARCHIVED`, or what else the platform stored.
    pub status: String,
    /// `PUBLIC`, `PRIVATE`, `FOLLOWERS`, or what else the platform stored.
    pub visibility: String,
    pub created_at: String,
    /// In the order of the post, at most 1,000
    pub media: Vec<MediaId>,
    /// Of these media, at most 500
    pub tags: Vec<String>,
    pub scenes: Vec<String>,
    /// What the post was about; not told of a post with unsafe media to those who may not see these.
    pub event: Option<String>,
    pub inferred_tags: Vec<String>,
    /// Usernames of who was identified on these media
    pub people: Vec<String>,
    pub reactions: i32,
    pub comments: i32,
}

/// # Errors
/// `NotFound` where the post is gone or not for this operator's eyes.
pub async fn post(db: &PgPool, by: &Operator, id: PostId) -> Result<PostPage> {
    by.may(Right::Search)?;
    queries::post(db, id).await?.ok_or_else(|| Error::NotFound("This post".into()))
}
