-- read_model_face_search: what each row must be, and what operators see of it.

create view console.face_search_source as
select f.id as key,
       f.id::text as face_id,
       m.media_id,
       m.post_id,
       f.embedding::text as face_embedding,
       f.bbox,
       f.identified_user_id,
       u.username as identified_username,
       f.confidence_score as match_confidence,
       m.uploader_id,
       m.post_title,
       m.media_url,
       f.created_at
  from public.media_detected_faces as f
  join console.searchable_media as m on m.media_id = f.media_id
  left join public.users as u on u.user_id = f.identified_user_id;

create view console.face_search_reach as
select 'media' as scope, media_id as origin, id as key from public.media_detected_faces
union all
select 'post', m.post_id, f.id from public.post_media as m join public.media_detected_faces as f on f.media_id = m.media_id
union all
select 'user', p.user_id, f.id
  from public.posts as p
  join public.post_media as m on m.post_id = p.post_id
  join public.media_detected_faces as f on f.media_id = m.media_id
union all
select 'user', identified_user_id, id from public.media_detected_faces where identified_user_id is not null;

alter table public.read_model_face_search alter column face_embedding set storage external;

create view console.face_search_document as
select face_id,
       to_json(document)::text as row
  from (
      select face_id, media_id, post_id, face_embedding, bbox, identified_user_id, identified_username, match_confidence,
             uploader_id, post_title, media_url, created_at at time zone 'UTC' as created_at
        from public.read_model_face_search
  ) as document;

-- A face is as safe as the photo that it is on.
create view console.face_search with (security_barrier) as
select f.face_id, f.media_id, f.post_id, f.bbox, f.identified_user_id, f.identified_username, f.match_confidence,
       f.uploader_id, f.post_title, f.media_url, f.created_at
  from public.read_model_face_search as f
 where (select console.operator_rank()) = 3
    or ((select console.operator_rank()) >= 1
        and exists (select from public.read_model_media_search as m where m.media_id = f.media_id and m.is_safe));

insert into console.read_model_queue (read_model, scope, key)
select 'face_search', 'row', id from public.media_detected_faces
union
select 'face_search', 'row', face_id::bigint from public.read_model_face_search where face_id ~ '^[0-9]{1,18}$';

grant select on console.face_search to kaleidoscope_staff;
grant select on console.face_search_source, console.face_search_reach, console.face_search_document to kaleidoscope_worker;
grant select, insert, update, delete on public.read_model_face_search to kaleidoscope_worker;
grant usage on sequence public.read_model_face_search_id_seq to kaleidoscope_worker;
