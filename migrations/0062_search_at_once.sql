-- The first hits come at once however many there are: beyond some number they are estimated, not counted, and what a condition
-- looks up by id is looked up by its index.

-- A condition on words as SQL on what `console.media_from` names. Whatever is in the words is quoted. A phrase is looked for in the
-- texts as JSON: no word has a quotation mark in it, so those of the JSON stand where texts begin and end.
create or replace function console.words_condition(wanted jsonb) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    kind   constant text := wanted ->> 'kind';
    field  constant text := wanted ->> 'field';
    letter constant text := case field when 'title' then 'h' when 'caption' then 'c' when 'tags' then 't' when 'scenes' then 's'
                                       when 'department' then 'd' end;
    words  constant text[] := console.strings(wanted -> 'words');
    people constant text := (select string_agg('''@' || id || '''', ' | ') from unnest(console.ids(wanted -> 'people')) as id);
    needed text;
begin
    if field is not null and letter is null or cardinality(words) = 0 then
        raise invalid_parameter_value using message = 'no such field, or no words';
    end if;
    if kind = 'value' then
        return format('t.words @@ %L::tsquery', console.lexeme('=' || letter || array_to_string(words, ' ')));
    end if;
    select string_agg(
               console.lexeme(coalesce('#' || letter, '') || word)
               || case when kind = 'prefix' and place = cardinality(words) then ':*' else '' end, ' & ')
      into needed
      from unnest(words) with ordinality as listed (word, place);
    if kind = 'phrase' and cardinality(words) > 1 then
        return format('(t.words @@ %L::tsquery and coalesce(strpos(replace((s.texts%s)::text, ''"'', '' ''), %L) > 0, false))',
                      needed, ' -> ' || quote_literal(field), ' ' || array_to_string(words, ' ') || ' ')
               || coalesce(' or t.words @@ ' || quote_literal(people) || '::tsquery', '');
    end if;
    return format('t.words @@ %L::tsquery', '(' || needed || ')' || coalesce(' | ' || people, ''));
end
$$;

drop function console.holds_phrase(jsonb, text, text);

-- For how many the condition holds: counted up to a number, beyond it estimated.
create function console.media_estimated(source text, at_most integer, out counted bigint, out is_estimate boolean)
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    plan json;
begin
    execute 'select count(*) from (select' || source || ' limit $1) as few' into counted using at_most + 1;
    is_estimate := counted > at_most;
    if is_estimate then
        execute 'explain (format json) select' || source into plan;
        counted := greatest(counted, (plan #>> '{0,Plan,Plan Rows}')::bigint);
    end if;
end
$$;

-- For how many the condition holds, however long it takes.
create function console.media_counted(query jsonb) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    counted bigint;
begin
    execute 'select count(*)' || console.media_from(query, console.require_staff()) into counted;
    return counted;
end
$$;

drop function console.find_media(jsonb, text, jsonb, jsonb, integer);

-- A page of the media for which the condition holds. `after` is what the last one was sorted by, and how many there are. Where
-- these are too many to weigh each, the newest come first.
create function console.find_media(query jsonb, sort text, ranked jsonb, after jsonb, at_most integer)
    returns table (media_id bigint, created_at timestamptz, rank bigint, total bigint, is_estimate boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set jit = off
set random_page_cost = 1.1
set work_mem = '16MB'
as $$
#variable_conflict use_column
declare
    most_weighed constant integer := 10000;
    source       constant text := console.media_from(query, console.require_staff());
    -- To look for a phrase takes ten times as long as to look for words.
    most_counted constant integer := case when strpos(source, 's.texts') > 0 then 5000 else 20000 end;
    counted      bigint := after ->> 'total';
    estimated    boolean := after ->> 'isEstimate';
    last_time    constant timestamptz := after ->> 'createdAt';
    last_media   constant bigint := after ->> 'mediaId';
    last_rank    constant bigint := coalesce(after ->> 'rank', '0');
    weight       text := '0';
    page         text;
begin
    if counted is null then
        select e.counted, e.is_estimate into counted, estimated from console.media_estimated(source, most_counted) as e;
    end if;
    if sort = 'reactions' then
        weight := 'coalesce(r.reaction_count, 0)';
    elsif sort = 'relevance' and counted <= most_weighed and not estimated then
        weight := console.media_score(ranked);
    end if;
    if sort = 'oldest' then
        page := 'where $1 is null or (created_at, media_id) > ($1, $2) order by created_at, media_id limit $4';
    elsif weight = '0' then
        page := 'where $1 is null or (created_at, media_id) < ($1, $2) order by created_at desc, media_id desc limit $4';
    else
        page := 'where $1 is null or (rank, created_at, media_id) < ($3, $1, $2)'
                || ' order by rank desc, created_at desc, media_id desc limit $4';
    end if;
    -- Few are found by their words and sorted; many by the time, one after the other, until the page is full.
    return query execute format(
        'with found as %s (select t.media_id, t.created_at, (%s)::bigint as rank %s)'
        ' select media_id, created_at, rank, $5, $6 from found ',
        case when estimated then 'not materialized' else 'materialized' end, weight, source) || page
        using last_time, last_media, last_rank, at_most, counted, estimated;
end
$$;

alter function console.nearest_media(jsonb, bigint[], bigint[], bigint[], integer, double precision, bigint)
    set random_page_cost = 1.1;
alter function console.media_meant(jsonb, integer) set random_page_cost = 1.1;

revoke execute on function
    console.media_estimated(text, integer), console.media_counted(jsonb), console.find_media(jsonb, text, jsonb, jsonb, integer)
    from public;
grant execute on function console.media_counted(jsonb), console.find_media(jsonb, text, jsonb, jsonb, integer)
    to kaleidoscope_staff;
