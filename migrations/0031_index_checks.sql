-- What checks found, and dead letters that are tried again.

-- The last check of each index: core tables to read model, read model to index.
create table console.index_check (
    index_name        text             primary key,
    checked_at        timestamptz      not null default clock_timestamp(),
    seconds           double precision not null,
    rows_missing      bigint           not null,
    rows_stale        bigint           not null,
    rows_ghost        bigint           not null,
    documents_missing bigint           not null,
    documents_stale   bigint           not null,
    documents_ghost   bigint           not null,
    -- Marked to be mended.
    repaired          boolean          not null,
    problem           text
);

create function console.index_checks()
    returns table (index_name text, checked_at timestamptz, seconds double precision, rows_missing bigint,
                   rows_stale bigint, rows_ghost bigint, documents_missing bigint, documents_stale bigint,
                   documents_ghost bigint, repaired boolean, problem text)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select c.index_name, c.checked_at, c.seconds, c.rows_missing, c.rows_stale, c.rows_ghost, c.documents_missing,
           c.documents_stale, c.documents_ghost, c.repaired, c.problem
      from console.index_check as c
     where console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member')
     order by c.index_name;
end;

-- Admins only: the server's words may quote what only they may see.
create function console.dead_letters()
    returns table (kind text, name text, key text, reason text, attempts integer, created_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select letter.kind, letter.name, letter.key, letter.reason, letter.attempts, letter.created_at
      from console.dead_letter as letter
     where console.operator_rank() >= 3 or pg_has_role(session_user, 'kaleidoscope_worker', 'member')
     order by letter.created_at desc, letter.kind, letter.name, letter.key
     limit 1000;
end;

-- Marks what could not be done, of one name or all, one key or all. A letter goes when it is done, or is written anew.
create function console.replay_dead_letters(only_name text, only_key text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    replayed record;
    letters  bigint := 0;
begin
    if console.operator_rank() < 3 and not pg_has_role(session_user, 'kaleidoscope_worker', 'member') then
        raise exception 'only an admin may replay dead letters' using errcode = 'insufficient_privilege';
    end if;
    for replayed in
        select letter.kind, letter.name, array_agg(letter.key order by letter.key) as keys
          from console.dead_letter as letter
         where (only_name is null or letter.name = only_name)
           and (only_key is null or letter.key = only_key)
         group by letter.kind, letter.name
         order by letter.kind, letter.name
    loop
        letters := letters + cardinality(replayed.keys);
        if replayed.kind = 'index' then
            perform console.mark_stale(replayed.name, replayed.keys);
        else
            perform console.mark_dirty(replayed.name, 'row', replayed.keys::bigint[]);
        end if;
    end loop;
    if letters > 0 and console.is_operator() then
        perform console.append_audit('system.replay', 'dead_letters', 0, null,
                                     jsonb_build_object('name', only_name, 'key', only_key, 'letters', letters));
    end if;
    return letters;
end
$$;

revoke execute on function
    console.index_checks(), console.dead_letters(), console.replay_dead_letters(text, text) from public;
grant execute on function console.index_checks() to kaleidoscope_staff, kaleidoscope_worker;
grant execute on function console.dead_letters(), console.replay_dead_letters(text, text)
    to kaleidoscope_admin, kaleidoscope_worker;
grant select, insert, update, delete on console.index_check to kaleidoscope_worker;
