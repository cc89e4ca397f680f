//! From posts to the documents of their media, which say what is known of the post: those are marked to be sent again.

use sqlx::{PgPool, query};

use super::{lane::Lane, queue};
use crate::error::Result;

/// Of posts, in the index queue
pub(super) const QUEUE: &str = "media_search_post";
/// As SQL: whether the document `wanted.id` of media is known to be another one as soon as its post's turn comes.
pub(super) const IS_AWAITED: &str = "exists (
    select from public.read_model_media_search as media
      join console.index_queue as post
        on post.index_name = 'media_search_post'
       and post.document_id = media.post_id::text
     where media.media_id = wanted.id::bigint)";
/// Posts at once
const BATCH: i64 = 500;

/// Marks the documents of all media of the posts that were marked.
#[derive(Debug)]
pub(super) struct Siblings {
    pub db: PgPool,
    pub lane: Lane,
    pub worker: String,
}

impl Siblings {
    /// Works off one batch of posts; how many there were.
    pub(super) async fn step(&self) -> Result<usize> {
        let entries = queue::claim(&self.db, QUEUE, self.lane, &self.worker, BATCH).await?;
        if entries.is_empty() {
            return Ok(0);
        }
        let versions: Vec<i64> = entries.iter().map(|entry| entry.version).collect();
        let posts: Vec<i64> = entries.iter().filter_map(|entry| entry.document_id.parse().ok()).collect();
        if let Err(error) = self.mark(&posts, &versions).await {
            queue::release(&self.db, QUEUE, &self.worker, &versions, 0.0).await?;
            return Err(error.into());
        }
        Ok(entries.len())
    }

    /// In the lane of the posts: what an event is hidden for must not wait behind a platform that was loaded.
    ///
    /// Under the locks of their rows, as whoever writes to one marks it: so a document's versions follow the order of the commits.
    async fn mark(&self, posts: &[i64], versions: &[i64]) -> sqlx::Result<()> {
        let mut tx = self.db.begin().await?;
        query!(
            r#"
            with locked as materialized (
                select media_id
                  from public.read_model_media_search
                 where post_id = any ($1)
                 order by media_id
                   for no key update
            )
            select console.mark_documents('media_search', array_agg(media_id::text), $2)::text as marked from locked
            "#,
            posts,
            self.lane.next()
        )
        .fetch_one(&mut *tx)
        .await?;
        queue::settle(&mut *tx, QUEUE, versions, &[]).await?;
        tx.commit().await
    }
}
