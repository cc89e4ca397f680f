//! A condition as PostgreSQL takes it, what only PostgreSQL knows, and what is shown of the media found by either engine.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Value, json};
use sqlx::{PgExecutor, PgPool, query, query_as, query_scalar, types::Json};

use super::{
    Asked, BEST, Found, Hit, NEIGHBOURS, Sort, Total, WINDOW, Why,
    cursor::{Cursor, cannot_continue, is_bad_value},
    fusion::{self, Arms},
    meaning::{Condition, Wanted},
    no_vector,
};
use crate::{
    db::{MediaId, PostId},
    error::{Error, Result},
    read_models::Texts,
};

/// Of one text; more have the name than anybody means.
pub(super) const MOST_PEOPLE: usize = 1_000;
/// Ids that a search in the index is narrowed to, or spared.
const MOST_IDS: usize = 10_000;
/// As `console.find_media` has it.
const MOST_WEIGHED: i64 = 10_000;

/// Who has each text in a name.
pub(super) async fn people(db: &PgPool, texts: Vec<Wanted>) -> Result<HashMap<Wanted, Vec<i64>>> {
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let people = query_scalar!(
        r#"select to_json(people) as "people!: Json<Vec<i64>>" from console.people_meant($1, $2)"#,
        json!(texts),
        i32::try_from(MOST_PEOPLE).unwrap_or(i32::MAX),
    )
    .fetch_all(db)
    .await?;
    Ok(texts.into_iter().zip(people.into_iter().map(|Json(people)| people)).collect())
}

