-- Documents of media say what their medium and their post are: image or video, and the event. So the index answers what PostgreSQL
-- had to be asked beside it, with every search.

-- Times are in UTC whatever the session's zone, because a hash is taken of the row. What a post was about comes from all its media, so
-- that of one with an unsafe medium is for admins only: all others go by `safe_event`.
create or replace view console.media_search_document as
select media_id,
       to_json(document)::text as row
  from (
      select r.media_id, r.post_id, r.post_title, r.post_all_tags, r.media_url, r.ai_caption, r.ai_tags, r.ai_scenes,
             r.image_embedding, r.is_safe, r.detected_user_ids, r.detected_usernames, r.uploader_id, r.uploader_username,
             r.uploader_department, r.reaction_count, r.comment_count, r.created_at at time zone 'UTC' as created_at,
             m.media_type, nullif(p.inferred_event_type, '') as event,
             case
                 when p.inferred_event_type <> ''
                      and not exists (
                          select from public.read_model_media_search as other
                           where other.post_id = r.post_id and other.is_safe is not true)
                 then p.inferred_event_type
             end as safe_event
        from public.read_model_media_search as r
        left join public.post_media as m on m.media_id = r.media_id
        left join public.read_model_post_search as p on p.post_id = r.post_id
  ) as document;

-- Posts whose media have other documents wait in the index queue as `media_search_post`. They are marked here and not the documents:
-- who marks a document holds the lock of its row, and a writer of one row must not wait for the others of its post.
create function console.mark_posts(posts bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if cardinality(posts) > 0 then
        perform console.mark_stale('media_search_post', posts::text[]);
    end if;
end
$$;

create function console.event_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    posts bigint[];
begin
    if tg_op = 'INSERT' then
        select array_agg(post_id) into posts from new_rows where inferred_event_type <> '';
    elsif tg_op = 'DELETE' then
        select array_agg(post_id) into posts from old_rows where inferred_event_type <> '';
    elsif tg_op = 'TRUNCATE' then
        select array_agg(post_id) into posts from public.read_model_post_search where inferred_event_type <> '';
    else
        select array_agg(post_id)
          into posts
          from old_rows as o
          full join new_rows as n using (post_id)
         where coalesce(o.inferred_event_type, '') <> coalesce(n.inferred_event_type, '');
    end if;
    perform console.mark_posts(posts);
    return null;
end
$$;

create trigger console_event_insert after insert on public.read_model_post_search
    referencing new table as new_rows
    for each statement execute function console.event_changed();
create trigger console_event_update after update on public.read_model_post_search
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.event_changed();
create trigger console_event_delete after delete on public.read_model_post_search
    referencing old table as old_rows
    for each statement execute function console.event_changed();
create trigger console_event_truncate before truncate on public.read_model_post_search
    for each statement execute function console.event_changed();

-- What others than admins see of a post's event depends on all its media.
create function console.post_safety_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    posts bigint[];
begin
    if tg_op = 'INSERT' then
        select array_agg(distinct post_id) into posts from new_rows where is_safe is not true;
    elsif tg_op = 'DELETE' then
        select array_agg(distinct post_id) into posts from old_rows where is_safe is not true;
    else
        select array_agg(o.post_id) || array_agg(n.post_id)
          into posts
          from old_rows as o
          full join new_rows as n using (media_id)
         where o.is_safe is true <> n.is_safe is true
            or o.post_id is distinct from n.post_id and (o.is_safe is not true or n.is_safe is not true);
    end if;
    perform console.mark_posts(posts);
    return null;
end
$$;

create trigger console_safety_insert after insert on public.read_model_media_search
    referencing new table as new_rows
    for each statement execute function console.post_safety_changed();
create trigger console_safety_update after update on public.read_model_media_search
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.post_safety_changed();
create trigger console_safety_delete after delete on public.read_model_media_search
    referencing old table as old_rows
    for each statement execute function console.post_safety_changed();

create function console.media_type_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.mark_posts(array(
        select distinct n.post_id
          from old_rows as o
          join new_rows as n using (media_id)
         where o.media_type is distinct from n.media_type));
    return null;
end
$$;

create trigger console_type_update after update on public.post_media
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.media_type_changed();

create or replace function console.queue_status()
    returns table (kind text, name text, waiting bigint, oldest_seconds double precision, dead_letters bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    with read_model (name) as (
        values ('media_search'), ('post_search'), ('user_search'), ('face_search'), ('recommendations_knn'),
               ('feed_personalized'), ('known_faces')
    ),
    known (kind, name) as (
        select 'read_model', read_model.name from read_model
        union all
        select 'index', read_model.name from read_model
        union all
        values ('index', 'media_search_post'), ('index', 'media_search_text'), ('index', 'person_text'),
               ('task', 'face_matching'), ('task', 'face_clusters'), ('task', 'feed_published'), ('task', 'feeds')
    ),
    waiting as (
        select case when read_model in ('face_matching', 'face_clusters', 'feed_published') then 'task' else 'read_model' end as kind,
               read_model as name, sum(span)::bigint as waiting, min(enqueued_at) as oldest
          from console.read_model_queue
         group by read_model
        union all
        select 'index', index_name, count(*), min(enqueued_at)
          from console.index_queue
         group by index_name
        union all
        select 'task', 'feeds', count(*), min(refresh.concerned_since)
          from console.feed_urgent as urgent
          left join console.feed_refresh as refresh using (user_id)
    ),
    dead as (
        select kind, name, count(*) as letters from console.dead_letter group by kind, name
    )
    select known.kind, known.name, coalesce(waiting.waiting, 0),
           extract(epoch from clock_timestamp() - waiting.oldest)::double precision, coalesce(dead.letters, 0)
      from known
      left join waiting using (kind, name)
      left join dead using (kind, name)
     where console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member')
     order by known.kind desc, known.name;
end;

select console.mark_documents('media_search', array_agg(media_id::text), 1::smallint) from public.read_model_media_search;

revoke execute on function
    console.mark_posts(bigint[]), console.event_changed(), console.post_safety_changed(), console.media_type_changed()
    from public;
