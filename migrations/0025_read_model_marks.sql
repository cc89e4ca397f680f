-- What a change in the core and AI tables marks in each read model, and what a change in a read model marks in its index.

create or replace function console.users_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    shown     bigint[];  -- whose name or department is in their own media and posts, which may come or go
    renamed   bigint[];  -- whose name is in faces
    described bigint[];  -- who is found in other words, or not any more
    known     bigint[];  -- whose enrolment is another
    activated bigint[];  -- whose media are recommended from now on, or no longer
begin
    select array_agg(user_id) filter (where is_renamed or is_moved or is_erased),
           array_agg(user_id) filter (where is_renamed or is_erased),
           array_agg(user_id) filter (where is_renamed or is_moved or is_described or is_activated),
           array_agg(user_id) filter (where is_renamed or is_moved or is_pictured or is_activated or is_erased),
           array_agg(user_id) filter (where is_activated)
      into shown, renamed, described, known, activated
      from (
          select user_id,
                 o.username is distinct from n.username as is_renamed,
                 o.department is distinct from n.department as is_moved,
                 record_image_ne(row(o.full_name, o.bio, o.created_at), row(n.full_name, n.bio, n.created_at)) as is_described,
                 o.profile_picture_url is distinct from n.profile_picture_url as is_pictured,
                 (o.account_status = 'ACTIVE') is distinct from (n.account_status = 'ACTIVE') as is_activated,
                 (o.account_status = 'DELETED') is distinct from (n.account_status = 'DELETED') as is_erased
            from old_rows as o
            join new_rows as n using (user_id)
      ) as changed;
    if shown is not null then
        perform console.mark_dirty('media_search', 'user', shown);
        perform console.mark_dirty('post_search', 'user', shown);
    end if;
    if renamed is not null then
        perform console.mark_dirty('face_search', 'user', renamed);
    end if;
    if described is not null then
        perform console.mark_dirty('user_search', 'row', described);
    end if;
    if known is not null then
        perform console.mark_dirty('known_faces', 'row', known);
    end if;
    if activated is not null then
        perform console.mark_dirty('recommendations_knn', 'user', activated);
    end if;
    return null;
end
$$;

-- What else a user's row brings or takes goes with their posts, media and enrolment.
create function console.users_came_or_went() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        perform console.mark_dirty('user_search', 'row', (select array_agg(user_id) from new_rows where account_status = 'ACTIVE'));
    else
        perform console.mark_dirty('user_search', 'row', (select array_agg(user_id) from old_rows where account_status = 'ACTIVE'));
    end if;
    return null;
end
$$;

create or replace function console.posts_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    changed   bigint[];  -- whose media and faces are others
    rewritten bigint[];
    opened    bigint[];  -- whose media are recommended from now on, or no longer
    authors   bigint[];  -- who have another number of posts
begin
    select array_agg(post_id) filter (where is_moved or is_titled or is_published or is_hidden),
           array_agg(post_id) filter (where is_moved or is_titled or is_published or is_hidden or is_rewritten),
           array_agg(post_id) filter (where is_moved or is_published or is_opened),
           array_agg(was_by) filter (where is_moved or is_published) || array_agg(is_by) filter (where is_moved)
      into changed, rewritten, opened, authors
      from (
          select post_id,
                 o.user_id as was_by,
                 n.user_id as is_by,
                 o.user_id <> n.user_id as is_moved,
                 o.title is distinct from n.title as is_titled,
                 record_image_ne(row(o.body, o.created_at), row(n.body, n.created_at)) as is_rewritten,
                 (o.status = 'PUBLISHED') <> (n.status = 'PUBLISHED') as is_published,
                 (o.visibility = 'PRIVATE') <> (n.visibility = 'PRIVATE') as is_hidden,
                 (o.visibility = 'PUBLIC') <> (n.visibility = 'PUBLIC') as is_opened
            from old_rows as o
            join new_rows as n using (post_id)
      ) as changed;
    if changed is not null then
        perform console.mark_dirty('media_search', 'post', changed);
        perform console.mark_dirty('face_search', 'post', changed);
    end if;
    if rewritten is not null then
        perform console.mark_dirty('post_search', 'row', rewritten);
    end if;
    if opened is not null then
        perform console.mark_dirty('recommendations_knn', 'post', opened);
    end if;
    if authors is not null then
        perform console.mark_dirty('user_search', 'row', authors);
    end if;
    return null;
