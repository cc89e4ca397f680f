-- read_model_feed_personalized: the items that were chosen for each user and why, what each row must be, and what operators see
-- of it.

-- Names an item by user and medium, so that it has the same name whenever it is chosen again: 27 bits and 36 bits.
create function console.feed_key(target_user_id bigint, media_id bigint) returns bigint
language sql immutable parallel safe
return target_user_id << 36 | media_id;

-- The items, chosen by the worker, and what each part contributed to the score: all depends on the time of choosing, so no view
-- could say it.
create table console.feed_part (
    key            bigint           primary key,
    target_user_id bigint           not null,
    media_id       bigint           not null,
    -- Each with its weight, so that they add up to the score.
    recency        double precision not null,
    closeness      double precision not null,
    interest       double precision not null,
    engagement     double precision not null,
    combined_score double precision not null,
    created_at     timestamptz      not null,
    expires_at     timestamptz      not null,
    check (key = console.feed_key(target_user_id, media_id)
           and target_user_id between 1 and (1::bigint << 27) - 1
           and media_id between 1 and (1::bigint << 36) - 1)
);

create unique index feed_part_target on console.feed_part (target_user_id, media_id);
create index feed_part_media on console.feed_part (media_id);
create index feed_part_expires on console.feed_part (expires_at);

-- When each user's feed was last chosen, and since when something is new that concerns them.
create table console.feed_refresh (
    user_id         bigint primary key,
    refreshed_at    timestamptz not null default '-infinity',
    concerned_since timestamptz
);

-- Whose feed is to be chosen at once: who has none yet, or nothing in it although there is something new.
create view console.feed_urgent as
select u.user_id
  from public.users as u
  left join console.feed_refresh as r on r.user_id = u.user_id
 where u.account_status = 'ACTIVE'
   and u.user_id between 1 and (1::bigint << 27) - 1
   and (r.user_id is null
        or r.refreshed_at = '-infinity'
        or r.concerned_since is not null
           and not exists (select from console.feed_part as f where f.target_user_id = u.user_id));

create index console_newest on public.read_model_recommendations_knn (created_at desc, media_id desc);

create view console.feed_personalized_source as
select f.key,
       f.key::text as feed_item_id,
       f.target_user_id,
       f.media_id,
       r.media_url,
       r.caption,
       u.user_id as uploader_id,
       u.username as uploader_username,
       f.combined_score,
       f.created_at,
       f.expires_at
  from console.feed_part as f
  join public.users as target on target.user_id = f.target_user_id
  -- What may be recommended at all is said there.
  join public.read_model_recommendations_knn as r on r.media_id = f.media_id
  join public.post_media as m on m.media_id = f.media_id
  join public.posts as p on p.post_id = m.post_id
  join public.users as u on u.user_id = p.user_id
 where target.account_status = 'ACTIVE'
   and u.user_id <> f.target_user_id;

create view console.feed_personalized_reach as
select 'media' as scope, media_id as origin, key from console.feed_part
union all
select 'post', m.post_id, f.key from public.post_media as m join console.feed_part as f on f.media_id = m.media_id
union all
select 'user', target_user_id, key from console.feed_part
union all
select 'user', p.user_id, f.key
  from public.posts as p
  join public.post_media as m on m.post_id = p.post_id
  join console.feed_part as f on f.media_id = m.media_id;

create view console.feed_personalized_document as
select feed_item_id,
       to_json(document)::text as row
  from (
      select feed_item_id, target_user_id, media_id, media_url, caption, uploader_id, uploader_username, combined_score,
             created_at at time zone 'UTC' as created_at, expires_at at time zone 'UTC' as expires_at
        from public.read_model_feed_personalized
  ) as document;

-- With what each part contributed, where the console chose the item.
create view console.feed_personalized with (security_barrier) as
select i.feed_item_id, i.target_user_id, i.media_id, i.media_url, i.caption, i.uploader_id, i.uploader_username, i.combined_score,
       f.recency, f.closeness, f.interest, f.engagement, i.created_at, i.expires_at
  from public.read_model_feed_personalized as i
  left join console.feed_part as f on f.target_user_id = i.target_user_id and f.media_id = i.media_id
 where (select console.operator_rank()) = 3
    or ((select console.operator_rank()) >= 1
        and not exists (
            select from public.media_ai_insights as a
             where a.media_id = i.media_id and not coalesce(a.is_safe, a.status <> 'UNSAFE')));

create function console.feed_part_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'TRUNCATE' then
        perform console.mark_dirty('feed_personalized', 'row', (select array_agg(key) from console.feed_part));
    elsif tg_op = 'DELETE' then
        perform console.mark_dirty('feed_personalized', 'row', (select array_agg(key) from old_rows));
    else
        perform console.mark_dirty('feed_personalized', 'row', (select array_agg(key) from new_rows));
    end if;
    return null;
