use futures::StreamExt;
use serde::{Deserialize, Serialize};
use specta::Type;
use sqlx::PgPool;

use super::{decide::MOST_MEDIA, queries};
use crate::{
    access::{Operator, Right},
    db::{MediaId, RowVersion},
    error::Result,
    media::Pictures,
};

/// Pictures that are compared with one.
const MOST: usize = 100;
/// Pictures that are fetched at the same time to be compared.
const AT_ONCE: usize = 8;

/// What belongs together, around one medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Group {
    /// Media that look almost the same.
    Alike,
    /// All media of its post.
    Post,
}

/// A medium of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub media_id: MediaId,
    /// Cosine similarity to the one that was asked about; `None` in a post.
    #[specta(type = Option<i32>)]
    pub similarity: Option<f64>,
    /// The AI's two words; `None` where it has not looked at it.
    pub status: Option<String>,
    pub is_safe: Option<bool>,
    /// Reads as a blurred picture until it is revealed.
    pub is_unsafe: bool,
    pub version: RowVersion,
}

/// What can be decided together.
#[derive(Debug, Clone, PartialEq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Members {
    /// The medium itself first; at most 500, as many as one decision takes.
    pub members: Vec<Member>,
    /// There are others, which are not among them.
    pub has_more: bool,
}

/// Whether a medium is the same picture as the one that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    pub media_id: MediaId,
    /// `None` where one of the two can't be fetched or read.
    pub is_same: Option<bool>,
    /// Bits of 64 in which their perceptual hashes differ.
    pub distance: Option<u32>,
}

/// Compares others with a medium by what their files look like; at most 100, in the order in which they were given.
///
/// # Errors
/// `Forbidden` without the right to judge.
pub async fn compare(
    db: &PgPool,
    by: &Operator,
    pictures: &Pictures,
    media: MediaId,
    others: &[MediaId],
) -> Result<Vec<Comparison>> {
    by.may(Right::JudgeSafety)?;
    let wanted = pictures.fingerprint(db, media).await.ok();
    let wanted = wanted.as_ref();
    let compared = others.iter().copied().take(MOST).map(|other| async move {
        let other_print = pictures.fingerprint(db, other).await.ok();
        let pair = wanted.zip(other_print.as_ref());
        Comparison {
            media_id: other,
            is_same: pair.map(|(one, other)| one.is_same(other)),
            distance: pair.map(|(one, other)| one.distance(other)),
        }
    });
    Ok(futures::stream::iter(compared).buffered(AT_ONCE).collect().await)
}

/// The group around a medium, the medium itself first: at most 99 near-duplicates, and of a post as many as one decision takes.
///
/// # Errors
/// `Forbidden` without the right to judge.
pub async fn members(db: &PgPool, by: &Operator, media: MediaId, group: Group) -> Result<Members> {
    by.may(Right::JudgeSafety)?;
    let mut members = match group {
        Group::Alike => queries::alike(db, media).await?,
        Group::Post => queries::of_post(db, media, MOST_MEDIA + 1).await?,
    };
    let has_more = members.len() > MOST_MEDIA;
    members.truncate(MOST_MEDIA);
    Ok(Members { members, has_more })
}
