-- read_model_post_search: what each row must be, and what operators see of it.

-- What no core table holds (categories) is not here and stays as it is.
create view console.post_search_source as
select p.post_id,
       u.user_id as author_id,
       u.username as author_username,
       u.department as author_department,
       p.title,
       p.body,
       found.tags as all_ai_tags,
       found.scenes as all_ai_scenes,
       people.ids as all_detected_user_ids,
       inferred.event_type as inferred_event_type,
       inferred.tags as inferred_tags,
       engagement.reactions as total_reactions,
       engagement.comments as total_comments,
       p.created_at
  from public.posts as p
  join public.users as u on u.user_id = p.user_id
 cross join lateral (
       select console.tidy(array_agg(word) filter (where kind = 'tag')) as tags,
              console.tidy(array_agg(word) filter (where kind = 'scene')) as scenes,
              coalesce(array_agg(distinct lower(word)) filter (where kind = 'tag'), '{}') as folded_tags,
              coalesce(array_agg(distinct lower(word)) filter (where kind = 'scene'), '{}') as folded_scenes
         from public.post_media as m
         join public.media_ai_insights as i on i.media_id = m.media_id
        cross join lateral (
              select 'tag' as kind, tag as word from unnest(i.tags) as tag
              union all
              select 'scene', scene from unnest(i.scenes) as scene
              ) as said
        where m.post_id = p.post_id
          and i.status in ('COMPLETED', 'UNSAFE')
       ) as found
 cross join lateral (
       select coalesce(
                  array_agg(distinct f.identified_user_id order by f.identified_user_id)
                      filter (where f.identified_user_id is not null), '{}') as ids,
              count(*) as faces
         from public.post_media as m
         join public.media_ai_insights as i on i.media_id = m.media_id
         join public.media_detected_faces as f on f.media_id = m.media_id
        where m.post_id = p.post_id
          and i.status in ('COMPLETED', 'UNSAFE')
       ) as people
 cross join lateral (
       select (array_agg(r.event_type::varchar(50) order by r.priority desc, r.event_type collate "C"))[1] as event_type,
              console.tidy(array_agg(tag)) as tags
         from console.event_rule as r
        cross join unnest(r.inferred_tags) as tag
        where r.is_active
          and r.required_tags <@ found.folded_tags
          and r.required_scenes <@ found.folded_scenes
          and not r.excluded_tags && found.folded_tags
          and not r.excluded_scenes && found.folded_scenes
          and r.minimum_people <= greatest(
                  people.faces,
                  case
                      when found.folded_tags && '{people,group,crowd,audience}' then 2
                      when found.folded_tags && '{person,man,woman,child}' then 1
                      else 0
                  end)
          and (r.minimum_matches = 0
               or r.minimum_matches <= (
                  select count(*)
                    from (
                        select unnest(r.any_tags) intersect select unnest(found.folded_tags)
                    ) as tags)
                  + (
                  select count(*)
                    from (
                        select unnest(r.any_scenes) intersect select unnest(found.folded_scenes)
                    ) as scenes))
       ) as inferred
 cross join lateral (
       select least(coalesce(sum(r.reaction_count), 0), 2147483647)::integer as reactions,
              least(coalesce(sum(r.comment_count), 0), 2147483647)::integer as comments
         from public.read_model_media_search as r
        where r.post_id = p.post_id
       ) as engagement
 where p.status = 'PUBLISHED'
   and p.visibility <> 'PRIVATE'
   and u.account_status <> 'DELETED';

create view console.post_search_reach as
select 'media' as scope, media_id as origin, post_id as key from public.post_media
union all
select 'user', user_id, post_id from public.posts
union all
select 'word', hashtextextended(lower(word), 0), m.post_id
  from public.post_media as m
  join public.media_ai_insights as i on i.media_id = m.media_id
 cross join unnest(i.tags || i.scenes) as word;

create view console.post_search_document as
select post_id,
       to_json(document)::text as row
  from (
      select post_id, author_id, author_username, author_department, title, body, all_ai_tags, all_ai_scenes,
             all_detected_user_ids, inferred_event_type, inferred_tags, categories, total_reactions, total_comments,
             created_at at time zone 'UTC' as created_at
        from public.read_model_post_search
  ) as document;

-- A post's words come from all its media, so those of an unsafe one are for admins only.
create view console.post_search with (security_barrier) as
select p.post_id, p.author_id, p.author_username, p.author_department, p.title, p.body, p.all_ai_tags, p.all_ai_scenes,
       p.all_detected_user_ids, p.inferred_event_type, p.inferred_tags, p.categories, p.total_reactions, p.total_comments,
       p.created_at, p.updated_at
  from public.read_model_post_search as p
 where (select console.operator_rank()) = 3
    or ((select console.operator_rank()) >= 1
        and not exists (
            select from public.read_model_media_search as m where m.post_id = p.post_id and m.is_safe is not true));

grant select on console.post_search to kaleidoscope_staff;
grant select on console.post_search_source, console.post_search_reach, console.post_search_document to kaleidoscope_worker;
grant select, insert, update, delete on public.read_model_post_search to kaleidoscope_worker;
