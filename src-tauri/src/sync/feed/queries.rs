//! Feeds in the database: SQL and nothing else.

use sqlx::{PgConnection, PgPool, query, query_scalar};

use crate::config;

/// Removes items whose time is over, the oldest first; how many there were.
pub(super) async fn expire(db: &PgPool, at_most: i64) -> sqlx::Result<usize> {
    let done = query!(
        r#"
        delete from console.feed_part
         where key = any (array(
               select key
                 from console.feed_part
                where expires_at <= now()
                order by expires_at
                limit $1
                  for update skip locked))
        "#,
        at_most,
    )
    .execute(db)
    .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

pub(super) async fn lock(tx: &mut PgConnection) -> sqlx::Result<()> {
    query!("select pg_advisory_xact_lock(hashtextextended('console.feed_refresh', 0))").execute(tx).await?;
    Ok(())
}

/// False when another worker is at it.
pub(super) async fn try_lock(tx: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar!(r#"select pg_try_advisory_xact_lock(hashtextextended('console.feed_refresh', 0)) as "locked!""#)
        .fetch_one(tx)
        .await
}

/// Notes that media are new for those of the uploader's department, those who are on them, and those who were on photos by or
/// with the uploader.
pub(super) async fn note_concerned(tx: &mut PgConnection, media: &[i64]) -> sqlx::Result<()> {
    query!(
        r#"
        with uploaded as (
            select distinct u.user_id, u.department
              from public.post_media as m
              join public.posts as p on p.post_id = m.post_id
              join public.users as u on u.user_id = p.user_id
             where m.media_id = any ($1)
        ),
        concerned as (
            select u.user_id
              from public.users as u
             where u.department in (select department from uploaded)
             union
            select f.identified_user_id from public.media_detected_faces as f where f.media_id = any ($1)
             union
            select f.identified_user_id
              from uploaded
              join public.posts as p on p.user_id = uploaded.user_id
              join public.post_media as m on m.post_id = p.post_id
              join public.media_detected_faces as f on f.media_id = m.media_id
             union
            select other.identified_user_id
              from uploaded
              join public.media_detected_faces as own on own.identified_user_id = uploaded.user_id
              join public.media_detected_faces as other on other.media_id = own.media_id
        )
        insert into console.feed_refresh as r (user_id, concerned_since)
        select u.user_id, now()
          from public.users as u
         where u.user_id in (select user_id from concerned)
           and u.account_status = 'ACTIVE'
         order by u.user_id
            on conflict (user_id) do update
           set concerned_since = coalesce(r.concerned_since, excluded.concerned_since)
        "#,
        media,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Whose feed is to be chosen, the most urgent first. While many media are still to be projected nobody's: chosen from half of
/// them it would have to be chosen again.
pub(super) async fn due(tx: &mut PgConnection, settings: &config::Feed, at_most: i64) -> sqlx::Result<Vec<i64>> {
    query_scalar!(
        r#"
        select due.user_id as "user_id!"
          from (
              select user_id, '-infinity'::timestamptz as since from console.feed_urgent
               union all
              select r.user_id, r.refreshed_at
                from console.feed_refresh as r
                join public.users as u on u.user_id = r.user_id
               where u.account_status = 'ACTIVE'
                 and r.refreshed_at > '-infinity'
                 and (r.refreshed_at < now() - make_interval(
                          secs => 60 * case when r.concerned_since is null then $1 else least($1, $2::double precision) end)
                      -- From before the clock was set back.
                      or r.refreshed_at > now() + interval '1 minute')
          ) as due
         where (select coalesce(sum(span), 0)
                  from (
                      select span from console.read_model_queue where read_model = 'recommendations_knn' limit 100
                  ) as waiting) < 100
         group by due.user_id
         order by min(due.since), due.user_id
         limit $3
        "#,
        settings.refresh_minutes,
        settings.at_most_every_minutes,
        at_most,
    )
    .fetch_all(tx)
    .await
}

/// Chooses the feeds of these users, and removes what was not chosen again.
///
/// Of what stays, only a noticeably different score or a time that is half over is written: each row written is a document
/// sent.
#[expect(clippy::too_many_lines, reason = "one statement, read from top to bottom")]
pub(super) async fn choose(tx: &mut PgConnection, users: &[i64], settings: &config::Feed) -> sqlx::Result<()> {
    query!(
        r#"
        with target as materialized (
            select user_id, department from public.users where user_id = any ($1) and account_status = 'ACTIVE'
        ),
        candidate as materialized (
            select r.media_id, u.user_id as uploader_id, u.department, r.created_at,
                   l2_normalize(i.image_embedding) as picture,
                   greatest(coalesce(s.reaction_count, 0) + 2.0 * coalesce(s.comment_count, 0), 0)::double precision as echo
              from (
                  select media_id, created_at
                    from public.read_model_recommendations_knn
                   where isfinite(created_at)
                     and media_id between 1 and (1::bigint << 36) - 1
                   order by created_at desc, media_id desc
                   limit $2
              ) as r
              join public.post_media as m on m.media_id = r.media_id
              join public.posts as p on p.post_id = m.post_id
              join public.users as u on u.user_id = p.user_id
              join public.media_ai_insights as i on i.media_id = r.media_id
              left join public.read_model_media_search as s on s.media_id = r.media_id
        ),
        own as materialized (
            select t.user_id, m.media_id
              from target as t
             cross join lateral (
                   (select m.media_id
                      from public.posts as p
                      join public.post_media as m on m.post_id = p.post_id
                     where p.user_id = t.user_id
                     order by m.media_id desc
                     limit 100)
                   union
                   (select f.media_id
                      from public.media_detected_faces as f
                     where f.identified_user_id = t.user_id
                     order by f.media_id desc
                     limit 100)
                   ) as m
        ),
        taste as materialized (
            select own.user_id, avg(l2_normalize(i.image_embedding)) as picture
              from own
              join public.media_ai_insights as i on i.media_id = own.media_id
             where i.image_embedding is not null
               and i.status in ('COMPLETED', 'UNSAFE')
             group by own.user_id
        ),
        together as materialized (
            select seen.user_id, seen.other_id, count(*) as photos
              from (
                  select own.user_id, own.media_id, f.identified_user_id as other_id
                    from own
                    join public.media_detected_faces as f on f.media_id = own.media_id
                   union
                  select own.user_id, own.media_id, p.user_id
                    from own
                    join public.post_media as m on m.media_id = own.media_id
                    join public.posts as p on p.post_id = m.post_id
              ) as seen
             where seen.other_id <> seen.user_id
             group by seen.user_id, seen.other_id
        ),
        scored as (
            select t.user_id, c.media_id, c.uploader_id,
                   $3 * exp(-0.6931471805599453 * least(
                       greatest(extract(epoch from now() - c.created_at)::double precision / 86400, 0)
                       / $7::double precision, 100)) as recency,
                   $4 * (
                       case when c.department = t.department then 0.5 else 0 end
                       + 0.5 * coalesce(g.photos, 0) / (coalesce(g.photos, 0) + 3)::double precision) as closeness,
                   -- NaN, of a picture without length, is no interest.
                   $5 * greatest(coalesce(nullif(1 - (y.picture <=> c.picture), 'NaN'), 0), 0) as interest,
                   $6 * c.echo / (c.echo + 10) as engagement
              from target as t
             cross join candidate as c
              left join taste as y on y.user_id = t.user_id
              left join together as g on g.user_id = t.user_id and g.other_id = c.uploader_id
             where c.uploader_id <> t.user_id
        ),
        varied as (
            select scored.*,
                   recency + closeness + interest + engagement as score,
                   row_number() over (
                       partition by user_id, uploader_id
                       order by recency + closeness + interest + engagement desc, media_id desc) as of_uploader
              from scored
        ),
        ranked as (
            select varied.*, row_number() over (partition by user_id order by score desc, media_id desc) as place
              from varied
             where of_uploader <= $9::bigint
        ),
        chosen as materialized (
            select console.feed_key(user_id, media_id) as key, ranked.* from ranked where place <= least($10::bigint, 200)
        ),
        gone as (
            delete from console.feed_part as f
             where f.target_user_id = any ($1)
               and not exists (select from chosen as c where c.key = f.key)
        )
        insert into console.feed_part as f
               (key, target_user_id, media_id, recency, closeness, interest, engagement, combined_score, created_at, expires_at)
        select key, user_id, media_id, recency, closeness, interest, engagement, score, now(),
               now() + make_interval(secs => 86400 * $8::double precision)
          from chosen
            on conflict (key) do update
           set recency = excluded.recency, closeness = excluded.closeness, interest = excluded.interest,
               engagement = excluded.engagement, combined_score = excluded.combined_score, expires_at = excluded.expires_at
         where abs(f.combined_score - excluded.combined_score) > 0.01
            or f.expires_at < now() + (excluded.expires_at - now()) / 2
            or f.expires_at > excluded.expires_at
        "#,
        users,
        i64::from(settings.candidates),
        settings.recency,
        settings.closeness,
        settings.interest,
        settings.engagement,
        settings.half_life_days,
        settings.ttl_days,
        i64::from(settings.per_uploader),
        i64::from(settings.items),
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn note_chosen(tx: &mut PgConnection, users: &[i64], settings: &config::Feed) -> sqlx::Result<()> {
    query!(
        r#"
        insert into console.feed_refresh (user_id, refreshed_at, recency, closeness, interest, engagement)
        select user_id, now(), $2, $3, $4, $5 from unnest($1::bigint[]) as user_id
            on conflict (user_id) do update
           set refreshed_at = excluded.refreshed_at, concerned_since = null, recency = excluded.recency,
               closeness = excluded.closeness, interest = excluded.interest, engagement = excluded.engagement
        "#,
        users,
        settings.recency,
        settings.closeness,
        settings.interest,
        settings.engagement,
    )
    .execute(tx)
    .await?;
    Ok(())
}
