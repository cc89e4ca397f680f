-- One statement marks all that a change touches, and each change is looked at once: what a trigger costs the platform is above all
-- the number of its statements.

create type console.mark as (read_model text, scope text, keys bigint[]);

-- As `mark_dirty`, of several read models at once; a scope of one must not be named twice.
create function console.mark_all(variadic marks console.mark[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into console.read_model_queue (read_model, scope, key)
    select mark.read_model, mark.scope, dirty.key
      from unnest(mark_all.marks) as mark
     cross join lateral (select distinct key from unnest(mark.keys) as key where key is not null) as dirty
        on conflict (read_model, scope, key, transaction) do update set version = excluded.version;
    if found then
        perform pg_notify('console_queue', '');
    end if;
end
$$;

revoke execute on function console.mark_all(console.mark[]) from public;

create or replace function console.users_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    shown     bigint[];  -- whose name or department is in their own media and posts, which may come or go
    renamed   bigint[];  -- whose name is in faces
    described bigint[];  -- who is found in other words, or not any more
    known     bigint[];  -- whose enrolment is another
    activated bigint[];  -- whose media are recommended and whose faces are matched from now on, or no longer
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
    if num_nonnulls(shown, renamed, described, known, activated) > 0 then
        perform console.mark_all(
            row('media_search', 'user', shown)::console.mark,
            row('post_search', 'user', shown)::console.mark,
            row('face_search', 'user', renamed)::console.mark,
            row('user_search', 'row', described)::console.mark,
            row('known_faces', 'row', known)::console.mark,
            row('recommendations_knn', 'user', activated)::console.mark,
            row('face_matching', 'user', activated)::console.mark);
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
    moved     bigint[];  -- whose media are somebody else's in the feeds
begin
    select array_agg(post_id) filter (where is_moved or is_titled or is_published or is_hidden),
           array_agg(post_id) filter (where is_moved or is_titled or is_published or is_hidden or is_rewritten),
           array_agg(post_id) filter (where is_moved or is_published or is_opened),
           array_agg(was_by) filter (where is_moved or is_published) || array_agg(is_by) filter (where is_moved),
           array_agg(post_id) filter (where is_moved)
      into changed, rewritten, opened, authors, moved
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
    if num_nonnulls(changed, rewritten, opened, authors, moved) > 0 then
        perform console.mark_all(
            row('media_search', 'post', changed)::console.mark,
            row('face_search', 'post', changed)::console.mark,
            row('post_search', 'row', rewritten)::console.mark,
            row('recommendations_knn', 'post', opened)::console.mark,
            row('user_search', 'row', authors)::console.mark,
            row('feed_personalized', 'post', moved)::console.mark);
    end if;
    return null;
end
$$;

create or replace function console.post_media_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    media bigint[];
    posts bigint[];  -- that lost or got a medium, and its tags with it
    moved bigint[];  -- that may be somebody else's in the feeds
begin
    if tg_op = 'DELETE' then
        select array_agg(media_id), array_agg(distinct post_id) into media, posts from old_rows;
    else
        select array_agg(o.media_id) || array_agg(n.media_id),
               array_agg(o.post_id) filter (where n.post_id is distinct from o.post_id)
               || array_agg(n.post_id) filter (where n.post_id is distinct from o.post_id),
               array_agg(n.media_id) filter (where n.post_id <> o.post_id)
          into media, posts, moved
          from old_rows as o
          full join new_rows as n using (media_id)
         where record_image_ne(row(o.post_id, o.media_url, o.created_at), row(n.post_id, n.media_url, n.created_at));
    end if;
    -- The faces of a deleted medium are deleted with it and say so themselves.
    if num_nonnulls(media, posts, moved) > 0 then
        perform console.mark_all(
            row('media_search', 'row', media)::console.mark,
            row('recommendations_knn', 'row', media)::console.mark,
            row('media_search', 'post', posts)::console.mark,
            row('post_search', 'row', posts)::console.mark,
            row('face_search', 'media', case when tg_op = 'UPDATE' then media end)::console.mark,
            row('feed_personalized', 'media', moved)::console.mark);
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
    if num_nonnulls(alone, tagged, worded, pictured, flipped) > 0 then
        perform console.mark_all(
            row('media_search', 'row', alone)::console.mark,
            row('media_search', 'media', tagged)::console.mark,
            row('post_search', 'media', worded)::console.mark,
            row('recommendations_knn', 'row', pictured)::console.mark,
            row('face_search', 'media', flipped)::console.mark);
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
    if num_nonnulls(faces, media, counts) > 0 then
        perform console.mark_all(
            row('face_search', 'row', faces)::console.mark,
            row('media_search', 'row', media)::console.mark,
            row('post_search', 'media', counts)::console.mark);
    end if;
    return null;
end
$$;

-- What these marked is marked by those above.
drop trigger console_feed_update on public.posts;
drop trigger console_feed_update on public.post_media;
drop function console.feed_uploader_changed();
drop trigger console_match_update on public.users;
drop function console.accounts_to_match();
