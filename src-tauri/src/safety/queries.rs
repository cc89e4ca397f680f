//! Unsafe media and the writes of decisions.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, query, query_as, query_scalar};

use crate::{
    db::{MediaId, PostId, RowVersion, Seen, UserId},
    error::Result,
};

pub(super) struct ItemRow {
    pub(super) media_id: MediaId,
    pub(super) post_id: PostId,
    pub(super) post_title: Option<String>,
    pub(super) media_type: String,
    pub(super) caption: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) scenes: Vec<String>,
    pub(super) uploader_id: UserId,
    pub(super) created_at: DateTime<Utc>,
    pub(super) status: String,
    pub(super) is_safe: Option<bool>,
    pub(super) width: Option<i32>,
    pub(super) height: Option<i32>,
    pub(super) version: RowVersion,
}

/// Ids grow with time, so their order is that of age.
pub(super) async fn waiting(db: &PgPool, after: Option<MediaId>, limit: i64) -> Result<Vec<ItemRow>> {
    Ok(query_as!(
        ItemRow,
        r#"
        with waiting as materialized (
            select media_id, version
              from console.safety_waiting
             where $1::bigint is null
                or media_id > $1
             order by media_id
             limit $2
        )
        select p.media_id    as "media_id!: MediaId",
               p.post_id     as "post_id!: PostId",
               p.post_title,
               p.media_type  as "media_type!",
               p.caption,
               array(select left(tag, 200) from unnest(p.tags) as tag where tag <> '' limit 500) as "tags!",
               array(select left(scene, 200) from unnest(p.scenes) as scene where scene <> '' limit 500) as "scenes!",
               p.uploader_id as "uploader_id!: UserId",
               p.created_at  as "created_at!",
               p.ai_status   as "status!",
               p.is_safe,
               p.width,
               p.height,
               w.version     as "version!: RowVersion"
          from waiting as w
          join console.photo as p on p.media_id = w.media_id
         where p.media_id = any (array(select media_id from waiting))
         order by w.media_id
        "#,
        after.map(|id| id.0),
        limit
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn count(db: &PgPool) -> Result<i64> {
    Ok(query_scalar!(r#"select count(*) as "count!" from console.safety_waiting"#).fetch_one(db).await?)
}

/// False when the row is no longer the one that was seen.
pub(super) async fn decide(tx: &mut PgConnection, media: &Seen<MediaId>, safe: bool) -> Result<bool> {
    let done = query!(
        r#"
        update console.insight
           set status     = case when $2 then 'COMPLETED' else 'UNSAFE' end,
               is_safe    = $2,
               updated_at = now()
         where media_id = $1
           and version = $3
        "#,
        media.id.0,
        safe,
        media.version.0
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn exists(tx: &mut PgConnection, media: MediaId) -> Result<bool> {
    Ok(query_scalar!(r#"select exists (select from console.insight where media_id = $1) as "exists!""#, media.0)
        .fetch_one(tx)
        .await?)
}

pub(super) struct LastDecision {
    pub(super) decided_by: String,
    pub(super) safe: bool,
}

pub(super) async fn last_decision(tx: &mut PgConnection, media: MediaId) -> Result<Option<LastDecision>> {
    Ok(query_as!(
        LastDecision,
        r#"select decided_by as "decided_by!", safe as "safe!" from console.last_decision($1)"#,
        media.0
    )
    .fetch_optional(tx)
    .await?)
}

pub(super) async fn record_reveal(db: &PgPool, media: MediaId) -> Result<()> {
    query!("select console.record_reveal($1)", media.0).fetch_one(db).await?;
    Ok(())
}

/// Whether the operator may see the medium at all.
pub(super) async fn is_visible(db: &PgPool, media: MediaId) -> Result<bool> {
    Ok(query_scalar!(r#"select exists (select from console.photo where media_id = $1) as "visible!""#, media.0)
        .fetch_one(db)
        .await?)
}