end
$$;

create trigger console_insert after insert on console.feed_part
    referencing new table as new_rows
    for each statement execute function console.feed_part_changed();
create trigger console_update after update on console.feed_part
    referencing new table as new_rows
    for each statement execute function console.feed_part_changed();
create trigger console_delete after delete on console.feed_part
    referencing old table as old_rows
    for each statement execute function console.feed_part_changed();
create trigger console_truncate before truncate on console.feed_part
    for each statement execute function console.feed_part_changed();

create function console.feed_media_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    media bigint[];
begin
    if tg_op = 'INSERT' then
        select array_agg(media_id) into media from new_rows;
        -- What is published is looked at by those whom it concerns; what was long ago came with a whole platform.
        perform console.mark_dirty('feed_published', 'media', (
            select array_agg(media_id) from new_rows where created_at > now() - interval '7 days'));
    elsif tg_op = 'DELETE' then
        select array_agg(media_id) into media from old_rows;
    elsif tg_op = 'TRUNCATE' then
        select array_agg(media_id) into media from public.read_model_recommendations_knn;
    else
        select array_agg(media_id)
          into media
          from old_rows as o
          full join new_rows as n using (media_id)
         where record_image_ne(row(o.media_url, o.caption), row(n.media_url, n.caption));
    end if;
    if media is not null then
        perform console.mark_dirty('feed_personalized', 'media', media);
    end if;
    return null;
end
$$;

create trigger console_feed_insert after insert on public.read_model_recommendations_knn
    referencing new table as new_rows
    for each statement execute function console.feed_media_changed();
create trigger console_feed_update after update on public.read_model_recommendations_knn
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.feed_media_changed();
create trigger console_feed_delete after delete on public.read_model_recommendations_knn
    referencing old table as old_rows
    for each statement execute function console.feed_media_changed();
create trigger console_feed_truncate before truncate on public.read_model_recommendations_knn
    for each statement execute function console.feed_media_changed();

create function console.feed_people_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    people bigint[];
begin
    if tg_op = 'DELETE' then
        select array_agg(user_id) into people from old_rows;
        delete from console.feed_refresh where user_id = any (people);
        delete from console.feed_part where target_user_id = any (people);
    else
        select array_agg(user_id)
          into people
          from old_rows as o
          join new_rows as n using (user_id)
         where o.username <> n.username
            or (o.account_status = 'ACTIVE') <> (n.account_status = 'ACTIVE');
    end if;
    if people is not null then
        perform console.mark_dirty('feed_personalized', 'user', people);
    end if;
    return null;
end
$$;

create trigger console_feed_update after update on public.users
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.feed_people_changed();
create trigger console_feed_delete after delete on public.users
    referencing old table as old_rows
    for each statement execute function console.feed_people_changed();

-- Media that go, come or are published go through recommendations_knn; only another uploader does not show there.
create function console.feed_uploader_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    keys bigint[];
begin
    if tg_argv[0] = 'post' then
        select array_agg(post_id) into keys
          from old_rows as o join new_rows as n using (post_id) where o.user_id <> n.user_id;
    else
        select array_agg(media_id) into keys
          from old_rows as o join new_rows as n using (media_id) where o.post_id <> n.post_id;
    end if;
    if keys is not null then
        perform console.mark_dirty('feed_personalized', tg_argv[0], keys);
    end if;
    return null;
end
$$;

create trigger console_feed_update after update on public.posts
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.feed_uploader_changed('post');
create trigger console_feed_update after update on public.post_media
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.feed_uploader_changed('media');

-- What the platform's backend put there is replaced, where the worker writes the read models.
insert into console.read_model_queue (read_model, scope, key)
select 'feed_personalized', 'row', feed_item_id::bigint
  from public.read_model_feed_personalized
 where feed_item_id ~ '^[0-9]{1,18}$';

revoke execute on function
    console.feed_part_changed(), console.feed_media_changed(), console.feed_people_changed(), console.feed_uploader_changed()
    from public;
grant select on console.feed_personalized to kaleidoscope_staff;
grant select on console.feed_personalized_source, console.feed_personalized_reach, console.feed_personalized_document
    to kaleidoscope_worker;
grant select, insert, update, delete on public.read_model_feed_personalized, console.feed_part, console.feed_refresh
    to kaleidoscope_worker;
grant select on console.feed_urgent, public.posts, public.post_media, public.media_ai_insights to kaleidoscope_worker;
grant usage on sequence public.read_model_feed_personalized_id_seq to kaleidoscope_worker;
