-- Which documents of the indices are dirty, triggers on the read models that mark them, and how far behind all is.

-- One row a document. Who marks it holds the lock of the read model's row, so versions follow the order of the commits.
create table console.index_queue (
    index_name   text        not null,
    document_id  text        not null,
    version      bigint      not null default nextval('console.version'),
    enqueued_at  timestamptz not null default clock_timestamp(),
    leased_until timestamptz,
    lease_holder text,
    attempts     integer     not null default 0,
    primary key (index_name, document_id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

create unique index index_queue_version on console.index_queue (index_name, version);

-- Which generation of an index has had all its rows marked. Elsewhere, or made anew by somebody, it has another uuid.
create table console.index_generation (
    index_name text        primary key,
    generation text        not null,
    uuid       text        not null,
    marked_at  timestamptz not null default clock_timestamp()
);

-- What is on its way in an older version may arrive late: the index refuses it, so the lease can go.
create function console.mark_stale(index_name text, document_ids text[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
    insert into console.index_queue as queue (index_name, document_id)
    select mark_stale.index_name, stale.id
      from (select distinct id from unnest(document_ids) as id where id is not null order by id) as stale
        on conflict (index_name, document_id) do update
       set version = excluded.version, leased_until = null, lease_holder = null, attempts = 0;
    select pg_notify('console_queue', '') where cardinality(document_ids) > 0;
end;

-- `updated_at` is in no document.
create function console.media_search_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    documents text[];
    texts     text[];  -- whose words changed, too
begin
    if tg_op = 'INSERT' then
        select array_agg(media_id::text) into documents from new_rows;
        texts := documents;
    elsif tg_op = 'DELETE' then
        select array_agg(media_id::text) into documents from old_rows;
        texts := documents;
    elsif tg_op = 'TRUNCATE' then
        select array_agg(media_id::text) into documents from public.read_model_media_search;
        texts := documents;
    else
        select array_agg(media_id::text),
               array_agg(media_id::text) filter (where record_image_ne(
                   row(o.post_title, o.post_all_tags, o.ai_caption, o.ai_tags, o.ai_scenes, o.is_safe, o.detected_usernames,
                       o.uploader_username, o.uploader_department, o.created_at),
                   row(n.post_title, n.post_all_tags, n.ai_caption, n.ai_tags, n.ai_scenes, n.is_safe, n.detected_usernames,
                       n.uploader_username, n.uploader_department, n.created_at)))
          into documents, texts
          from old_rows as o
          full join new_rows as n using (media_id)
         where record_image_ne(
                   row(o.post_id, o.post_title, o.post_all_tags, o.media_url, o.ai_caption, o.ai_tags, o.ai_scenes, o.is_safe,
                       o.detected_user_ids, o.detected_usernames, o.uploader_id, o.uploader_username, o.uploader_department,
                       o.reaction_count, o.comment_count, o.created_at, o.image_embedding),
                   row(n.post_id, n.post_title, n.post_all_tags, n.media_url, n.ai_caption, n.ai_tags, n.ai_scenes, n.is_safe,
                       n.detected_user_ids, n.detected_usernames, n.uploader_id, n.uploader_username, n.uploader_department,
                       n.reaction_count, n.comment_count, n.created_at, n.image_embedding));
    end if;
    if documents is not null then
        perform console.mark_stale('media_search', documents);
    end if;
    if texts is not null then
        perform console.mark_stale('media_search_text', texts);
    end if;
    return null;
end
$$;

create function console.face_search_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    documents text[];
begin
    if tg_op = 'INSERT' then
        select array_agg(face_id::text) into documents from new_rows;
    elsif tg_op = 'DELETE' then
        select array_agg(face_id::text) into documents from old_rows;
    elsif tg_op = 'TRUNCATE' then
        select array_agg(face_id::text) into documents from public.read_model_face_search;
    else
        select array_agg(o.face_id::text) || array_agg(n.face_id::text)
          into documents
          from old_rows as o
          full join new_rows as n using (id)
         where record_image_ne(
                   row(o.face_id, o.media_id, o.post_id, o.bbox, o.identified_user_id, o.identified_username,
                       o.match_confidence, o.uploader_id, o.post_title, o.media_url, o.created_at, o.face_embedding),
                   row(n.face_id, n.media_id, n.post_id, n.bbox, n.identified_user_id, n.identified_username,
                       n.match_confidence, n.uploader_id, n.post_title, n.media_url, n.created_at, n.face_embedding));
    end if;
    if documents is not null then
        perform console.mark_stale('face_search', documents);
    end if;
    return null;
end
$$;

create trigger console_insert after insert on public.read_model_media_search
    referencing new table as new_rows
    for each statement execute function console.media_search_changed();
create trigger console_update after update on public.read_model_media_search
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.media_search_changed();
create trigger console_delete after delete on public.read_model_media_search
    referencing old table as old_rows
    for each statement execute function console.media_search_changed();
-- Before: afterwards nobody knows what there was.
create trigger console_truncate before truncate on public.read_model_media_search
    for each statement execute function console.media_search_changed();

create trigger console_insert after insert on public.read_model_face_search
    referencing new table as new_rows
    for each statement execute function console.face_search_changed();
create trigger console_update after update on public.read_model_face_search
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.face_search_changed();
create trigger console_delete after delete on public.read_model_face_search
    referencing old table as old_rows
    for each statement execute function console.face_search_changed();
create trigger console_truncate before truncate on public.read_model_face_search
    for each statement execute function console.face_search_changed();

insert into console.index_queue (index_name, document_id)
select index_name, media_id::text
  from public.read_model_media_search
 cross join unnest(array['media_search', 'media_search_text']) as index_name
union all
select 'face_search', face_id from public.read_model_face_search;

-- Who may see the System screen may see how long the queues are, not what is in them.
create function console.queue_status()
    returns table (kind text, name text, waiting bigint, oldest_seconds double precision, dead_letters bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    with known (kind, name) as (
        values ('read_model', 'media_search'), ('read_model', 'face_search'),
               ('index', 'media_search'), ('index', 'face_search'), ('index', 'media_search_text'),
               ('index', 'person_text')
    ),
    waiting as (
        select 'read_model' as kind, read_model as name, count(*) as waiting, min(enqueued_at) as oldest
          from console.read_model_queue
         group by read_model
        union all
        select 'index', index_name, count(*), min(enqueued_at)
          from console.index_queue
         group by index_name
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

create function console.read_model_rows() returns table (name text, count bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select counted.name, counted.count
      from (
          select 'media_search' as name, (select count(*) from public.read_model_media_search) as count
          union all
          select 'face_search', (select count(*) from public.read_model_face_search)
          union all
          select 'media_search_text', (select count(*) from console.media_search_text)
      ) as counted
     where console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member');
end;

create function console.worker_status() returns table (name text, seen_seconds_ago double precision)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select worker.name, extract(epoch from clock_timestamp() - worker.seen_at)::double precision
      from console.worker
     where console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member')
     order by worker.name;
end;

revoke execute on function
    console.mark_stale(text, text[]), console.media_search_changed(), console.face_search_changed(),
    console.queue_status(), console.read_model_rows(), console.worker_status()
    from public;
grant execute on function console.queue_status(), console.read_model_rows(), console.worker_status()
    to kaleidoscope_staff, kaleidoscope_worker;
grant select, insert, update, delete on console.index_queue, console.index_generation to kaleidoscope_worker;
