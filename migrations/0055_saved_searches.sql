-- Searches that somebody keeps, for themselves or for all, and when each operator last looked at one: what is newer is new to
-- them.

create table console.saved_search (
    saved_search_id bigint      generated always as identity primary key,
    -- A login.
    owner           text        not null default session_user,
    name            text        not null constraint saved_search_name_length check (length(name) between 1 and 80),
    -- As typed; times in it stay relative, so that it moves on.
    text            text        not null constraint saved_search_text_length check (length(text) <= 2000),
    is_shared       boolean     not null,
    created_at      timestamptz not null default clock_timestamp(),
    constraint saved_search_name unique (owner, name)
);

create table console.saved_search_seen (
    saved_search_id bigint      not null references console.saved_search on delete cascade,
    login           text        not null default session_user,
    seen_at         timestamptz not null default clock_timestamp(),
    primary key (saved_search_id, login)
);

create view console.saved_searches with (security_barrier) as
select s.saved_search_id, s.name, s.text, s.is_shared, s.owner, s.owner = session_user::text as is_mine,
       coalesce(seen.seen_at, s.created_at) as seen_at
  from console.saved_search as s
  left join console.saved_search_seen as seen on seen.saved_search_id = s.saved_search_id and seen.login = session_user::text
 where (s.owner = session_user::text or s.is_shared)
   and (select console.operator_rank()) >= 1;

-- Views of others' rows can't be written through with a check on the owner and a sentence; functions can.
create function console.save_search(name text, text text, is_shared boolean) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    saved bigint;
begin
    perform console.require_staff();
    -- Nobody finds their way among more.
    if (select count(*) from console.saved_search as s where s.owner = session_user::text) >= 200 then
        raise exception using errcode = 'program_limit_exceeded', message = 'at most 200 searches can be saved';
    end if;
    insert into console.saved_search as s (name, text, is_shared)
    values (save_search.name, save_search.text, save_search.is_shared)
    returning s.saved_search_id into saved;
    return saved;
end
$$;

-- What is null stays as it is. False where it is not the operator's own.
create function console.change_search(saved_search bigint, name text, text text, is_shared boolean) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    update console.saved_search as s
       set name = coalesce(change_search.name, s.name),
           text = coalesce(change_search.text, s.text),
           is_shared = coalesce(change_search.is_shared, s.is_shared)
     where s.saved_search_id = saved_search
       and s.owner = session_user::text;
    return found;
end
$$;

create function console.forget_search(saved_search bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    delete from console.saved_search as s where s.saved_search_id = saved_search and s.owner = session_user::text;
    return found;
end
$$;

-- From now on only what comes later is new to this operator.
create function console.see_search(saved_search bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    insert into console.saved_search_seen as seen (saved_search_id)
    select s.saved_search_id
      from console.saved_search as s
     where s.saved_search_id = saved_search
       and (s.owner = session_user::text or s.is_shared)
        on conflict (saved_search_id, login) do update set seen_at = clock_timestamp();
    return found;
end
$$;

revoke execute on function
    console.save_search(text, text, boolean), console.change_search(bigint, text, text, boolean),
    console.forget_search(bigint), console.see_search(bigint)
    from public;
grant select on console.saved_searches to kaleidoscope_staff;
grant execute on function
    console.save_search(text, text, boolean), console.change_search(bigint, text, text, boolean),
    console.forget_search(bigint), console.see_search(bigint)
    to kaleidoscope_staff;
