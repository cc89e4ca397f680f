-- What is offered while a query is being typed: the values that media have, and people, with how many media there are of each.
-- Counting them takes seconds where there are many media, so the worker counts them now and then.

create table console.search_term (
    -- tag, scene, person, dept or event
    field      text     not null,
    value      text     not null,
    -- Of a person
    user_id    bigint,
    full_name  text,
    -- Folded
    words      tsvector not null,
    media      bigint   not null,
    safe_media bigint   not null,
    primary key (field, value)
);

create index search_term_words on console.search_term using gin (words);
create index search_term_most on console.search_term (field, media desc);
create index search_term_most_safe on console.search_term (field, safe_media desc);

create table console.search_term_count (
    only_one   boolean          primary key default true check (only_one),
    counted_at timestamptz      not null,
    seconds    double precision not null
);

-- The most frequent terms of each field whose words begin so; the last of the words may be unfinished.
create function console.terms_begun(fields text[], typed text[], at_most integer)
    returns table (field text, value text, user_id bigint, full_name text, media bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank  constant integer := console.require_staff();
    begun constant tsquery := (
        select string_agg(console.lexeme(word) || case when place = cardinality(typed) then ':*' else '' end, ' & ')::tsquery
          from unnest(typed) with ordinality as listed (word, place));
begin
    if rank = 3 then
        return query
            select s.field, s.value, s.user_id, s.full_name, s.media
              from unnest(fields) with ordinality as wanted (field, place)
             cross join lateral (
                   select * from console.search_term as t
                    where t.field = wanted.field and (begun is null or t.words @@ begun)
                    order by t.media desc
                    limit at_most
                   ) as s
             order by wanted.place, s.media desc, s.value collate "C";
    else
        return query
            select s.field, s.value, s.user_id, s.full_name, s.safe_media
              from unnest(fields) with ordinality as wanted (field, place)
             cross join lateral (
                   select * from console.search_term as t
                    where t.field = wanted.field and (begun is null or t.words @@ begun)
                      and (t.safe_media > 0 or t.field = 'person')
                    order by t.safe_media desc
                    limit at_most
                   ) as s
             order by wanted.place, s.safe_media desc, s.value collate "C";
    end if;
end
$$;

revoke execute on function console.terms_begun(text[], text[], integer) from public;
grant execute on function console.terms_begun(text[], text[], integer) to kaleidoscope_staff;
grant select, insert, update, delete on console.search_term, console.search_term_count to kaleidoscope_worker;
