//! Users, without what operators may not know of them.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, query, query_as, query_scalar};

use super::{Person, PhotosPage, Profile};
use crate::{
    db::{MediaId, UserId},
    error::Result,
};

pub(super) async fn count(db: &PgPool, pattern: &str) -> Result<i64> {
    Ok(query_scalar!(
        r#"
        select count(*) as "count!"
          from console.person
         where username ilike $1
            or full_name ilike $1
            or department ilike $1
        "#,
        pattern
    )
    .fetch_one(db)
    .await?)
}

pub(super) async fn page(db: &PgPool, pattern: &str, after: Option<&str>, limit: i64) -> Result<Vec<Person>> {
    Ok(query_as!(
        Person,
        r#"
        select user_id  as "id!: UserId",
               username as "username!",
               full_name,
               department,
               enrolled as "enrolled!"
          from console.person
         where (username ilike $1 or full_name ilike $1 or department ilike $1)
           and ($2::text is null or username > $2)
         order by username
         limit $3
        "#,
        pattern,
        after,
        limit
    )
    .fetch_all(db)
    .await?)
}

/// At most 20 ACTIVE accounts.
pub(super) async fn find(db: &PgPool, text: &str, pattern: &str) -> Result<Vec<Person>> {
    Ok(query_as!(
        Person,
        r#"
        select user_id  as "id!: UserId",
               username as "username!",
               full_name,
               department,
               enrolled as "enrolled!"
          from console.person
         where account_status = 'ACTIVE'
           and (username ilike $2 or full_name ilike $2)
         order by starts_with(lower(username), lower($1)) or starts_with(lower(full_name), lower($1)) desc nulls last,
                  enrolled desc,
                  username
         limit 20
        "#,
        text,
        pattern
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn by_ids(db: &PgPool, ids: &[UserId]) -> Result<Vec<Person>> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(query_as!(
        Person,
        r#"
        select user_id  as "id!: UserId",
               username as "username!",
               full_name,
               department,
               enrolled as "enrolled!"
          from console.person
         where user_id = any($1)
        "#,
        &ids
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn profile(db: &PgPool, id: UserId) -> Result<Option<Profile>> {
    let row = sqlx::query!(
        r#"
        select user_id        as "id!: UserId",
               username       as "username!",
               full_name,
               department,
               enrolled       as "enrolled!",
               designation,
               bio,
               account_status as "account_status!",
               role           as "role!",
               created_at     as "created_at!",
               enrolled_at
          from console.person
         where user_id = $1
        "#,
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Profile {
        person: Person {
            id: row.id,
            username: row.username,
            full_name: row.full_name,
            department: row.department,
            enrolled: row.enrolled,
        },
        designation: row.designation,
        bio: row.bio,
        account_status: row.account_status,
        role: row.role,
        joined_at: row.created_at,
        enrolled_at: row.enrolled_at,
        on_photos: PhotosPage::default(),
        uploaded: PhotosPage::default(),
    }))
}

/// The faces' photos are looked up as an array: behind the barriers of the views a join would read all photos.
pub(super) async fn on_photos(
    db: &PgPool,
    id: UserId,
    after: Option<(DateTime<Utc>, i64)>,
    limit: usize,
) -> Result<Vec<(MediaId, DateTime<Utc>)>> {
    let (time, media) = after.unzip();
    let rows = query!(
        r#"
        select p.media_id   as "media_id!: MediaId",
               p.created_at as "created_at!"
          from console.photo p
         where not p.unsafe
           and p.media_id = any (array(
               select f.media_id
                 from console.face f
                where f.identified_user_id = $1
                  and f.status = 'CONFIRMED'
           ))
           and ($2::timestamptz is null or (p.created_at, p.media_id) < ($2, $3::bigint))
         order by p.created_at desc, p.media_id desc
         limit $4
        "#,
        id.0,
        time,
        media,
        i64::try_from(limit).unwrap_or(i64::MAX)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.media_id, row.created_at)).collect())
}

pub(super) async fn uploaded(
    db: &PgPool,
    id: UserId,
    after: Option<(DateTime<Utc>, i64)>,
    limit: usize,
) -> Result<Vec<(MediaId, DateTime<Utc>)>> {
    let (time, media) = after.unzip();
    let rows = query!(
        r#"
        select media_id   as "media_id!: MediaId",
               created_at as "created_at!"
          from console.photo
         where uploader_id = $1
           and not unsafe
           and ($2::timestamptz is null or (created_at, media_id) < ($2, $3::bigint))
         order by created_at desc, media_id desc
         limit $4
        "#,
        id.0,
        time,
        media,
        i64::try_from(limit).unwrap_or(i64::MAX)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.media_id, row.created_at)).collect())
}

pub(super) struct FeedRow {
    pub(super) media_id: MediaId,
    pub(super) score: f64,
    pub(super) recency: Option<f64>,
    pub(super) closeness: Option<f64>,
    pub(super) interest: Option<f64>,
    pub(super) engagement: Option<f64>,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

/// What the operator may see of it, the best first.
pub(super) async fn feed(db: &PgPool, id: UserId) -> Result<Vec<FeedRow>> {
    Ok(query_as!(
        FeedRow,
        r#"
        select f.media_id as "media_id!: MediaId",
               case when f.combined_score between '-1e300' and '1e300' then f.combined_score else 0 end as "score!",
               f.recency,
               f.closeness,
               f.interest,
               f.engagement,
               case when isfinite(f.expires_at) then f.expires_at end as expires_at
          from console.feed_personalized f
         where f.target_user_id = $1
           and (f.expires_at is null or f.expires_at > now())
           and f.media_id = any (array(
               select p.media_id
                 from console.photo p
                where p.media_id = any (array(
                          select media_id from console.feed_personalized where target_user_id = $1
                      ))
           ))
         order by f.combined_score desc nulls last, f.media_id desc
         limit 200
        "#,
        id.0
    )
    .fetch_all(db)
    .await?)
}

pub(super) struct FeedWeights {
    pub(super) recency: Option<f64>,
    pub(super) closeness: Option<f64>,
    pub(super) interest: Option<f64>,
    pub(super) engagement: Option<f64>,
}

/// Those with which the person's feed was chosen last.
pub(super) async fn feed_weights(db: &PgPool, id: UserId) -> Result<Option<FeedWeights>> {
    Ok(query_as!(
        FeedWeights,
        "select recency, closeness, interest, engagement from console.feed_weight where user_id = $1",
        id.0
    )
    .fetch_optional(db)
    .await?)
}
