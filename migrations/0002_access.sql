-- Who acts: group roles, the operator behind a login, and the views through which operators see the core and AI tables.
-- Operators have no rights on the 13 tables themselves, so that an operator with psql meets the same rules as one in
-- the window.

create schema if not exists console;

-- Roles belong to the whole server: another database of it may have made them, or be making them right now.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['kaleidoscope_staff', 'kaleidoscope_moderator', 'kaleidoscope_admin', 'kaleidoscope_worker']
    loop
        if to_regrole(wanted) is null then
            begin
                execute format('create role %I nologin', wanted);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
    end loop;
end;
$$;

do $$
begin
    if not pg_has_role('kaleidoscope_moderator', 'kaleidoscope_staff', 'member') then
        grant kaleidoscope_staff to kaleidoscope_moderator;
    end if;
    if not pg_has_role('kaleidoscope_admin', 'kaleidoscope_moderator', 'member') then
        grant kaleidoscope_moderator to kaleidoscope_admin;
    end if;
exception when unique_violation or internal_error then
    -- Another database of this server granted the same at the same moment.
    null;
end;
$$;

grant usage on schema console to kaleidoscope_staff, kaleidoscope_worker;
grant select on console._sqlx_migrations to kaleidoscope_staff, kaleidoscope_worker;

-- The user whose name the login has. Everything is granted through the database role that signed in (session_user),
-- which SET ROLE does not change.
create function console.operator_id() returns bigint
language sql stable security definer
set search_path = pg_catalog
as $$
    select user_id
      from public.users
     where username = session_user::text
       and account_status = 'ACTIVE'
$$;

comment on function console.operator_id() is 'The ACTIVE user behind the login, or null';

create function console.operator_rank() returns integer
language sql stable security definer
set search_path = pg_catalog
as $$
    select coalesce(
        (
            select case
                       when role = 'ADMIN' and pg_has_role(session_user, 'kaleidoscope_admin', 'usage') then 3
                       when role in ('ADMIN', 'MODERATOR')
                            and pg_has_role(session_user, 'kaleidoscope_moderator', 'usage') then 2
                       when pg_has_role(session_user, 'kaleidoscope_staff', 'usage') then 1
                       else 0
                   end
              from public.users
             where username = session_user::text
               and account_status = 'ACTIVE'
        ),
        0
    )
$$;

comment on function console.operator_rank() is
    'What the login may do now: 0 nothing, 1 staff, 2 moderator, 3 admin. Group role and users.role must both allow it, and the account be ACTIVE';

-- True for logins that act through the console's rights; false for the platform's own services, the worker and superusers.
-- 'usage', not 'member': the login that made the group roles administers them without having their rights.
create function console.is_operator() returns boolean
language sql stable
set search_path = pg_catalog
as $$
    select not rolsuper and pg_has_role(session_user, 'kaleidoscope_staff', 'usage')
      from pg_roles
     where rolname = session_user
$$;

create view console.person with (security_barrier) as
select u.user_id,
       u.username,
       u.full_name,
       u.department,
       u.designation,
       left(u.bio, 4000) as bio,
       u.profile_picture_url,
       u.role,
       u.account_status,
       u.created_at,
       coalesce(e.is_active, false) as enrolled,
       e.enrolled_at,
       e.source_image_url as enrolled_picture_url
  from public.users u
  left join public.user_face_embeddings e on e.user_id = u.user_id
 where (select console.operator_rank()) >= 1;

comment on view console.person is 'Users without password and e-mail, and whether they are enrolled';

-- Unsafe is what either of the AI's two words says; staff see what can be searched, moderators drafts and private posts
-- too, admins also unsafe media. Long captions are cut: no screen shows a megabyte.
create view console.photo with (security_barrier) as
select m.media_id,
       m.post_id,
       p.title as post_title,
       m.media_type,
       m.media_url,
       m.thumbnail_url,
       m.width,
       m.height,
       m.duration_seconds,
       i.status as ai_status,
       i.is_safe,
       coalesce(i.status = 'UNSAFE' or i.is_safe is false, false) as unsafe,
       left(i.caption, 4000) as caption,
       i.tags,
       i.scenes,
       p.user_id as uploader_id,
       m.created_at,
       i.xmin::text as version
  from public.post_media m
  join public.posts p on p.post_id = m.post_id
  left join public.media_ai_insights i on i.media_id = m.media_id
 where case (select console.operator_rank())
           when 3 then true
           when 2 then not coalesce(i.status = 'UNSAFE' or i.is_safe is false, false)
           when 1 then p.status = 'PUBLISHED'
                       and p.visibility <> 'PRIVATE'
                       and not coalesce(i.status = 'UNSAFE' or i.is_safe is false, false)
           else false
       end;

comment on view console.photo is 'Media with their post and what the AI found, as far as the operator may see them';

create view console.face with (security_barrier) as
select f.id as face_id,
       f.media_id,
       f.bbox,
       f.status,
       f.identified_user_id,
       f.suggested_user_id,
       f.confidence_score,
       f.created_at,
       f.xmin::text as version
  from public.media_detected_faces f
 where case (select console.operator_rank())
           when 3 then true
           when 2 then exists (
               select
                 from public.media_ai_insights i
                where i.media_id = f.media_id
                  and i.status <> 'UNSAFE'
                  and i.is_safe is not false
           )
           when 1 then exists (
               select
                 from public.media_ai_insights i
                 join public.post_media m on m.media_id = i.media_id
                 join public.posts p on p.post_id = m.post_id
                where i.media_id = f.media_id
                  and i.status <> 'UNSAFE'
                  and i.is_safe is not false
                  and p.status = 'PUBLISHED'
                  and p.visibility <> 'PRIVATE'
           )
           else false
       end;

comment on view console.face is 'Faces without their embeddings; moderators change who is on the photo through this view';

create view console.insight with (security_barrier) as
select i.media_id,
       i.post_id,
       i.status,
       i.is_safe,
       i.updated_at,
       i.xmin::text as version
  from public.media_ai_insights i
 where (select console.operator_rank()) = 3;

comment on view console.insight is 'What the AI says of a medium''s safety; admins correct it through this view';

grant select on console.person, console.photo, console.face to kaleidoscope_staff;
grant update (identified_user_id, suggested_user_id, confidence_score, status) on console.face to kaleidoscope_moderator;
grant select on console.insight to kaleidoscope_admin;
grant update (status, is_safe, updated_at) on console.insight to kaleidoscope_admin;

revoke all on function console.operator_id(), console.operator_rank(), console.is_operator() from public;
grant execute on function console.operator_id(), console.operator_rank(), console.is_operator()
    to kaleidoscope_staff, kaleidoscope_worker;

-- The group role alone does not suffice: who was demoted or suspended on the platform stops being able to write.
create function console.require_rank() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
    if console.is_operator() and console.operator_rank() < tg_argv[0]::integer then
        raise exception 'the account % may not change this', session_user
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end;
$$;

-- A trigger needs no grant on its function, and nobody else may hang it on a table of theirs.
revoke all on function console.require_rank() from public;

create trigger console_require_moderator
    before update on public.media_detected_faces
    for each statement execute function console.require_rank(2);

create trigger console_require_admin
    before update on public.media_ai_insights
    for each statement execute function console.require_rank(3);
