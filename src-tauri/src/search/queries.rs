//! Words as SQL, and what is shown of the media found by either engine.

use std::collections::HashMap;

use sqlx::{PgPool, query, query_scalar, types::Json};

use super::{
    Asked, Found, Hit,
    cursor::{Cursor, cannot_continue},
};
use crate::{
    db::{MediaId, PostId},
    error::{Error, Result},
    read_models::Texts,
};

/// Who has each word in a name, in the order of the words.
pub(super) async fn people_named(db: &PgPool, words: &[String]) -> Result<Vec<Vec<i64>>> {
    let people = query_scalar!(
        r#"
        select to_json(console.people_named(word)) as "people!: Json<Vec<i64>>"
          from unnest($1::text[]) with ordinality as typed (word, position)
         order by position
        "#,
        words,
    )
    .fetch_all(db)
    .await?;
    Ok(people.into_iter().map(|Json(people)| people).collect())
}

/// Newest first; the function itself knows whether this operator sees unsafe media.
pub(super) async fn find(db: &PgPool, asked: &Asked, after: Option<&Cursor>) -> Result<Found> {
    let (before, before_media) = match after {
        Some(Cursor::PostgreSql { created_at, media_id }) => (Some(created_at.as_str()), Some(*media_id)),
        _ => (None, None),
    };
    let rows = query!(
        r#"
        select media_id as "media_id!", to_json(created_at) #>> '{}' as "created_at!", total as "total!"
          from console.find_media($1, $2::text::timestamptz, $3, $4)
        "#,
        &asked.words,
        before,
        before_media,
        i32::try_from(asked.limit).unwrap_or(i32::MAX),
    )
    .fetch_all(db)
    .await
    .map_err(|error| if is_bad_time(&error) { cannot_continue() } else { Error::from(error) })?;
    let next = rows
        .last()
        .filter(|_| rows.len() >= asked.limit as usize)
        .map(|last| Cursor::PostgreSql { created_at: last.created_at.clone(), media_id: last.media_id });
    Ok(Found {
        total: rows.first().map_or(0, |row| row.total),
        media: rows.iter().map(|row| row.media_id).collect(),
        next,
        notice: None,
    })
}

/// `22007` and `22008`: the cursor's time is none.
fn is_bad_time(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|state| state.starts_with("2200"))
}

/// What this operator may see of these media, in this order. Some may be gone by now.
pub(super) async fn hits(db: &PgPool, media: &[i64]) -> Result<Vec<Hit>> {
    let rows = query!(
        r#"
        select m.media_id as "media_id!", m.post_id as "post_id!", m.post_title, left(m.ai_caption, 4000) as caption,
               to_json(m.ai_tags) as "tags: Json<Texts>", to_json(m.detected_usernames) as "people: Json<Texts>",
               m.uploader_username as "uploader!", to_json(m.created_at) #>> '{}' as "created_at!"
          from console.media_search as m
         where m.media_id = any ($1)
           and exists (select from console.photo as p where p.media_id = m.media_id)
        "#,
        media,
    )
    .fetch_all(db)
    .await?;
    let texts = |texts: Option<Json<Texts>>| texts.map(|Json(texts)| texts.into_vec()).unwrap_or_default();
    let mut hits: HashMap<i64, Hit> = rows
        .into_iter()
        .map(|row| {
            let hit = Hit {
                media_id: MediaId(row.media_id),
                post_id: PostId(row.post_id),
                title: row.post_title,
                caption: row.caption,
                tags: texts(row.tags),
                people: texts(row.people),
                uploader: row.uploader,
                created_at: row.created_at,
            };
            (row.media_id, hit)
        })
        .collect();
    Ok(media.iter().filter_map(|media| hits.remove(media)).collect())
}