end
$$;

create function console.posts_came_or_went() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    posts   bigint[];
    authors bigint[];
begin
    if tg_op = 'INSERT' then
        select array_agg(post_id) filter (where visibility <> 'PRIVATE'), array_agg(distinct user_id)
          into posts, authors from new_rows where status = 'PUBLISHED';
    else
        select array_agg(post_id) filter (where visibility <> 'PRIVATE'), array_agg(distinct user_id)
          into posts, authors from old_rows where status = 'PUBLISHED';
    end if;
    if posts is not null then
        perform console.mark_dirty('post_search', 'row', posts);
    end if;
    if authors is not null then
        perform console.mark_dirty('user_search', 'row', authors);
    end if;
    return null;
end
$$;

-- A new medium has no insight yet and so is nowhere: only changes and deletions count.
create or replace function console.post_media_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    media bigint[];
    posts bigint[];  -- that lost or got a medium, and its tags with it
begin
    if tg_op = 'DELETE' then
        select array_agg(media_id), array_agg(distinct post_id) into media, posts from old_rows;
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
        perform console.mark_dirty('recommendations_knn', 'row', media);
    end if;
    if posts is not null then
        perform console.mark_dirty('media_search', 'post', posts);
        perform console.mark_dirty('post_search', 'row', posts);
    end if;
    -- The faces of a deleted medium are deleted with it and say so themselves.
    if tg_op = 'UPDATE' and media is not null then
        perform console.mark_dirty('face_search', 'media', media);
    end if;
    return null;
end
$$;

create or replace function console.media_ai_insights_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    alone    bigint[];  -- media of which only their own row is another
    tagged   bigint[];  -- media that give other tags to their whole post
    worded   bigint[];  -- media that give other tags or scenes to the post's own row
    pictured bigint[];  -- media that are recommended otherwise, or no longer
    flipped  bigint[];  -- media with which their faces come or go
begin
    if tg_op = 'INSERT' then
        select array_agg(media_id) filter (where coalesce(tags, '{}') = '{}'),
               array_agg(media_id) filter (where tags <> '{}'),
               array_agg(media_id) filter (where tags <> '{}' or scenes <> '{}'),
               array_agg(media_id) filter (where image_embedding is not null and coalesce(is_safe, status <> 'UNSAFE'))
          into alone, tagged, worded, pictured
          from new_rows
         where console.analysed(status);
    elsif tg_op = 'DELETE' then
        select array_agg(media_id),
               array_agg(media_id) filter (where image_embedding is not null and coalesce(is_safe, status <> 'UNSAFE'))
          into tagged, pictured
          from old_rows
         where console.analysed(status);
        worded := tagged;
    else
        select array_agg(media_id) filter (where not retagged),
               array_agg(media_id) filter (where retagged),
               array_agg(media_id) filter (where retagged or rescened),
               array_agg(media_id) filter (where reanalysed or repictured),
               array_agg(media_id) filter (where reanalysed)
          into alone, tagged, worded, pictured, flipped
          from (
              select media_id,
                     console.analysed(o.status) <> console.analysed(n.status) as reanalysed,
                     console.analysed(o.status) <> console.analysed(n.status)
                     or o.tags is distinct from n.tags as retagged,
                     o.scenes is distinct from n.scenes as rescened,
                     record_image_ne(
                         row(coalesce(o.is_safe, o.status <> 'UNSAFE'), o.caption, o.image_embedding),
                         row(coalesce(n.is_safe, n.status <> 'UNSAFE'), n.caption, n.image_embedding)) as repictured
                from old_rows as o
                full join new_rows as n using (media_id)
               where console.analysed(o.status) or console.analysed(n.status)
          ) as changed
         where reanalysed or retagged or rescened or repictured;
    end if;
    if alone is not null then
        perform console.mark_dirty('media_search', 'row', alone);
    end if;
    if tagged is not null then
        perform console.mark_dirty('media_search', 'media', tagged);
    end if;
    if worded is not null then
        perform console.mark_dirty('post_search', 'media', worded);
    end if;
    if pictured is not null then
        perform console.mark_dirty('recommendations_knn', 'row', pictured);
    end if;
    if flipped is not null then
        perform console.mark_dirty('face_search', 'media', flipped);
    end if;
    return null;
