//! Posts, people and faces in the database, each through the view of what this operator may see.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{PgExecutor, PgPool, Postgres, QueryBuilder, query, query_scalar};

use super::{
    FaceHit, Kind, PersonHit, PostHit,
    part::{Column, Part},
};
use crate::{
    db::{MediaId, PostId, UserId},
    error::Result,
    faces::Bounds,
    search::meaning::Condition,
};

/// Faces that are compared with examples before the condition is asked; more where too few of them hold it.
const NEAREST: [i32; 2] = [1_000, 50_000];

/// Photos that were found since a search was looked at last, the newest: of more its badge has no room.
const MOST_FOUND: i32 = 10_000;

/// Up to so many media for which a condition holds.
pub(super) async fn media(db: &PgPool, condition: &Condition, at_most: usize) -> Result<Vec<i64>> {
    let at_most = i32::try_from(at_most).unwrap_or(i32::MAX);
    Ok(query_scalar!(r#"select console.media_meant($1, $2) as "media!""#, json!(condition), at_most)
        .fetch_one(db)
        .await?)
}

pub(super) async fn posts_of(db: &PgPool, media: &[i64]) -> Result<Vec<i64>> {
    Ok(query_scalar!(
        r#"select distinct post_id as "post_id!" from console.media_search where media_id = any ($1)"#,
        media
    )
    .fetch_all(db)
    .await?)
}

pub(super) async fn departments(db: &PgPool) -> Result<Vec<String>> {
    Ok(query_scalar!(
        r#"select distinct department as "department!" from console.user_search where department <> '' limit 10000"#
    )
    .fetch_all(db)
    .await?)
}

/// Up to so many unsafe media, or posts that have some.
pub(super) async fn hidden(db: &PgPool, kind: Kind, at_most: usize) -> Result<Vec<i64>> {
    let at_most = i32::try_from(at_most).unwrap_or(i32::MAX);
    Ok(match kind {
        Kind::Posts => query_scalar!(r#"select console.unsafe_posts($1) as "hidden!""#, at_most).fetch_one(db).await?,
        _ => query_scalar!(r#"select console.unsafe_media($1) as "hidden!""#, at_most).fetch_one(db).await?,
    })
}

/// Of these faces those that the operator may see.
pub(super) async fn seen_faces(db: &PgPool, faces: &[i64]) -> Result<Vec<i64>> {
    if faces.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = faces.iter().map(i64::to_string).collect();
    let seen = query_scalar!(r#"select face_id as "face_id!" from console.face_search where face_id = any ($1)"#, &ids);
    Ok(seen.fetch_all(db).await?.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Faces that are near to others.
pub(super) struct Near {
    /// Nearest first, with their similarity
    pub(super) faces: Vec<(i64, Option<f64>)>,
    /// Among how many they were looked for, where there are more and they are fewer than was asked for.
    pub(super) compared: Option<usize>,
}

/// Faces like some and unlike others, nearest first; at least as similar as is asked for.
pub(super) async fn nearest_faces(
    db: &PgPool,
    more: &[i64],
    less: &[i64],
    similarity: Option<f64>,
    part: Option<&Part>,
    limit: u32,
) -> Result<Near> {
    let mut near = Near { faces: Vec::new(), compared: None };
    for at_most in NEAREST {
        let (compared, farthest, faces) = nearest_of(db, more, less, similarity, part, at_most).await?;
        let are_all = compared < usize::try_from(at_most).unwrap_or(usize::MAX)
            || similarity.is_some_and(|least| farthest < least)
            || faces.len() >= limit as usize;
        near = Near { faces, compared: (!are_all).then_some(compared) };
        if are_all {
            break;
        }
    }
    Ok(near)
}

/// How many were compared, how similar the last of them is, and those that hold the condition.
async fn nearest_of(
    db: &PgPool,
    more: &[i64],
    less: &[i64],
    similarity: Option<f64>,
    part: Option<&Part>,
    at_most: i32,
) -> Result<(usize, f64, Vec<(i64, Option<f64>)>)> {
    let rows = query!(
        r#"
        select face_id as "face_id!", similarity as "similarity!"
          from console.nearest_faces($1, $2, $3)
        "#,
        more,
        less,
        at_most
    )
    .fetch_all(db)
    .await?;
    let (compared, farthest) = (rows.len(), rows.last().map_or(-1.0, |row| row.similarity));
    let near = rows.into_iter().filter(|row| similarity.is_none_or(|least| row.similarity >= least));
    let near: Vec<(i64, Option<f64>)> = near.map(|row| (row.face_id, Some(row.similarity))).collect();
    let ids: Vec<String> = near.iter().map(|(id, _)| id.to_string()).collect();
    let mut sql = QueryBuilder::<Postgres>::new("select face_id from console.face_search where face_id = any (");
    sql.push_bind(ids).push(") and ");
    push_condition(&mut sql, part);
    let held: Vec<(String,)> = sql.build_query_as().fetch_all(db).await?;
    let held: std::collections::HashSet<i64> = held.iter().filter_map(|(id,)| id.parse().ok()).collect();
    Ok((compared, farthest, near.into_iter().filter(|(id, _)| held.contains(id)).collect()))
}

/// How many of a kind there are for which it holds.
pub(super) async fn count(db: impl PgExecutor<'_>, kind: Kind, part: Option<&Part>) -> Result<i64> {
    let (view, _) = rows_of(kind);
    let mut sql = QueryBuilder::<Postgres>::new(format!("select count(*) from {view} where "));
    push_condition(&mut sql, part);
    Ok(sql.build_query_scalar().fetch_one(db).await?)
}

/// How many of a kind, and of these where some are named, are there since then, or have a photo that was found since.
pub(super) async fn count_new(
    db: &PgPool,
    kind: Kind,
    part: Option<&Part>,
    only: Option<&[i64]>,
    since: DateTime<Utc>,
    at_most: i32,
) -> Result<i64> {
    let (view, key) = rows_of(kind);
    let came = if kind == Kind::People { "joined_at" } else { "created_at" };
    let mut sql = QueryBuilder::<Postgres>::new(format!("select count(*) from (select from {view} where ({came} >= "));
    sql.push_bind(since);
    if kind != Kind::People {
        let found = query!(
            r#"select media_id as "media_id!", post_id as "post_id!" from console.media_found($1, $2)"#,
            since,
            MOST_FOUND
        );
        let found = found.fetch_all(db).await?;
        let (column, ids): (_, Vec<i64>) = match kind {
            Kind::Posts => ("post_id", found.iter().map(|row| row.post_id).collect()),
            _ => ("media_id", found.iter().map(|row| row.media_id).collect()),
        };
        sql.push(format!(" or {column} = any (")).push_bind(ids).push(")");
    }
    sql.push(") and ");
    push_condition(&mut sql, part);
    if let Some(only) = only {
        sql.push(format!(" and {key} = any (")).push_bind(only.to_vec()).push(")");
    }
    sql.push(" limit ").push_bind(at_most).push(") as few");
    Ok(sql.build_query_scalar().fetch_one(db).await?)
}

/// The view of a kind, and its key.
pub(super) fn rows_of(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Posts => ("console.post_search", "post_id"),
        Kind::People => ("console.user_search", "user_id"),
        // Another writer's may be anything.
        Kind::Faces => ("console.face_search", "case when face_id ~ '^[0-9]{1,18}$' then face_id::bigint end"),
    }
}

pub(super) fn push_condition(sql: &mut QueryBuilder<Postgres>, part: Option<&Part>) {
    match part {
        Some(part) => push(sql, part),
        None => {
            sql.push("true");
        }
    }
}

/// Names of columns are of this program, values are bound. What is not known does not hold, and so its contrary does.
fn push(sql: &mut QueryBuilder<Postgres>, part: &Part) {
    match part {
        Part::All(parts) => push_each(sql, parts, " and ", "true"),
        Part::Any(parts) => push_each(sql, parts, " or ", "false"),
        Part::Not(negated) => {
            sql.push("not ");
            push(sql, negated);
        }
        // Words are looked for in photos here.
        Part::Nothing | Part::Words { .. } => {
            sql.push("false");
        }
        Part::Ids { column, ids } => push_any(sql, *column, ids.clone()),
        Part::Texts { column, texts } => push_any(sql, *column, texts.clone()),
        Part::Missing(column) => {
            sql.push(format!("({} is null)", column.name));
        }
        Part::Count { column, from, until } => {
            sql.push(format!("(coalesce({}, 0) >= ", column.name)).push_bind(*from);
            if let Some(until) = until {
                sql.push(format!(" and coalesce({}, 0) < ", column.name)).push_bind(*until);
            }
            sql.push(")");
        }
        Part::Time { from, until } => {
            sql.push("(true");
            if let Some(from) = from {
                sql.push(" and created_at >= ").push_bind(*from);
            }
            if let Some(until) = until {
                sql.push(" and created_at < ").push_bind(*until);
            }
            sql.push(")");
        }
    }
}

fn push_each(sql: &mut QueryBuilder<Postgres>, parts: &[Part], between: &str, of_none: &str) {
    if parts.is_empty() {
        sql.push(of_none);
        return;
    }
    for (place, part) in parts.iter().enumerate() {
        sql.push(if place == 0 { "(" } else { between });
        push(sql, part);
    }
    sql.push(")");
}

fn push_any<T>(sql: &mut QueryBuilder<Postgres>, column: Column, values: Vec<T>)
where
    T: sqlx::Type<Postgres> + for<'e> sqlx::Encode<'e, Postgres> + sqlx::postgres::PgHasArrayType + Send + 'static,
{
    if column.is_array {
        sql.push(format!("coalesce({} && ", column.name)).push_bind(values).push(", false)");
    } else {
        sql.push(format!("coalesce({} = any (", column.name)).push_bind(values).push("), false)");
    }
}

/// What this operator may see of these posts, in this order. Some may be gone by now.
pub(super) async fn posts(db: &PgPool, ids: &[i64]) -> Result<Vec<PostHit>> {
    let rows = query!(
        r#"
        select p.post_id         as "post_id!: PostId",
               p.title,
               p.author_username as "author!",
               p.author_department as department,
               to_json(p.created_at) #>> '{}' as "created_at!",
               array(
                   select m.media_id
                     from console.photo as m
                    where m.post_id = p.post_id
                    order by m.position nulls last, m.media_id
                    limit 4
               ) as "media!: Vec<MediaId>",
               (select count(*) from console.photo as m where m.post_id = p.post_id)::integer as "media_count!",
               array(
                   select left(tag, 200) from unnest(p.all_ai_tags) as tag where tag <> '' limit 100
               ) as "tags!",
               p.inferred_event_type as event,
               coalesce(p.total_reactions, 0) as "reactions!",
               coalesce(p.total_comments, 0) as "comments!"
          from console.post_search as p
         where p.post_id = any ($1)
           and exists (select from console.post as seen where seen.post_id = p.post_id and seen.post_id = any ($1))
        "#,
        ids
    )
    .fetch_all(db)
    .await?;
    let hits = rows.into_iter().map(|row| {
        let hit = PostHit {
            post_id: row.post_id,
            title: row.title,
            author: row.author,
            department: row.department,
            created_at: row.created_at,
            media: row.media,
            media_count: row.media_count,
            tags: row.tags,
            event: row.event,
            reactions: row.reactions,
            comments: row.comments,
        };
        (hit.post_id.0, hit)
    });
    Ok(in_order(ids, hits.collect()))
}

pub(super) async fn people(db: &PgPool, ids: &[i64]) -> Result<Vec<PersonHit>> {
    let rows = query!(
        r#"
        select u.user_id  as "user_id!: UserId",
               u.username as "username!",
               u.full_name,
               u.department,
               coalesce(u.face_enrolled, false) as "is_enrolled!",
               coalesce(u.total_posts, 0) as "posts!",
               coalesce(u.total_followers, 0) as "followers!"
          from console.user_search as u
         where u.user_id = any ($1)
        "#,
        ids
    )
    .fetch_all(db)
    .await?;
    let hits = rows.into_iter().map(|row| {
        let hit = PersonHit {
            user_id: row.user_id,
            username: row.username,
            full_name: row.full_name,
            department: row.department,
            is_enrolled: row.is_enrolled,
            posts: row.posts,
            followers: row.followers,
        };
        (hit.user_id.0, hit)
    });
    Ok(in_order(ids, hits.collect()))
}

pub(super) async fn faces(db: &PgPool, ids: &[i64]) -> Result<Vec<FaceHit>> {
    let names: Vec<String> = ids.iter().map(i64::to_string).collect();
    let rows = query!(
        r#"
        select f.face_id  as "face_id!",
               f.media_id as "media_id!: MediaId",
               array(select unnest(f.bbox)) as "bbox!: Vec<Option<i32>>",
               f.identified_username as person,
               case when f.match_confidence between -1 and 1 then f.match_confidence end as confidence,
               u.username as "uploader?",
               to_json(f.created_at) #>> '{}' as "created_at!"
          from console.face_search as f
          left join console.person as u
            on u.user_id = f.uploader_id
           and u.user_id = any (array(select uploader_id from console.face_search where face_id = any ($1)))
         where f.face_id = any ($1)
           and f.media_id = any (array(
               select p.media_id
                 from console.photo as p
                where p.media_id = any (array(select media_id from console.face_search where face_id = any ($1)))
           ))
        "#,
        &names
    )
    .fetch_all(db)
    .await?;
    let hits = rows.into_iter().filter_map(|row| {
        let id: i64 = row.face_id.parse().ok()?;
        let hit = FaceHit {
            face_id: row.face_id,
            media_id: row.media_id,
            bounds: Bounds::from_stored(&row.bbox).ok(),
            person: row.person,
            confidence: row.confidence,
            uploader: row.uploader.unwrap_or_default(),
            created_at: row.created_at,
            similarity: None,
        };
        Some((id, hit))
    });
    Ok(in_order(ids, hits.collect()))
}

fn in_order<T>(ids: &[i64], mut hits: HashMap<i64, T>) -> Vec<T> {
    ids.iter().filter_map(|id| hits.remove(id)).collect()
}
