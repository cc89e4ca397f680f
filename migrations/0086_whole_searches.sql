-- A saved search keeps all that defines its result: of what kind the hits are, their order, and the examples that they are like.

alter table console.saved_search
    add column tab      text  not null default 'media' constraint saved_search_tab check (tab in ('media', 'posts', 'people', 'faces')),
    add column sort     text  not null default 'relevance'
        constraint saved_search_sort check (sort in ('relevance', 'newest', 'oldest', 'reactions')),
    add column examples jsonb not null default '{"more": [], "less": []}'
        constraint saved_search_examples check (length(examples::text) <= 4000);

create or replace view console.saved_searches with (security_barrier) as
select s.saved_search_id, s.name, s.text, s.is_shared, s.owner, s.owner = session_user::text as is_mine,
       coalesce(seen.seen_at, s.created_at) as seen_at, s.tab, s.sort, s.examples
  from console.saved_search as s
  left join console.saved_search_seen as seen on seen.saved_search_id = s.saved_search_id and seen.login = session_user::text
 where (s.owner = session_user::text or s.is_shared)
   and (select console.operator_rank()) >= 1;

drop function console.save_search(text, text, boolean);

create function console.save_search(name text, text text, is_shared boolean, tab text, sort text, examples jsonb) returns bigint
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
    insert into console.saved_search as s (name, text, is_shared, tab, sort, examples)
    values (save_search.name, save_search.text, save_search.is_shared, save_search.tab, save_search.sort, save_search.examples)
    returning s.saved_search_id into saved;
    return saved;
end
$$;

-- The media that could be found since then, the newest first, as far as this operator may see them: what else is new because of
-- them, up to `at_most`.
create function console.media_found(since timestamptz, at_most integer) returns table (media_id bigint, post_id bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank integer := console.require_staff();
begin
    return query
        select m.media_id, m.post_id
          from console.media_search_text as t
          join public.read_model_media_search as m on m.media_id = t.media_id
         where t.found_at >= since
           and (m.is_safe or rank = 3)
         order by t.found_at desc
         limit at_most;
end
$$;

-- How many of these could be found since then.
create function console.media_new_of(media bigint[], since timestamptz) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank integer := console.require_staff();
begin
    return (
        select count(*)
          from console.media_search_text as t
          join public.read_model_media_search as m on m.media_id = t.media_id
         where t.media_id = any (media)
           and t.found_at >= since
           and (m.is_safe or rank = 3));
end
$$;

-- Of these people those who are called just like one of the texts, which are folded: by their username, by their other name, and
-- who has a name that begins like it.
create function console.people_called(
    people bigint[], texts text[], out login bigint[], out name bigint[], out beginning bigint[])
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    select coalesce(array_agg(p.user_id) filter (where p.names[1] = any (texts)), '{}'),
           coalesce(array_agg(p.user_id) filter (where p.names && texts), '{}'),
           coalesce(array_agg(p.user_id) filter (where exists (
               select from unnest(p.names) as own, unnest(texts) as said where starts_with(own, said))), '{}')
      into login, name, beginning
      from console.person_text as p
     where p.user_id = any (people);
end
$$;

revoke execute on function
    console.save_search(text, text, boolean, text, text, jsonb), console.media_found(timestamptz, integer),
    console.media_new_of(bigint[], timestamptz), console.people_called(bigint[], text[])
    from public;
grant execute on function
    console.save_search(text, text, boolean, text, text, jsonb), console.media_found(timestamptz, integer),
    console.media_new_of(bigint[], timestamptz), console.people_called(bigint[], text[])
    to kaleidoscope_staff;

-- The last corrections of the day that an operator made at once and that stand, to be taken back in the order in which they were
-- made, whichever window made them. What somebody else corrected later stays: whoever was told so is not offered it again.

create table console.correction_kept (
    audit_id bigint      primary key,
    kept_at  timestamptz not null default clock_timestamp()
);

create index correction_decided on console.correction (decided_by, decided_at) where undoes is null;

create function console.undoable_correction(out audits bigint[], out media bigint, out decided_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_moderator();
    select array_agg(distinct c.audit_id), count(distinct c.media_id), max(c.decided_at)
      into audits, media, decided_at
      from (
          select c.xmin as written, c.audit_id, c.media_id, c.decided_at,
                 first_value(c.xmin) over (order by c.id desc) as last
            from console.correction as c
           where c.decided_by = session_user::text
             and c.decided_at >= now() - interval '24 hours'
             and c.undoes is null
             and not exists (select from console.correction as undo where undo.undoes = c.id)
             and not exists (select from console.correction_kept as kept where kept.audit_id = c.audit_id)
      ) as c
     where c.written = c.last;
    audits := coalesce(audits, '{}');
end
$$;

create function console.undo_own_correction() returns setof console.correction_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    asked bigint[] := (console.undoable_correction()).audits;
    done  console.correction_outcome;
begin
    for done in select * from console.undo_corrections(asked) loop
        return next done;
        -- What is just being written is tried again.
        if done.outcome not in ('done', 'busy') then
            insert into console.correction_kept (audit_id)
            select distinct c.audit_id
              from console.correction as c
             where c.audit_id = any (asked)
               and c.media_id = done.media_id
                on conflict do nothing;
        end if;
    end loop;
end
$$;

revoke execute on function console.undoable_correction(), console.undo_own_correction() from public;
grant execute on function console.undoable_correction(), console.undo_own_correction() to kaleidoscope_moderator;