end
$$;

create or replace function console.media_detected_faces_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    faces  bigint[];
    media  bigint[];  -- that show other people
    counts bigint[];  -- whose post shows other people, or another number of them
begin
    if tg_op = 'INSERT' then
        select array_agg(id), array_agg(media_id) filter (where identified_user_id is not null), array_agg(distinct media_id)
          into faces, media, counts from new_rows;
    elsif tg_op = 'DELETE' then
        select array_agg(id), array_agg(media_id) filter (where identified_user_id is not null), array_agg(distinct media_id)
          into faces, media, counts from old_rows;
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
        counts := media;
    end if;
    if faces is not null then
        perform console.mark_dirty('face_search', 'row', faces);
    end if;
    if media is not null then
        perform console.mark_dirty('media_search', 'row', media);
    end if;
    if counts is not null then
        perform console.mark_dirty('post_search', 'media', counts);
    end if;
    return null;
end
$$;

create function console.user_face_embeddings_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    known    bigint[];
    enrolled bigint[];  -- who are enrolled from now on, or no longer
begin
    if tg_op = 'INSERT' then
        select array_agg(user_id), array_agg(user_id) filter (where is_active) into known, enrolled from new_rows;
    elsif tg_op = 'DELETE' then
        select array_agg(user_id), array_agg(user_id) filter (where is_active) into known, enrolled from old_rows;
    else
        select array_agg(o.user_id) || array_agg(n.user_id),
               array_agg(o.user_id) filter (where is_switched) || array_agg(n.user_id) filter (where is_switched)
          into known, enrolled
          from old_rows as o
          full join new_rows as n using (id)
         cross join lateral (
               select record_image_ne(row(o.user_id, o.is_active), row(n.user_id, n.is_active))
         ) as switched (is_switched)
         where record_image_ne(
                   row(o.user_id, o.is_active, o.enrolled_at, o.embedding),
                   row(n.user_id, n.is_active, n.enrolled_at, n.embedding));
    end if;
    if known is not null then
        perform console.mark_dirty('known_faces', 'row', known);
    end if;
    if enrolled is not null then
        perform console.mark_dirty('user_search', 'row', enrolled);
    end if;
    return null;
end
$$;

create or replace function console.core_truncated() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.mark_dirty('media_search', 'row', (select array_agg(media_id) from public.read_model_media_search));
    perform console.mark_dirty('face_search', 'row', (
        select array_agg(face_id::bigint) from public.read_model_face_search where face_id ~ '^[0-9]{1,18}$'));
    perform console.mark_dirty('post_search', 'row', (select array_agg(post_id) from public.read_model_post_search));
    perform console.mark_dirty('user_search', 'row', (select array_agg(user_id) from public.read_model_user_search));
    perform console.mark_dirty('recommendations_knn', 'row', (
        select array_agg(media_id) from public.read_model_recommendations_knn));
    perform console.mark_dirty('known_faces', 'row', (select array_agg(user_id) from public.read_model_known_faces));
    return null;
