-- Searching without Elasticsearch, and people by all their names: which media have all the words, newest first, within
-- what the operator may see.

-- The words of a person's names. Full names are in no read model, so media are found by them through the person.
create table console.person_text (
    user_id bigint   primary key,
    version bigint   not null,
    words   tsvector not null
);

create index person_text_words on console.person_text using gin (words);

create function console.person_text_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    people text[];
begin
    if tg_op = 'INSERT' then
        select array_agg(user_id::text) into people from new_rows;
    elsif tg_op = 'DELETE' then
        select array_agg(user_id::text) into people from old_rows;
    elsif tg_op = 'TRUNCATE' then
        select array_agg(user_id::text) into people from console.person_text;
    else
        select array_agg(user_id::text)
          into people
          from old_rows as o
          full join new_rows as n using (user_id)
         where record_image_ne(row(o.username, o.full_name), row(n.username, n.full_name));
    end if;
    if people is not null then
        perform console.mark_stale('person_text', people);
    end if;
    return null;
end
$$;

create trigger console_person_insert after insert on public.users
    referencing new table as new_rows
    for each statement execute function console.person_text_changed();
create trigger console_person_update after update on public.users
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.person_text_changed();
create trigger console_person_delete after delete on public.users
    referencing old table as old_rows
    for each statement execute function console.person_text_changed();
create trigger console_person_truncate after truncate on public.users
    for each statement execute function console.person_text_changed();

insert into console.index_queue (index_name, document_id)
select 'person_text', user_id::text from public.users;

-- A word as a `tsquery` takes it, whatever is in it.
create function console.lexeme(word text) returns text
language sql immutable parallel safe
return '''' || replace(replace(word, '\', '\\'), '''', '''''') || '''';

-- Who has this word in a name, up to a thousand.
create function console.people_named(word text) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if console.operator_rank() < 1 then
        raise insufficient_privilege using message = 'searching needs the role of staff';
    end if;
    return array(
        select user_id from console.person_text where words @@ console.lexeme(word)::tsquery order by user_id limit 1000);
end
$$;

-- A function, because behind a security barrier the index on the words could not be used. Words of media hold, beside the
-- text, `@` and the id of everybody on them and of their uploader.
create function console.find_media(
    wanted text[], before timestamptz, before_media bigint, at_most integer)
    returns table (media_id bigint, created_at timestamptz, total bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank  integer := console.operator_rank();
    query tsquery;
begin
    if rank < 1 then
        raise insufficient_privilege using message = 'searching needs the role of staff';
    end if;
    select string_agg(
               '(' || console.lexeme(word) || coalesce((
                   select string_agg(' | ''@' || person || '''', '') from unnest(console.people_named(word)) as person), '')
               || ')', ' & ')::tsquery
      into query
      from unnest(wanted) as word
     where word <> '';
    return query
        with found as materialized (
            select t.media_id, t.created_at
              from console.media_search_text as t
             where (query is null or t.words @@ query)
               and (t.is_safe or rank = 3)
        )
        select f.media_id, f.created_at, (select count(*) from found)
          from found as f
         where before is null or (f.created_at, f.media_id) < (before, before_media)
         order by f.created_at desc, f.media_id desc
         limit at_most;
end
$$;

revoke execute on function
    console.person_text_changed(), console.people_named(text),
    console.find_media(text[], timestamptz, bigint, integer)
    from public;
grant execute on function console.people_named(text), console.find_media(text[], timestamptz, bigint, integer)
    to kaleidoscope_staff;
grant select, insert, update, delete on console.person_text to kaleidoscope_worker;
grant select (user_id, username, full_name) on public.users to kaleidoscope_worker;
