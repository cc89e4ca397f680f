//! What waits in which queue, for whom, and who looks at it: SQL and nothing else.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, query, query_as, query_scalar};

use super::{
    super::{Colleague, SafetyCursor, SafetyQuery, SafetyQueue, refused},
    numbers,
};
use crate::{
    access::Holder,
    db::{MediaId, PostId, UserId},
    error::Result,
};

/// A medium's place in a queue.
pub(in crate::safety) struct Place {
    pub(in crate::safety) media_id: MediaId,
    pub(in crate::safety) queue: String,
    pub(in crate::safety) since: DateTime<Utc>,
    pub(in crate::safety) severity: i16,
    pub(in crate::safety) reach: i32,
    pub(in crate::safety) is_late: bool,
    pub(in crate::safety) assigned_by: Option<String>,
    pub(in crate::safety) note: Option<String>,
    pub(in crate::safety) status: Option<String>,
    pub(in crate::safety) is_safe: Option<bool>,
    pub(in crate::safety) version: Option<String>,
}

pub(in crate::safety) async fn page(
    db: &PgPool,
    holder: &Holder,
    asked: SafetyQuery,
    after: Option<SafetyCursor>,
    at_most: i32,
) -> Result<Vec<Place>> {
    Ok(query_as!(
        Place,
        r#"
        select media_id as "media_id!: MediaId",
               queue    as "queue!",
               since    as "since!",
               severity as "severity!",
               reach    as "reach!",
               coalesce(is_late, false) as "is_late!",
               assigned_by,
               note,
               status,
               is_safe,
               version
          from console.safety_page($1, $2, $3, $4, $5, $6, $7)
        "#,
        asked.queue.word(),
        asked.order.word(),
        after.map(|cursor| cursor.key),
        after.map(|cursor| cursor.since),
        after.map(|cursor| cursor.id.0),
        holder.as_str(),
        at_most
    )
    .fetch_all(db)
    .await?)
}

/// Where a medium waits in a queue now, if it does for this operator.
pub(in crate::safety) async fn place(db: &PgPool, media: MediaId, queue: SafetyQueue) -> Result<Option<Place>> {
    Ok(query_as!(
        Place,
        r#"
        select media_id as "media_id!: MediaId",
               queue    as "queue!",
               since    as "since!",
               severity as "severity!",
               reach    as "reach!",
               coalesce(is_late, false) as "is_late!",
               assigned_by,
               note,
               status,
               is_safe,
               version
          from console.safety_place_now($1, $2)
        "#,
        media.0,
        queue.word()
    )
    .fetch_optional(db)
    .await?)
}

#[derive(Clone)]
pub(in crate::safety) struct ItemRow {
    pub(in crate::safety) media_id: MediaId,
    pub(in crate::safety) post_id: PostId,
    pub(in crate::safety) post_title: Option<String>,
    pub(in crate::safety) media_type: String,
    pub(in crate::safety) caption: Option<String>,
    pub(in crate::safety) tags: Vec<String>,
    pub(in crate::safety) scenes: Vec<String>,
    pub(in crate::safety) uploader_id: UserId,
    pub(in crate::safety) created_at: DateTime<Utc>,
    pub(in crate::safety) width: Option<i32>,
    pub(in crate::safety) height: Option<i32>,
}

/// What is shown of media beside their pictures.
pub(in crate::safety) async fn items(db: &PgPool, media: &[MediaId]) -> Result<Vec<ItemRow>> {
    let ids = numbers(media);
    Ok(query_as!(
        ItemRow,
        r#"
        select media_id    as "media_id!: MediaId",
               post_id     as "post_id!: PostId",
               post_title,
               media_type  as "media_type!",
               caption,
               array(select left(tag, 200) from unnest(tags) as tag where tag <> '' limit 500) as "tags!",
               array(select left(scene, 200) from unnest(scenes) as scene where scene <> '' limit 500) as "scenes!",
               uploader_id as "uploader_id!: UserId",
               created_at  as "created_at!",
               width,
               height
          from console.photo
         where media_id = any ($1)
        "#,
        &ids
    )
    .fetch_all(db)
    .await?)
}

/// Which of the media are this window's now.
pub(in crate::safety) async fn lease(db: &PgPool, holder: &Holder, media: &[MediaId]) -> Result<HashSet<MediaId>> {
    let ids = numbers(media);
    let leased = query_scalar!(
        r#"select leased as "leased!: MediaId" from console.lease_safety($1, $2) as leased"#,
        &ids,
        holder.as_str()
    )
    .fetch_all(db)
    .await?;
    Ok(leased.into_iter().collect())
}

pub(in crate::safety) async fn keep(db: &PgPool, holder: &Holder, held: &[MediaId]) -> Result<()> {
    let ids = numbers(held);
    query!(r#"select console.keep_safety($1, $2) as "kept: ()""#, &ids, holder.as_str()).fetch_one(db).await?;
    Ok(())
}

/// The logins of who else looks at the medium, or at another of its post.
pub(in crate::safety) async fn company(db: &PgPool, holder: &Holder, media: MediaId) -> Result<Vec<String>> {
    Ok(query_scalar!(
        r#"select operator as "operator!" from console.safety_company($1, $2) as operator"#,
        media.0,
        holder.as_str()
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::safety) struct CountRow {
    pub(in crate::safety) queue: String,
    pub(in crate::safety) waiting: i64,
    pub(in crate::safety) late: i64,
    pub(in crate::safety) oldest: Option<DateTime<Utc>>,
    pub(in crate::safety) target_hours: Option<f64>,
}

pub(in crate::safety) async fn counts(db: &PgPool) -> Result<Vec<CountRow>> {
    Ok(query_as!(
        CountRow,
        r#"select queue as "queue!", waiting as "waiting!", late as "late!", oldest, target_hours from console.safety_counts()"#
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::safety) async fn colleagues(db: &PgPool) -> Result<Vec<Colleague>> {
    Ok(query_as!(Colleague, r#"select username as "username!", full_name from console.safety_colleagues()"#)
        .fetch_all(db)
        .await?)
}

/// False where it does not wait there for this operator.
pub(in crate::safety) async fn assign(
    db: &PgPool,
    media: MediaId,
    queue: SafetyQueue,
    whom: Option<&str>,
    note: Option<&str>,
) -> Result<bool> {
    query_scalar!(r#"select console.assign_safety($1, $2, $3, $4) as "assigned!""#, media.0, queue.word(), whom, note)
        .fetch_one(db)
        .await
        .map_err(refused)
}