end
$$;

create trigger console_insert after insert on public.users
    referencing new table as new_rows
    for each statement execute function console.users_came_or_went();
create trigger console_delete after delete on public.users
    referencing old table as old_rows
    for each statement execute function console.users_came_or_went();

create trigger console_insert after insert on public.posts
    referencing new table as new_rows
    for each statement execute function console.posts_came_or_went();
create trigger console_delete after delete on public.posts
    referencing old table as old_rows
    for each statement execute function console.posts_came_or_went();

create trigger console_insert after insert on public.user_face_embeddings
    referencing new table as new_rows
    for each statement execute function console.user_face_embeddings_changed();
create trigger console_update after update on public.user_face_embeddings
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.user_face_embeddings_changed();
create trigger console_delete after delete on public.user_face_embeddings
    referencing old table as old_rows
    for each statement execute function console.user_face_embeddings_changed();
create trigger console_truncate after truncate on public.user_face_embeddings
    for each statement execute function console.core_truncated();

-- A post's engagement is the sum over its rows in media_search.
create function console.engagement_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    posts bigint[];
begin
    if tg_op = 'INSERT' then
        select array_agg(distinct post_id) into posts from new_rows where reaction_count <> 0 or comment_count <> 0;
    elsif tg_op = 'DELETE' then
        select array_agg(distinct post_id) into posts from old_rows where reaction_count <> 0 or comment_count <> 0;
    elsif tg_op = 'TRUNCATE' then
        select array_agg(distinct post_id) into posts
          from public.read_model_media_search where reaction_count <> 0 or comment_count <> 0;
    else
        select array_agg(o.post_id) || array_agg(n.post_id)
          into posts
          from old_rows as o
          full join new_rows as n using (media_id)
         where record_image_ne(
                   row(o.post_id, o.reaction_count, o.comment_count), row(n.post_id, n.reaction_count, n.comment_count));
    end if;
    if posts is not null then
        perform console.mark_dirty('post_search', 'row', posts);
    end if;
    return null;
end
$$;

create trigger console_engagement_insert after insert on public.read_model_media_search
    referencing new table as new_rows
    for each statement execute function console.engagement_changed();
create trigger console_engagement_update after update on public.read_model_media_search
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.engagement_changed();
create trigger console_engagement_delete after delete on public.read_model_media_search
    referencing old table as old_rows
    for each statement execute function console.engagement_changed();
create trigger console_engagement_truncate before truncate on public.read_model_media_search
    for each statement execute function console.engagement_changed();

-- One function for every read model whose documents hold nothing but its row. Arguments: the index, the column that names a
-- document, and all others that are in it.
create function console.documents_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    identity  constant text := tg_argv[1];
    documents text[];
begin
    if tg_op = 'INSERT' then
        execute format('select array_agg(%I::text) from new_rows', identity) into documents;
    elsif tg_op = 'DELETE' then
        execute format('select array_agg(%I::text) from old_rows', identity) into documents;
    elsif tg_op = 'TRUNCATE' then
        execute format('select array_agg(%I::text) from %I.%I', identity, tg_table_schema, tg_table_name) into documents;
    else
        execute format(
            'select array_agg(%1$I::text)
               from old_rows as o
               full join new_rows as n using (%1$I)
              where record_image_ne(row(%2$s), row(%3$s))',
            identity,
            (select string_agg(format('o.%I', c), ', ') from unnest(tg_argv[1:]) as c),
            (select string_agg(format('n.%I', c), ', ') from unnest(tg_argv[1:]) as c))
           into documents;
    end if;
    if documents is not null then
        perform console.mark_stale(tg_argv[0], documents);
    end if;
    return null;
end
$$;

do $$
declare
    model     record;
    arguments text;
