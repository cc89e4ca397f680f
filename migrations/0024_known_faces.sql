-- read_model_known_faces: what each row must be, and what operators see of it.

create view console.known_faces_source as
select u.user_id,
       u.username,
       u.department,
       u.profile_picture_url as profile_pic_url,
       e.embedding::text as face_embedding,
       e.enrolled_at,
       e.is_active and u.account_status = 'ACTIVE' as is_active
  from public.user_face_embeddings as e
  join public.users as u on u.user_id = e.user_id
 where u.account_status <> 'DELETED';

-- All that a row depends on has its key.
create view console.known_faces_reach as
select 'user' as scope, user_id as origin, user_id as key from public.user_face_embeddings;

alter table public.read_model_known_faces alter column face_embedding set storage external;

create view console.known_faces_document as
select user_id,
       to_json(document)::text as row
  from (
      select user_id, username, department, profile_pic_url, face_embedding, enrolled_at at time zone 'UTC' as enrolled_at,
             is_active
        from public.read_model_known_faces
  ) as document;

-- Who is enrolled, without the face.
create view console.known_faces with (security_barrier) as
select user_id, username, department, profile_pic_url, enrolled_at, is_active
  from public.read_model_known_faces
 where (select console.operator_rank()) >= 1;

grant select on console.known_faces to kaleidoscope_staff;
grant select on console.known_faces_source, console.known_faces_reach, console.known_faces_document to kaleidoscope_worker;
grant select, insert, update, delete on public.read_model_known_faces to kaleidoscope_worker;
