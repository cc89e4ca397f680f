-- read_model_media_search: what each row must be, the folded words beside it, and what operators see of it.

-- A medium that can be found: its post is PUBLISHED and not PRIVATE, its author not DELETED, the AI done.
create view console.searchable_media as
select m.media_id,
       m.post_id,
       p.title as post_title,
       m.media_url,
       m.created_at,
       u.user_id as uploader_id,
       u.username as uploader_username,
       u.department as uploader_department,
       i.caption,
       i.tags,
       i.scenes,
       i.image_embedding,
       coalesce(i.is_safe, i.status <> 'UNSAFE') as is_safe
  from public.post_media as m
  join public.posts as p on p.post_id = m.post_id
  join public.users as u on u.user_id = p.user_id
  join public.media_ai_insights as i on i.media_id = m.media_id
 where p.status = 'PUBLISHED'
   and p.visibility <> 'PRIVATE'
   and u.account_status <> 'DELETED'
   and i.status in ('COMPLETED', 'UNSAFE');

-- Distinct, sorted by code point, without NULL and empty strings.
create function console.tidy(texts text[]) returns text[]
language sql immutable parallel safe
return coalesce(
    (select array_agg(distinct entry collate "C" order by entry collate "C") from unnest(texts) as entry where entry <> ''), '{}');

-- What no core table holds (reaction_count, comment_count) is not here and stays as it is.
create view console.media_search_source as
select m.media_id,
       m.post_id,
       m.post_title,
       shared.tags as post_all_tags,
       m.media_url,
       m.caption as ai_caption,
       console.tidy(m.tags) as ai_tags,
       console.tidy(m.scenes) as ai_scenes,
       m.image_embedding::text as image_embedding,
       m.is_safe,
       people.ids as detected_user_ids,
       people.names as detected_usernames,
       m.uploader_id,
       m.uploader_username,
       m.uploader_department,
       m.created_at
  from console.searchable_media as m
 cross join lateral (
       -- All media of a post are searchable, or none, but for those that the AI is not done with.
       select coalesce(
                  array_agg(distinct tag collate "C" order by tag collate "C") filter (where tag <> ''), '{}') as tags
         from public.post_media as sibling
         join public.media_ai_insights as i on i.media_id = sibling.media_id
        cross join unnest(i.tags) as tag
        where sibling.post_id = m.post_id
          and i.status in ('COMPLETED', 'UNSAFE')
       ) as shared
 cross join lateral (
       select coalesce(array_agg(distinct f.identified_user_id order by f.identified_user_id), '{}') as ids,
              coalesce(
                  array_agg(distinct u.username::text collate "C" order by u.username::text collate "C")
                      filter (where u.username <> ''), '{}') as names
         from public.media_detected_faces as f
         join public.users as u on u.user_id = f.identified_user_id
        where f.media_id = m.media_id
       ) as people;

-- Which rows depend on the same medium (they share its post's tags), post or user.
create view console.media_search_reach as
select 'media' as scope, m.media_id as origin, sibling.media_id as key
  from public.post_media as m
  join public.post_media as sibling on sibling.post_id = m.post_id
union all
select 'post', post_id, media_id from public.post_media
union all
select 'user', p.user_id, m.media_id from public.posts as p join public.post_media as m on m.post_id = p.post_id
union all
select 'user', identified_user_id, media_id from public.media_detected_faces where identified_user_id is not null;

-- Compressing a vector's text takes most of the time of writing it, and gains little.
alter table public.read_model_media_search alter column image_embedding set storage external;

-- The same words as in the index, for searching without Elasticsearch; folded in Rust, see read_models/fold.rs.
create table console.media_search_text (
    media_id   bigint      primary key,
    version    bigint      not null,
    is_safe    boolean     not null,
    created_at timestamptz not null,
    words      tsvector    not null
);

create index media_search_text_words on console.media_search_text using gin (words);
create index media_search_text_newest on console.media_search_text (created_at desc, media_id desc);

-- The row as JSON, from which the document is made. Times are in UTC whatever the session's zone, because a hash is taken of it.
create view console.media_search_document as
select media_id,
       to_json(document)::text as row
  from (
      select media_id, post_id, post_title, post_all_tags, media_url, ai_caption, ai_tags, ai_scenes, image_embedding,
             is_safe, detected_user_ids, detected_usernames, uploader_id, uploader_username, uploader_department,
             reaction_count, comment_count, created_at at time zone 'UTC' as created_at
        from public.read_model_media_search
  ) as document;

-- Operators' view: no vector, unsafe rows for admins only.
create view console.media_search with (security_barrier) as
select media_id, post_id, post_title, post_all_tags, media_url, ai_caption, ai_tags, ai_scenes, is_safe, detected_user_ids,
       detected_usernames, uploader_id, uploader_username, uploader_department, reaction_count, comment_count, created_at,
       updated_at
  from public.read_model_media_search
 where (is_safe and (select console.operator_rank()) >= 1) or (select console.operator_rank()) = 3;

insert into console.read_model_queue (read_model, scope, key)
select 'media_search', 'row', media_id from public.media_ai_insights where console.analysed(status)
union
select 'media_search', 'row', media_id from public.read_model_media_search;

grant select on console.media_search to kaleidoscope_staff;
grant select on console.media_search_source, console.media_search_reach, console.media_search_document to kaleidoscope_worker;
grant select, insert, update, delete on public.read_model_media_search, console.media_search_text to kaleidoscope_worker;