pub(super) async fn event_types(db: &PgPool) -> Result<Vec<String>> {
    Ok(query_scalar!(r#"select event as "event!" from console.event_types() as event"#).fetch_all(db).await?)
}

pub(super) async fn categories(db: &PgPool) -> Result<Vec<String>> {
    Ok(query_scalar!(r#"select category as "category!" from console.categories() as category"#).fetch_all(db).await?)
}

/// The same condition in words of the index: what this has nothing of, as ids. `None` where these are too many.
pub(super) async fn for_index(db: &PgPool, condition: &Condition) -> Result<Option<Condition>> {
    let mut beyond = Vec::new();
    collect_beyond(condition, &mut beyond);
    let mut known = Vec::new();
    for condition in beyond {
        match as_ids(db, condition).await? {
            Some(ids) => known.push((condition, ids)),
            None => return Ok(None),
        }
    }
    Ok(Some(replaced(condition, &known)))
}

fn collect_beyond<'a>(condition: &'a Condition, beyond: &mut Vec<&'a Condition>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect_beyond(part, beyond)),
        Condition::Not(negated) => collect_beyond(negated, beyond),
        part if part.is_beyond_the_index() && !beyond.contains(&part) => beyond.push(part),
        _ => {}
    }
}

/// Those for which it holds, or all but those for which it does not.
async fn as_ids(db: &PgPool, condition: &Condition) -> Result<Option<Condition>> {
    if let Some(media) = few(db, condition).await? {
        return Ok(Some(Condition::Media(media)));
    }
    let others = few(db, &Condition::Not(Box::new(condition.clone()))).await?;
    Ok(others.map(|media| Condition::Not(Box::new(Condition::Media(media)))))
}

async fn few(db: &PgPool, condition: &Condition) -> Result<Option<Vec<i64>>> {
    let most = i32::try_from(MOST_IDS + 1).unwrap_or(i32::MAX);
    let media = query_scalar!(r#"select console.media_meant($1, $2) as "media!""#, json!(condition), most);
    let media = media.fetch_one(db).await?;
    Ok((media.len() <= MOST_IDS).then_some(media))
}

fn replaced(condition: &Condition, known: &[(&Condition, Condition)]) -> Condition {
    let of_each = |parts: &[Condition]| parts.iter().map(|part| replaced(part, known)).collect();
    match condition {
        Condition::All(parts) => Condition::All(of_each(parts)),
        Condition::Any(parts) => Condition::Any(of_each(parts)),
        Condition::Not(negated) => Condition::Not(Box::new(replaced(negated, known))),
        part => known.iter().find(|(own, _)| *own == part).map_or(part, |(_, ids)| ids).clone(),
    }
}

/// A page in the order that is asked for; the function itself knows whether this operator sees unsafe media.
pub(super) async fn page(
    db: &PgPool,
    asked: &Asked,
    condition: Option<&Condition>,
    after: Option<&Cursor>,
) -> Result<Found> {
    let told = match after {
        Some(Cursor::PostgreSql { created_at, media_id, rank, total, .. }) => {
            let Total { media, is_estimate } = total;
            json!({
                "createdAt": created_at, "mediaId": media_id, "rank": rank, "total": media, "isEstimate": is_estimate,
            })
        }
        _ => Value::Null,
    };
    let but = after.map(|after| after.but().to_vec()).unwrap_or_default();
    let found = sorted(db, condition, asked.sort, &told, asked.limit).await?;
    Ok(Found { next: found.next.map(|next| next.without(but)), ..found })
}

async fn sorted(db: &PgPool, condition: Option<&Condition>, sort: Sort, after: &Value, limit: u32) -> Result<Found> {
    let ranked = condition.map(Condition::ranked).unwrap_or_default();
    let rows = query!(
        r#"
        select media_id as "media_id!", to_json(created_at) #>> '{}' as "created_at!", rank as "rank!", total as "total!",
               is_estimate as "is_estimate!"
          from console.find_media($1, $2, $3, $4, $5)
        "#,
        json!(condition),
        sort.name(),
        json!(ranked),
        after,
        i32::try_from(limit).unwrap_or(i32::MAX),
    )
    .fetch_all(db)
    .await
    .map_err(|error| if is_bad_value(&error) && !after.is_null() { cannot_continue() } else { Error::from(error) })?;
    // Nothing may be left of the last page.
    let total = rows.first().map_or_else(
        || Total::counted(after["total"].as_i64().unwrap_or(0)),
        |row| Total { media: row.total, is_estimate: row.is_estimate },
    );
    let next = rows.last().filter(|_| rows.len() >= limit as usize).map(|last| Cursor::PostgreSql {
        created_at: last.created_at.clone(),
        media_id: last.media_id,
        rank: last.rank,
        total,
        but: Vec::new(),
    });
    let is_unweighed = total.is_estimate || total.media > MOST_WEIGHED;
    Ok(Found {
        notice: (sort == Sort::Relevance && !ranked.is_empty() && is_unweighed)
            .then(|| "So many photos have these words that the newest come first, not the best.".to_owned()),
        total,
        media: rows.iter().map(|row| row.media_id).collect(),
        next,
        ..Found::default()
    })
}

/// The best by words, as many as are fused.
async fn by_words(db: &PgPool, condition: &Condition) -> Result<Found> {
    let window = u32::try_from(WINDOW).unwrap_or(u32::MAX);
    sorted(db, Some(condition), Sort::Relevance, &Value::Null, window).await
}

/// The first page of the best by words, fused with what looks like the very best of them.
pub(super) async fn best(db: &PgPool, asked: &Asked, condition: &Condition) -> Result<Found> {
    let by_words = by_words(db, condition).await?;
    let examples: Vec<i64> = by_words.media.iter().take(BEST).copied().collect();
    let direction = Direction { more: &examples, less: &[], but: &[] };
    let near = near(db, Some(condition), direction, NEIGHBOURS, None, Some(by_words.total.media)).await?;
    let arms = Arms { text: by_words.media, near };
    let fused = fusion::first(&arms, asked.limit, false, Some(by_words.total), by_words.next);
    Ok(Found { notice: by_words.notice, ..fused })
}

/// The list of what is near to the examples, fused with the words' where there are some.
pub(super) async fn nearest(db: &PgPool, asked: &Asked) -> Result<Found> {
    let (more, less): (Vec<i64>, Vec<i64>) = (asked.like.more_media().collect(), asked.like.less_media().collect());
    let but: Vec<i64> = asked.like.media().collect();
    let direction = Direction { more: &more, less: &less, but: &but };
    let near = near(db, asked.condition.as_ref(), direction, WINDOW, asked.similarity, None).await?;
    let text = match &asked.condition {
        Some(condition) if condition.is_ranked() => by_words(db, condition).await?.media,
        _ => Vec::new(),
    };
    let lacks_vector = near.is_empty() && !but.is_empty() && {
        // An example that has a vector is the nearest to itself.
        let itself = Direction { more: &but, less: &[], but: &[] };
        self::near(db, Some(&Condition::Media(but.clone())), itself, 1, None, None).await?.is_empty()
    };
    let found = fusion::first(&Arms { text, near }, asked.limit, false, None, None);
    Ok(Found { notice: lacks_vector.then(no_vector), ..found })
}

/// Media that others are compared with, and those that are not compared.
#[derive(Debug, Clone, Copy)]
struct Direction<'a> {
    more: &'a [i64],
    less: &'a [i64],
    but: &'a [i64],
}

/// `matching`: for how many the condition holds, where that is known.
async fn near(
    db: &PgPool,
    condition: Option<&Condition>,
    Direction { more, less, but }: Direction<'_>,
    count: usize,
    least: Option<f64>,
    matching: Option<i64>,
) -> Result<Vec<(i64, f64)>> {
    let near = query!(
        r#"
        select media_id as "media_id!", similarity as "similarity!"
          from console.nearest_media($1, $2, $3, $4, $5, $6, $7)
        "#,
        json!(condition),
        more,
        less,
        but,
        i32::try_from(count).unwrap_or(i32::MAX),
        least,
        matching,
    )
    .fetch_all(db)
    .await?;
    Ok(near.into_iter().map(|row| (row.media_id, row.similarity)).collect())
}

/// How many media there are for which it holds.
pub(super) async fn count(db: impl PgExecutor<'_>, condition: Option<&Condition>) -> Result<i64> {
    let counted = query_scalar!(r#"select console.media_counted($1) as "media!""#, json!(condition));
    Ok(counted.fetch_one(db).await?)
}

/// How many documents of media are to be sent to the index yet.
pub(super) async fn behind(db: &PgPool) -> Result<i64> {
    Ok(query_scalar!(
        r#"
        select coalesce(sum(waiting), 0)::bigint as "waiting!"
          from console.queue_status()
         where kind = 'index'
           and name = 'media_search'
        "#
    )
    .fetch_one(db)
    .await?)
}

/// Who has it in a name, up to [`MOST_PEOPLE`], by username.
pub(super) async fn usernames(db: &PgPool, wanted: &Wanted) -> Result<Vec<String>> {
    let people: Vec<i64> = people(db, vec![wanted.clone()]).await?.into_values().flatten().collect();
    Ok(query_scalar!(r#"select username as "username!" from console.person where user_id = any ($1)"#, &people)
        .fetch_all(db)
        .await?)
}

/// What a hit may have matched by that it does not show.
#[derive(Debug, Default)]
pub(super) struct Background {
    pub(super) uploader: Option<String>,
    pub(super) people: Vec<String>,
    pub(super) post_tags: Vec<String>,
    pub(super) event: Option<String>,
    pub(super) categories: Vec<String>,
}

/// The full names, and what their posts have, of these media.
pub(super) async fn backgrounds(db: &PgPool, media: &[i64]) -> Result<HashMap<i64, Background>> {
    if media.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = query!(
        r#"
        select m.media_id as "media_id!",
               (select u.full_name from console.person as u where u.user_id = m.uploader_id) as uploader,
               to_json(array(
                   select u.full_name
                     from console.person as u
                    where u.user_id = any (m.detected_user_ids)
                      and u.full_name <> ''
                    order by u.user_id
               )) as "people!: Json<Vec<String>>",
               to_json(array(
                   select tag
                     from unnest(m.post_all_tags) as tag
                    where tag <> ''
                      and tag <> all (coalesce(m.ai_tags, '{}'))
               )) as "post_tags!: Json<Vec<String>>",
               p.inferred_event_type as "event?",
               to_json(p.categories) as "categories: Json<Texts>"
          from console.media_search as m
          left join console.post_search as p
            on p.post_id = m.post_id
           and p.post_id = any (array(select post_id from console.media_search where media_id = any ($1)))
         where m.media_id = any ($1)
        "#,
        media,
    )
    .fetch_all(db)
    .await?;
    let of_each = rows.into_iter().map(|row| {
        let background = Background {
            uploader: row.uploader,
            people: row.people.0,
            post_tags: row.post_tags.0,
            event: row.event,
            categories: row.categories.map(|Json(texts)| texts.into_vec()).unwrap_or_default(),
        };
        (row.media_id, background)
    });
    Ok(of_each.collect())
}

/// What this operator may see of these media, in this order. Some may be gone by now.
pub(super) async fn hits(db: &PgPool, media: &[i64]) -> Result<Vec<Hit>> {
    let rows = query!(
        r#"
        select m.media_id as "media_id!", m.post_id as "post_id!", m.post_title, left(m.ai_caption, 4000) as caption,
               to_json(m.ai_tags) as "tags: Json<Texts>", to_json(m.ai_scenes) as "scenes: Json<Texts>",
               to_json(m.detected_usernames) as "people: Json<Texts>", m.uploader_username as "uploader!",
               m.uploader_department, to_json(m.created_at) #>> '{}' as "created_at!",
               coalesce(p.media_type = 'VIDEO', false) as "is_video!", p.width as "width?", p.height as "height?",
               coalesce(m.reaction_count, 0) as "reactions!", coalesce(m.comment_count, 0) as "comments!"
          from console.media_search as m
          join console.photo as p on p.media_id = m.media_id
         where m.media_id = any ($1)
           and p.media_id = any ($1)
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
                scenes: texts(row.scenes),
                people: texts(row.people),
                uploader: row.uploader,
                department: row.uploader_department,
                created_at: row.created_at,
                is_video: row.is_video,
                width: row.width,
                height: row.height,
                reactions: row.reactions,
                comments: row.comments,
                why: Why::default(),
            };
            (row.media_id, hit)
        })
        .collect();
    Ok(media.iter().filter_map(|media| hits.remove(media)).collect())
}

/// How many media have each value of a field, the most frequent first.
pub(super) async fn facet(
    db: impl PgExecutor<'_>,
    condition: Option<&Condition>,
    field: &str,
    at_most: usize,
) -> Result<Vec<(String, i64)>> {
    let rows = query!(
        r#"select value as "value!", count as "count!" from console.media_facet($1, $2, $3)"#,
        json!(condition),
        field,
        i32::try_from(at_most).unwrap_or(i32::MAX),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.value, row.count)).collect())
}

/// How many media there are of each day.
pub(super) async fn days(db: impl PgExecutor<'_>, condition: Option<&Condition>) -> Result<Vec<(NaiveDate, i64)>> {
    let rows = query!(r#"select day as "day!", count as "count!" from console.media_days($1)"#, json!(condition))
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.day, row.count)).collect())
}

/// A value that media have, and how many do.
#[derive(Debug)]
pub(super) struct Term {
    pub field: String,
    pub value: String,
    /// Of a person
    pub user_id: Option<i64>,
    pub full_name: Option<String>,
    pub media: i64,
}

/// The most frequent terms of each field whose words begin as these do.
pub(super) async fn terms_begun(
    db: &PgPool,
    fields: &[String],
    typed: &[String],
    at_most: i32,
) -> sqlx::Result<Vec<Term>> {
    query_as!(
        Term,
        r#"
        select field as "field!", value as "value!", user_id, full_name, media as "media!"
          from console.terms_begun($1, $2, $3)
        "#,
        fields,
        typed,
        at_most,
    )
    .fetch_all(db)
    .await
}
