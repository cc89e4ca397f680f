-- Who signed in is found by the index of usernames. A `name` brings the collation "C" with it, which that index does not have:
-- without another one said, each look read all users.

create or replace function console.operator_id() returns bigint
language sql stable security definer
set search_path = pg_catalog
as $$
    select user_id
      from public.users
     where username = session_user::text collate "default"
       and account_status = 'ACTIVE'
$$;

create or replace function console.operator_rank() returns integer
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
             where username = session_user::text collate "default"
               and account_status = 'ACTIVE'
        ),
        0
    )
$$;
