//! Counts the values that media have, for what is offered while a query is being typed.

use std::time::{Duration, Instant};

use sqlx::{PgPool, query, query_scalar};
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::{error::Result, read_models::fold};

/// How often it is looked whether there is something to count.
const EVERY: Duration = Duration::from_secs(10);
/// Counting takes no more than this share of the time.
const SHARE: f64 = 0.02;

/// Counts until it is stopped. What can't be counted is not offered, and nothing else.
pub(super) async fn keep(db: PgPool, stop: CancellationToken) {
    let mut ticks = time::interval(EVERY);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            counted = count_if_due(&db) => if let Err(error) = counted {
                tracing::warn!(%error, "values of media were not counted");
            }
        }
    }
}

async fn count_if_due(db: &PgPool) -> Result<()> {
    let is_due = query_scalar!(
        r#"
        select coalesce(
            (select clock_timestamp() > counted_at + make_interval(secs => greatest(seconds / $1::double precision, $2))
                    and coalesce((select max(updated_at) > counted_at from public.read_model_media_search), true)
               from console.search_term_count), true) as "is_due!"
        "#,
        SHARE,
        EVERY.as_secs_f64(),
    )
    .fetch_one(db)
    .await?;
    if is_due { count_terms(db).await } else { Ok(()) }
}

/// Counts all of them now. One worker at a time does; another one leaves it at that.
///
/// # Errors
/// Those of PostgreSQL.
pub async fn count_terms(db: &PgPool) -> Result<()> {
    let began = Instant::now();
    let mut tx = db.begin().await?;
    let is_alone =
        query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('console.search_term', 0)) as "is_alone!""#);
    if !is_alone.fetch_one(&mut *tx).await? {
        return Ok(());
    }
    // Longer values are no words that somebody would type.
    let rows = query!(
        r#"
        with counted as materialized (
            select named.field, named.value, count(*) as media, count(*) filter (where r.is_safe) as safe_media
              from public.read_model_media_search as r
             cross join lateral (
                   select 'tag' as field, tag as value from unnest(r.ai_tags) as tag
                   union all
                   select 'scene', scene from unnest(r.ai_scenes) as scene
                   union all
                   select 'dept', r.uploader_department
                   union all
                   select 'user', person::text from unnest(r.detected_user_ids) as person
                   ) as named
             group by named.field, named.value
        )
        select field as "field!", value as "value!", null::bigint as user_id, null::text as full_name, media as "media!",
               safe_media as "safe_media!"
          from counted
         where field <> 'user'
           and octet_length(value) between 1 and 200
        union all
        select 'event', p.inferred_event_type, null, null, count(*), count(*) filter (where r.is_safe)
          from public.read_model_post_search as p
          join public.read_model_media_search as r on r.post_id = p.post_id
         where p.inferred_event_type <> ''
         group by p.inferred_event_type
        union all
        select 'person', u.username, u.user_id, u.full_name, coalesce(counted.media, 0), coalesce(counted.safe_media, 0)
          from public.users as u
          left join counted on counted.field = 'user' and counted.value = u.user_id::text
        "#
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut words = Vec::new();
    for row in &rows {
        let folded = fold::words(&[row.value.as_str(), row.full_name.as_deref().unwrap_or_default()].join(" "));
        words.push(folded.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "));
    }
    let fields: Vec<String> = rows.iter().map(|row| row.field.clone()).collect();
    let values: Vec<String> = rows.iter().map(|row| row.value.clone()).collect();
    let users: Vec<Option<i64>> = rows.iter().map(|row| row.user_id).collect();
    let names: Vec<Option<String>> = rows.iter().map(|row| row.full_name.clone()).collect();
    let media: Vec<i64> = rows.iter().map(|row| row.media).collect();
    let safe: Vec<i64> = rows.iter().map(|row| row.safe_media).collect();
    query!(
        r#"
        with counted as materialized (
            select *
              from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
                       as counted (field, value, user_id, full_name, words, media, safe_media)
        ),
        gone as (
            delete from console.search_term as t
             where not exists (select from counted as c where c.field = t.field and c.value = t.value)
        )
        insert into console.search_term as t (field, value, user_id, full_name, words, media, safe_media)
        select field, value, user_id, full_name, words::tsvector, media, safe_media from counted
            on conflict (field, value) do update
           set user_id = excluded.user_id, full_name = excluded.full_name, words = excluded.words, media = excluded.media,
               safe_media = excluded.safe_media
         where (t.user_id, t.full_name, t.media, t.safe_media)
               is distinct from (excluded.user_id, excluded.full_name, excluded.media, excluded.safe_media)
        "#,
        &fields,
        &values,
        &users as &[Option<i64>],
        &names as &[Option<String>],
        &words,
        &media,
        &safe,
    )
    .execute(&mut *tx)
    .await?;
    query!(
        r#"
        insert into console.search_term_count (counted_at, seconds) values (now(), $1)
            on conflict (only_one) do update set counted_at = excluded.counted_at, seconds = excluded.seconds
        "#,
        began.elapsed().as_secs_f64(),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