begin
    for model in
        select *
          from (values
              ('post_search', 'post_id', array['author_id', 'author_username', 'author_department', 'title', 'body', 'all_ai_tags',
               'all_ai_scenes', 'all_detected_user_ids', 'inferred_event_type', 'inferred_tags', 'categories', 'total_reactions',
               'total_comments', 'created_at']),
              ('user_search', 'user_id', array['username', 'full_name', 'department', 'bio', 'total_posts', 'total_followers',
               'face_enrolled', 'joined_at']),
              ('recommendations_knn', 'media_id', array['media_url', 'caption', 'is_safe', 'created_at', 'image_embedding']),
              ('feed_personalized', 'feed_item_id', array['target_user_id', 'media_id', 'media_url', 'caption', 'uploader_id',
               'uploader_username', 'combined_score', 'created_at', 'expires_at']),
              ('known_faces', 'user_id', array['username', 'department', 'profile_pic_url', 'enrolled_at', 'is_active',
               'face_embedding'])
          ) as models (name, identity, columns)
    loop
        select string_agg(quote_literal(argument), ', ' order by position)
          into arguments
          from unnest(array[model.name, model.identity] || model.columns) with ordinality as argument (argument, position);
        execute format(
            'create trigger console_insert after insert on public.read_model_%1$s
                 referencing new table as new_rows
                 for each statement execute function console.documents_changed(%2$s);
             create trigger console_update after update on public.read_model_%1$s
                 referencing old table as old_rows new table as new_rows
                 for each statement execute function console.documents_changed(%2$s);
             create trigger console_delete after delete on public.read_model_%1$s
                 referencing old table as old_rows
                 for each statement execute function console.documents_changed(%2$s);
             create trigger console_truncate before truncate on public.read_model_%1$s
                 for each statement execute function console.documents_changed(%2$s)',
            model.name, arguments);
    end loop;
end
$$;

insert into console.read_model_queue (read_model, scope, key)
select 'post_search', 'row', post_id from public.posts where status = 'PUBLISHED'
union
select 'post_search', 'row', post_id from public.read_model_post_search
union
select 'user_search', 'row', user_id from public.users
union
select 'user_search', 'row', user_id from public.read_model_user_search
union
select 'recommendations_knn', 'row', media_id from public.media_ai_insights
 where console.analysed(status) and image_embedding is not null
union
select 'recommendations_knn', 'row', media_id from public.read_model_recommendations_knn
union
select 'known_faces', 'row', user_id from public.user_face_embeddings
union
select 'known_faces', 'row', user_id from public.read_model_known_faces;

insert into console.index_queue (index_name, document_id)
select 'post_search', post_id::text from public.read_model_post_search
union all
select 'user_search', user_id::text from public.read_model_user_search
union all
select 'recommendations_knn', media_id::text from public.read_model_recommendations_knn
union all
select 'feed_personalized', feed_item_id from public.read_model_feed_personalized
union all
select 'known_faces', user_id::text from public.read_model_known_faces;

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
        values ('index', 'media_search_text'), ('index', 'person_text')
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

create or replace function console.read_model_rows() returns table (name text, count bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select counted.name, counted.count
      from (
          select 'media_search' as name, (select count(*) from public.read_model_media_search) as count
          union all
          select 'post_search', (select count(*) from public.read_model_post_search)
          union all
          select 'user_search', (select count(*) from public.read_model_user_search)
          union all
          select 'face_search', (select count(*) from public.read_model_face_search)
          union all
          select 'recommendations_knn', (select count(*) from public.read_model_recommendations_knn)
          union all
          select 'feed_personalized', (select count(*) from public.read_model_feed_personalized)
          union all
          select 'known_faces', (select count(*) from public.read_model_known_faces)
          union all
          select 'media_search_text', (select count(*) from console.media_search_text)
      ) as counted
     where console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member');
end;

revoke execute on function
    console.users_came_or_went(), console.posts_came_or_went(), console.user_face_embeddings_changed(),
    console.engagement_changed(), console.documents_changed()
    from public;
