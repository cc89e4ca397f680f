-- read_model_recommendations_knn: what each row must be, and what operators see of it.

create view console.recommendations_knn_source as
select m.media_id,
       i.image_embedding::text as image_embedding,
       m.media_url,
       i.caption,
       true as is_safe,
       m.created_at
  from public.post_media as m
  join public.posts as p on p.post_id = m.post_id
  join public.users as u on u.user_id = p.user_id
  join public.media_ai_insights as i on i.media_id = m.media_id
 where p.status = 'PUBLISHED'
   and p.visibility = 'PUBLIC'
   and u.account_status = 'ACTIVE'
   and i.status in ('COMPLETED', 'UNSAFE')
   and coalesce(i.is_safe, i.status <> 'UNSAFE')
   and i.image_embedding is not null;

create view console.recommendations_knn_reach as
select 'post' as scope, post_id as origin, media_id as key from public.post_media
union all
select 'user', p.user_id, m.media_id from public.posts as p join public.post_media as m on m.post_id = p.post_id;

alter table public.read_model_recommendations_knn alter column image_embedding set storage external;

create view console.recommendations_knn_document as
select media_id,
       to_json(document)::text as row
  from (
      select media_id, image_embedding, media_url, caption, is_safe, created_at at time zone 'UTC' as created_at
        from public.read_model_recommendations_knn
  ) as document;

create view console.recommendations_knn with (security_barrier) as
select media_id, media_url, caption, is_safe, created_at
  from public.read_model_recommendations_knn
 where (is_safe and (select console.operator_rank()) >= 1) or (select console.operator_rank()) = 3;

grant select on console.recommendations_knn to kaleidoscope_staff;
grant select on console.recommendations_knn_source, console.recommendations_knn_reach, console.recommendations_knn_document
    to kaleidoscope_worker;
grant select, insert, update, delete on public.read_model_recommendations_knn to kaleidoscope_worker;
