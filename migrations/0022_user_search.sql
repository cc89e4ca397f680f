-- read_model_user_search: what each row must be, and what operators see of it.

-- What no core table holds (total_followers) is not here and stays as it is.
create view console.user_search_source as
select u.user_id,
       u.username,
       u.full_name,
       u.department,
       u.bio,
       (select count(*) from public.posts as p where p.user_id = u.user_id and p.status = 'PUBLISHED')::integer as total_posts,
       exists (select from public.user_face_embeddings as e where e.user_id = u.user_id and e.is_active) as face_enrolled,
       u.created_at as joined_at
  from public.users as u
 where u.account_status = 'ACTIVE';

-- All that a row depends on has its key.
create view console.user_search_reach as
select 'user' as scope, user_id as origin, user_id as key from public.users;

create view console.user_search_document as
select user_id,
       to_json(document)::text as row
  from (
      select user_id, username, full_name, department, bio, total_posts, total_followers, face_enrolled,
             joined_at at time zone 'UTC' as joined_at
        from public.read_model_user_search
  ) as document;

create view console.user_search with (security_barrier) as
select user_id, username, full_name, department, bio, total_posts, total_followers, face_enrolled, joined_at, updated_at
  from public.read_model_user_search
 where (select console.operator_rank()) >= 1;

grant select on console.user_search to kaleidoscope_staff;
grant select on console.user_search_source, console.user_search_reach, console.user_search_document to kaleidoscope_worker;
grant select, insert, update, delete on public.read_model_user_search to kaleidoscope_worker;
