-- Which rows of the read models are dirty, and triggers on the core and AI tables that mark them.

-- Orders everything that is ever sent to an index. Never reset: an index keeps the versions that it was given.
create sequence console.version;

-- Rows of read models to be computed anew. Each transaction marks in rows of its own, once a key, and never touches what
-- another one marked: two writers of the platform never wait for each other because of the console.
create table console.read_model_queue (
    read_model   text        not null,
    -- What `key` is of: of the read model's row, or of something on which several of its rows depend.
    -- Which rows these are is looked up after the writer has committed; looked up any earlier, a row that another
    -- transaction is about to add would be missed by both.
    scope        text        not null check (scope in ('row', 'media', 'post', 'user')),
    key          bigint      not null,
    transaction  xid8        not null default pg_current_xact_id(),
    version      bigint      not null default nextval('console.version'),
    enqueued_at  timestamptz not null default clock_timestamp(),
    leased_until timestamptz,
    lease_holder text,
    attempts     integer     not null default 0,
    primary key (read_model, scope, key, transaction)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

create unique index read_model_queue_version on console.read_model_queue (read_model, version);

-- What could not be done, with the server's own words.
create table console.dead_letter (
    kind       text        not null check (kind in ('read_model', 'index')),
    name       text        not null,
    key        text        not null,
    version    bigint      not null,
    reason     text        not null,
    attempts   integer     not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (kind, name, key)
);

create table console.worker (
    name       text primary key,
    started_at timestamptz not null default clock_timestamp(),
    seen_at    timestamptz not null default clock_timestamp()
);

-- An upsert: in a restored database a mark of an earlier life may bear the same transaction.
create function console.mark_dirty(read_model text, scope text, keys bigint[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
    insert into console.read_model_queue (read_model, scope, key)
    select mark_dirty.read_model, mark_dirty.scope, dirty.key
      from (select distinct key from unnest(keys) as key where key is not null order by key) as dirty
        on conflict (read_model, scope, key, transaction) do update set version = excluded.version;
    -- Equal notifications of a transaction are delivered as one.
    select pg_notify('console_queue', '') where cardinality(keys) > 0;
end;

-- The AI is done with a medium in this state.
create function console.analysed(status text) returns boolean
language sql immutable parallel safe
return coalesce(status in ('COMPLETED', 'UNSAFE'), false);

-- The triggers below compare by `record_image_ne`, which needs no operator of the vector type and so no schema that others may
-- write to in the search path. What no source view reads marks nothing.

create function console.users_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    shown   bigint[];  -- whose name or department is in their own media, whose media may come or go
    renamed bigint[];  -- whose name is in faces
begin
    select array_agg(o.user_id),
           array_agg(o.user_id) filter (
               where o.username is distinct from n.username
                  or (o.account_status = 'DELETED') is distinct from (n.account_status = 'DELETED'))
      into shown, renamed
      from old_rows as o
      join new_rows as n using (user_id)
     where record_image_ne(
               row(o.username, o.department, o.account_status = 'DELETED'),
               row(n.username, n.department, n.account_status = 'DELETED'));
    if shown is not null then
        perform console.mark_dirty('media_search', 'user', shown);
        perform console.mark_dirty('face_search', 'user', renamed);
    end if;
    return null;
end
$$;

create function console.posts_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    changed bigint[];
begin
    select array_agg(post_id)
      into changed
      from old_rows as o
      join new_rows as n using (post_id)
     where record_image_ne(
               row(o.title, o.user_id, o.status = 'PUBLISHED', o.visibility = 'PRIVATE'),
               row(n.title, n.user_id, n.status = 'PUBLISHED', n.visibility = 'PRIVATE'));
    if changed is not null then
        perform console.mark_dirty('media_search', 'post', changed);
        perform console.mark_dirty('face_search', 'post', changed);
    end if;
    return null;
end
$$;

-- A new medium has no insight yet and so is nowhere: only changes and deletions count.
create function console.post_media_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    media bigint[];
    posts bigint[];  -- that lost or got a medium, and its tags with it
begin
    if tg_op = 'DELETE' then
        select array_agg(media_id), array_agg(post_id) into media, posts from old_rows;
    else
        select array_agg(o.media_id) || array_agg(n.media_id),
               array_agg(o.post_id) filter (where n.post_id is distinct from o.post_id)
               || array_agg(n.post_id) filter (where n.post_id is distinct from o.post_id)
          into media, posts
          from old_rows as o
          full join new_rows as n using (media_id)
         where record_image_ne(row(o.post_id, o.media_url, o.created_at), row(n.post_id, n.media_url, n.created_at));
    end if;
    if media is not null then
        perform console.mark_dirty('media_search', 'row', media);
        perform console.mark_dirty('media_search', 'post', posts);
    end if;
    -- The faces of a deleted medium are deleted with it and say so themselves.
    if tg_op = 'UPDATE' and media is not null then
        perform console.mark_dirty('face_search', 'media', media);
    end if;
    return null;
end
$$;

create function console.media_ai_insights_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    alone   bigint[];  -- media of which only their own row is another
    tagged  bigint[];  -- media that give other tags to their whole post
    flipped bigint[];  -- media with which their faces come or go
begin
    if tg_op = 'INSERT' then
        select array_agg(media_id) filter (where coalesce(tags, '{}') = '{}'),
               array_agg(media_id) filter (where tags <> '{}')
          into alone, tagged
          from new_rows
         where console.analysed(status);
    elsif tg_op = 'DELETE' then
        select array_agg(media_id) into tagged from old_rows where console.analysed(status);
    else
        select array_agg(media_id) filter (where not retagged),
               array_agg(media_id) filter (where retagged),
               array_agg(media_id) filter (where reanalysed)
          into alone, tagged, flipped
          from (
              select media_id,
                     console.analysed(o.status) <> console.analysed(n.status) as reanalysed,
                     console.analysed(o.status) <> console.analysed(n.status)
                     or o.tags is distinct from n.tags as retagged
                from old_rows as o
                full join new_rows as n using (media_id)
               where (console.analysed(o.status) or console.analysed(n.status))
                 and record_image_ne(
                         row(console.analysed(o.status), coalesce(o.is_safe, o.status <> 'UNSAFE'),
                             o.caption, o.tags, o.scenes, o.image_embedding),
                         row(console.analysed(n.status), coalesce(n.is_safe, n.status <> 'UNSAFE'),
                             n.caption, n.tags, n.scenes, n.image_embedding))
          ) as changed;
    end if;
    if alone is not null then
        perform console.mark_dirty('media_search', 'row', alone);
    end if;
    if tagged is not null then
        perform console.mark_dirty('media_search', 'media', tagged);
    end if;
    if flipped is not null then
        perform console.mark_dirty('face_search', 'media', flipped);
    end if;
    return null;
end
$$;

create function console.media_detected_faces_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    faces bigint[];
    media bigint[];  -- that show other people
begin
    if tg_op = 'INSERT' then
        select array_agg(id), array_agg(media_id) filter (where identified_user_id is not null)
          into faces, media from new_rows;
    elsif tg_op = 'DELETE' then
        select array_agg(id), array_agg(media_id) filter (where identified_user_id is not null)
          into faces, media from old_rows;
    else
        select array_agg(id),
               array_agg(o.media_id) filter (where elsewhere) || array_agg(n.media_id) filter (where elsewhere)
          into faces, media
          from old_rows as o
          full join new_rows as n using (id)
         cross join lateral (
               select record_image_ne(row(o.media_id, o.identified_user_id), row(n.media_id, n.identified_user_id))
         ) as moved (elsewhere)
         where record_image_ne(
                   row(o.media_id, o.bbox, o.embedding, o.identified_user_id, o.confidence_score, o.created_at),
                   row(n.media_id, n.bbox, n.embedding, n.identified_user_id, n.confidence_score, n.created_at));
    end if;
    if faces is not null then
        perform console.mark_dirty('face_search', 'row', faces);
    end if;
    if media is not null then
        perform console.mark_dirty('media_search', 'row', media);
    end if;
    return null;
end
$$;

-- What a truncated table held is not known any more, what the read models hold is.
create function console.core_truncated() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.mark_dirty('media_search', 'row', (select array_agg(media_id) from public.read_model_media_search));
    perform console.mark_dirty('face_search', 'row', (
        select array_agg(face_id::bigint) from public.read_model_face_search where face_id ~ '^[0-9]{1,18}$'));
    return null;
end
$$;

create trigger console_update after update on public.users
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.users_changed();
create trigger console_truncate after truncate on public.users
    for each statement execute function console.core_truncated();

create trigger console_update after update on public.posts
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.posts_changed();
create trigger console_truncate after truncate on public.posts
    for each statement execute function console.core_truncated();

create trigger console_update after update on public.post_media
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.post_media_changed();
create trigger console_delete after delete on public.post_media
    referencing old table as old_rows
    for each statement execute function console.post_media_changed();
create trigger console_truncate after truncate on public.post_media
    for each statement execute function console.core_truncated();

create trigger console_insert after insert on public.media_ai_insights
    referencing new table as new_rows
    for each statement execute function console.media_ai_insights_changed();
create trigger console_update after update on public.media_ai_insights
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.media_ai_insights_changed();
create trigger console_delete after delete on public.media_ai_insights
    referencing old table as old_rows
    for each statement execute function console.media_ai_insights_changed();
create trigger console_truncate after truncate on public.media_ai_insights
    for each statement execute function console.core_truncated();

create trigger console_insert after insert on public.media_detected_faces
    referencing new table as new_rows
    for each statement execute function console.media_detected_faces_changed();
create trigger console_update after update on public.media_detected_faces
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.media_detected_faces_changed();
create trigger console_delete after delete on public.media_detected_faces
    referencing old table as old_rows
    for each statement execute function console.media_detected_faces_changed();
create trigger console_truncate after truncate on public.media_detected_faces
    for each statement execute function console.core_truncated();

-- A trigger's function needs no grant; nobody else calls them.
revoke execute on function
    console.mark_dirty(text, text, bigint[]), console.users_changed(), console.posts_changed(),
    console.post_media_changed(), console.media_ai_insights_changed(), console.media_detected_faces_changed(),
    console.core_truncated()
    from public;

grant select, update, delete, insert on console.read_model_queue, console.dead_letter, console.worker to kaleidoscope_worker;
grant usage on sequence console.version to kaleidoscope_worker;
grant execute on function console.mark_dirty(text, text, bigint[]) to kaleidoscope_worker;
