-- Searching by the query language without Elasticsearch: words by their field, whole values and phrases, who has a name, and the
-- nearest vectors. Beside the plain words, those of a row now hold `#` with a field's letter and each word of it, `=` with the
-- letter and each whole value, `@p` and `@u` with the ids of who is on it and of who uploaded it.

alter table console.person_text add column names text[] not null default '{}';

-- Apart from the words: only phrases need it, and whatever reads the words would have to read past it.
create table console.media_phrase (
    media_id bigint primary key references console.media_search_text on delete cascade,
    -- The words of each field in their order, folded
    texts    jsonb  not null
);

-- The console's own, so that no vector that the AI writes can fail on an index, and no write of the AI waits for one.
create table console.media_vector (
    media_id  bigint              primary key references console.media_search_text on delete cascade,
    -- Of length 1; half the precision at half the size, as good for finding what is near
    embedding public.halfvec(512) not null
);

create index media_vector_nearest on console.media_vector using hnsw (embedding public.halfvec_cosine_ops);
create index console_event on public.read_model_post_search (inferred_event_type);

-- Words, ids of people and the vector are kept beside the row, so they wait together.
create or replace function console.media_search_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    documents text[];
    texts     text[];
begin
    if tg_op = 'INSERT' then
        select array_agg(media_id::text) into documents from new_rows;
        texts := documents;
    elsif tg_op = 'DELETE' then
        select array_agg(media_id::text) into documents from old_rows;
        texts := documents;
    elsif tg_op = 'TRUNCATE' then
        select array_agg(media_id::text) into documents from public.read_model_media_search;
        texts := documents;
    else
        select array_agg(media_id::text),
               array_agg(media_id::text) filter (where record_image_ne(
                   row(o.post_title, o.post_all_tags, o.ai_caption, o.ai_tags, o.ai_scenes, o.is_safe, o.detected_user_ids,
                       o.detected_usernames, o.uploader_id, o.uploader_username, o.uploader_department, o.created_at,
                       o.image_embedding),
                   row(n.post_title, n.post_all_tags, n.ai_caption, n.ai_tags, n.ai_scenes, n.is_safe, n.detected_user_ids,
                       n.detected_usernames, n.uploader_id, n.uploader_username, n.uploader_department, n.created_at,
                       n.image_embedding)))
          into documents, texts
          from old_rows as o
          full join new_rows as n using (media_id)
         where record_image_ne(
                   row(o.post_id, o.post_title, o.post_all_tags, o.media_url, o.ai_caption, o.ai_tags, o.ai_scenes, o.is_safe,
                       o.detected_user_ids, o.detected_usernames, o.uploader_id, o.uploader_username, o.uploader_department,
                       o.reaction_count, o.comment_count, o.created_at, o.image_embedding),
                   row(n.post_id, n.post_title, n.post_all_tags, n.media_url, n.ai_caption, n.ai_tags, n.ai_scenes, n.is_safe,
                       n.detected_user_ids, n.detected_usernames, n.uploader_id, n.uploader_username, n.uploader_department,
                       n.reaction_count, n.comment_count, n.created_at, n.image_embedding));
    end if;
    if documents is not null then
        perform console.mark_stale('media_search', documents);
    end if;
    if texts is not null then
        perform console.mark_stale('media_search_text', texts);
    end if;
    return null;
end
$$;

create function console.require_staff() returns integer
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank constant integer := console.operator_rank();
begin
    if rank < 1 then
        raise insufficient_privilege using message = 'searching needs the role of staff';
    end if;
    return rank;
end
$$;

-- For each of the texts `{"kind", "words"}`, who has it in a name, up to `at_most`.
create function console.people_meant(texts jsonb, at_most integer) returns table (people bigint[])
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    return query
        select array(
                   select p.user_id
                     from console.person_text as p
                    where p.words @@ wanted.words
                      and case meant.text ->> 'kind'
                              when 'phrase' then exists (
                                  select from unnest(p.names) as name where strpos(' ' || name || ' ', ' ' || wanted.phrase || ' ') > 0)
                              when 'value' then wanted.phrase = any (p.names)
                              else true
                          end
                    order by p.user_id
                    limit at_most
               )
          from jsonb_array_elements(texts) with ordinality as meant (text, position)
         cross join lateral (
               select string_agg(
                          console.lexeme(word)
                          || case when meant.text ->> 'kind' = 'prefix' and place = jsonb_array_length(meant.text -> 'words')
                                  then ':*' else '' end, ' & ')::tsquery as words,
                      string_agg(word, ' ' order by place) as phrase
                 from jsonb_array_elements_text(meant.text -> 'words') with ordinality as listed (word, place)
               ) as wanted
         order by meant.position;
end
$$;

-- All event types and categories there are; folding is not PostgreSQL's, so what a query means by one is found out elsewhere.
create function console.event_types() returns setof text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    found text;
begin
    perform console.require_staff();
    select min(p.inferred_event_type) into found from public.read_model_post_search as p;
    while found is not null loop
        return next found;
        select min(p.inferred_event_type) into found from public.read_model_post_search as p where p.inferred_event_type > found;
    end loop;
end
$$;

create function console.categories() returns setof text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    return query
        select distinct category from public.read_model_post_search as p cross join unnest(p.categories) as category
         where category <> '' order by 1;
end
$$;

-- Whether the phrase is in the field, or in any; all words folded.
create function console.holds_phrase(texts jsonb, field text, phrase text) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return coalesce((
    select bool_or(strpos(' ' || said || ' ', ' ' || phrase || ' ') > 0)
      from jsonb_each(texts) as f (name, entries)
     cross join jsonb_array_elements_text(f.entries) as said
     where holds_phrase.field is null or f.name = holds_phrase.field
), false);

create function console.ids(ids jsonb) returns bigint[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return array(select id::bigint from jsonb_array_elements_text(ids) as id);

create function console.strings(strings jsonb) returns text[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return array(select string from jsonb_array_elements_text(strings) as string);

-- A condition on words as SQL on what `console.media_from` names. Whatever is in the words is quoted.
create function console.words_condition(wanted jsonb) returns text
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
    if kind = 'phrase' then
        return format('(t.words @@ %L::tsquery and console.holds_phrase(s.texts, %L, %L))', needed, field,
                      array_to_string(words, ' '))
               || coalesce(' or t.words @@ ' || quote_literal(people) || '::tsquery', '');
    end if;
    return format('t.words @@ %L::tsquery', '(' || needed || ')' || coalesce(' | ' || people, ''));
end
$$;

-- A post's words come from all its media, so what is said of one with an unsafe medium is for admins only.
create function console.post_condition(condition text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return 'exists (select from public.read_model_post_search as p where p.post_id = r.post_id and ' || condition
       || ' and ((select console.operator_rank()) = 3 or not exists (select from public.read_model_media_search as other'
       || ' where other.post_id = p.post_id and other.is_safe is not true)))';

create function console.has_condition(part text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    holds_text constant text := 'exists (select from unnest(%s) as entry where entry <> '''')';
begin
    return case part
        when 'faces' then 'exists (select from public.media_detected_faces as f where f.media_id = t.media_id)'
        when 'people' then 'exists (select from unnest(r.detected_user_ids) as person where person is not null)'
        when 'caption' then 'coalesce(r.ai_caption <> '''', false)'
        when 'title' then 'coalesce(r.post_title <> '''', false)'
        when 'tags' then format(holds_text, 'r.ai_tags')
        when 'scenes' then format(holds_text, 'r.ai_scenes')
        when 'post_tags' then format(holds_text, 'r.post_all_tags')
        when 'event' then console.post_condition('p.inferred_event_type <> ''''')
        when 'categories' then console.post_condition(format(holds_text, 'p.categories'))
        when 'dept' then 'coalesce(r.uploader_department <> '''', false)'
        when 'embedding' then 'r.image_embedding is not null'
        when 'reactions' then 'coalesce(r.reaction_count > 0, false)'
        when 'comments' then 'coalesce(r.comment_count > 0, false)'
    end;
end
$$;

create function console.count_condition(wanted jsonb) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    counted constant text := case wanted ->> 'field'
        when 'faces' then '(select count(*) from public.media_detected_faces as f where f.media_id = t.media_id)'
        when 'people' then '(select count(distinct person) from unnest(r.detected_user_ids) as person)'
        when 'reactions' then 'coalesce(r.reaction_count, 0)'
        when 'comments' then 'coalesce(r.comment_count, 0)'
    end;
begin
    return format('%s >= %L::bigint', counted, wanted ->> 'from')
           || coalesce(' and ' || counted || ' < ' || quote_literal(wanted ->> 'until') || '::bigint', '');
end
$$;

-- A condition `{kind: what}` as SQL on what `console.media_from` names; never null, so that it can be negated.
create function console.media_condition(query jsonb) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    kind   text;
    wanted jsonb;
    sql    text;
begin
    select key, value into kind, wanted from jsonb_each(query) limit 1;
    sql := case kind
        when 'all' then coalesce(
            (select string_agg('(' || console.media_condition(part) || ')', ' and ') from jsonb_array_elements(wanted) as part), 'true')
        when 'any' then coalesce(
            (select string_agg('(' || console.media_condition(part) || ')', ' or ') from jsonb_array_elements(wanted) as part), 'false')
        when 'not' then 'not (' || console.media_condition(wanted) || ')'
        when 'words' then console.words_condition(wanted)
        when 'onIt' then coalesce('t.words @@ ' || quote_literal(
            (select string_agg('''@p' || id || '''', ' | ') from unnest(console.ids(wanted)) as id)) || '::tsquery', 'false')
        when 'uploadedBy' then coalesce('t.words @@ ' || quote_literal(
            (select string_agg('''@u' || id || '''', ' | ') from unnest(console.ids(wanted)) as id)) || '::tsquery', 'false')
        when 'event' then console.post_condition(format('p.inferred_event_type = any (%L::text[])', console.strings(wanted)))
        when 'category' then console.post_condition(format('p.categories && %L::text[]', console.strings(wanted)))
        when 'post' then format('coalesce(r.post_id = any (%L::bigint[]), false)', console.ids(wanted))
        when 'media' then format('t.media_id = any (%L::bigint[])', console.ids(wanted))
        when 'safe' then case when wanted::boolean then 't.is_safe' else 'not t.is_safe' end
        when 'unidentified' then
            'exists (select from public.media_detected_faces as f where f.media_id = t.media_id and f.identified_user_id is null)'
        when 'type' then
            format('exists (select from public.post_media as m where m.media_id = t.media_id and m.media_type = %L)', wanted #>> '{}')
        when 'has' then console.has_condition(wanted #>> '{}')
        when 'count' then console.count_condition(wanted)
        when 'time' then concat_ws(' and ', 'true',
            't.created_at >= ' || quote_literal(wanted ->> 'from') || '::timestamptz',
            't.created_at < ' || quote_literal(wanted ->> 'until') || '::timestamptz')
    end;
    if sql is null then
        raise invalid_parameter_value using message = 'not a condition on media';
    end if;
    return sql;
end
$$;

-- What is searched, within what the operator may see; PostgreSQL leaves out the tables that a query needs nothing of.
create function console.media_from(query jsonb, rank integer) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return ' from console.media_search_text as t'
       || ' left join console.media_phrase as s on s.media_id = t.media_id'
       || ' left join public.read_model_media_search as r on r.media_id = t.media_id'
       || ' where ' || case rank when 3 then '' else 't.is_safe and ' end
       || case when query is null or query = 'null' then 'true' else '(' || console.media_condition(query) || ')' end;

-- How well a row has the words anywhere, as SQL: in which fields each stands, as Elasticsearch weighs them.
create function console.media_score(ranked jsonb) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return coalesce((
    select string_agg(format('%s * (t.words @@ %L::tsquery)::integer', mark.weight, mark.sought), ' + ')
      from jsonb_array_elements(ranked) as part
     cross join lateral (
           select word, place = jsonb_array_length(part #> '{words,words}') and part #>> '{words,kind}' = 'prefix' as is_prefix
             from jsonb_array_elements_text(part #> '{words,words}') with ordinality as listed (word, place)
           ) as typed
     cross join lateral (
           select weight, console.lexeme(letter || typed.word) || case when typed.is_prefix then ':*' else '' end as sought
             from (values (1, ''), (6, '#h'), (6, '#t'), (4, '#s'), (4, '#c'), (2, '#d')) as fields (weight, letter)
           union all
           select 6, string_agg('''@p' || id || '''', ' | ')
             from unnest(console.ids(part #> '{words,people}')) as id
           having count(*) > 0
           ) as mark
), '0');

drop function console.find_media(text[], timestamptz, bigint, integer);
drop function console.people_named(text);

-- A page of the media for which the condition holds. `after` is what the last one was sorted by, and how many there are.
-- Where there are too many to weigh each, the newest come first.
create function console.find_media(query jsonb, sort text, ranked jsonb, after jsonb, at_most integer)
    returns table (media_id bigint, created_at timestamptz, rank bigint, total bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    most_weighed constant integer := 10000;
    most_sorted  constant integer := 20000;
    source       constant text := console.media_from(query, console.require_staff());
    counted      bigint := after ->> 'total';
    last_time    constant timestamptz := after ->> 'createdAt';
    last_media   constant bigint := after ->> 'mediaId';
    last_rank    constant bigint := coalesce(after ->> 'rank', '0');
    weight       text := '0';
    page         text;
begin
    if counted is null then
        execute 'select count(*)' || source into counted;
    end if;
    if sort = 'reactions' then
        weight := 'coalesce(r.reaction_count, 0)';
    elsif sort = 'relevance' and counted <= most_weighed then
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
        'with found as %s (select t.media_id, t.created_at, (%s)::bigint as rank %s) select media_id, created_at, rank, $5 from found ',
        case when counted <= most_sorted then 'materialized' else 'not materialized' end, weight, source) || page
        using last_time, last_media, last_rank, at_most, counted;
end
$$;

-- Up to `at_most` media for which the condition holds.
create function console.media_meant(query jsonb, at_most integer) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    found bigint[];
begin
    execute 'select array(select t.media_id' || console.media_from(query, console.require_staff()) || ' limit $1)'
       into found using at_most;
    return found;
end
$$;

-- Those next to a vector, nearest first: by the index, and one by one where the condition leaves few. Ordered by the distance
-- alone, because the index knows no other order.
create function console.nearest_statement(query jsonb, rank integer, by_index boolean) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return 'with near as materialized (select t.media_id, v.embedding operator(public.<=>) $1 as distance'
       || replace(console.media_from(query, rank), ' from console.media_search_text as t',
                  ' from console.media_vector as v join console.media_search_text as t on t.media_id = v.media_id')
       || ' and t.media_id <> all ($2) order by '
       || case when by_index then 'v.embedding operator(public.<=>) $1' else '(v.embedding operator(public.<=>) $1) + 0' end
       || ' limit $3) select media_id, 1 - distance from near where distance <= $4 order by distance, media_id';

-- The direction of the examples: the middle of those, less half the middle of the others. Null where none has a vector.
create function console.direction(more bigint[], less bigint[], rank integer) returns public.vector
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
    with example (weight, embedding) as (
        select 1.0, v.embedding::public.vector
          from console.media_vector as v
          join console.media_search_text as t on t.media_id = v.media_id
         where v.media_id = any (more) and (t.is_safe or rank = 3)
        union all
        select -0.5, v.embedding::public.vector
          from console.media_vector as v
          join console.media_search_text as t on t.media_id = v.media_id
         where v.media_id = any (less) and (t.is_safe or rank = 3)
    ),
    middle as (
        select weight, public.avg(embedding) as embedding from example group by weight
    ),
    weighted as (
        select embedding operator(public.*) array_fill(weight::real, array[512])::public.vector as embedding from middle
    )
    select public.l2_normalize(public.sum(embedding)) from weighted;
end;

create function console.nearest_media(query jsonb, more bigint[], less bigint[], at_most integer, at_least double precision)
    returns table (media_id bigint, similarity double precision)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    most_compared constant integer := 5000;
    rank          constant integer := console.require_staff();
    direction     constant public.halfvec := console.direction(more, less, rank)::public.halfvec;
    by_index      boolean;
begin
    if direction is null or public.l2_norm(direction) = 0 then
        return;
    end if;
    execute 'select count(*) > $1 from (select' || console.media_from(query, rank) || ' limit $1 + 1) as few'
       into by_index using most_compared;
    perform set_config('hnsw.ef_search', greatest(100, least(at_most, 1000))::text, true),
            set_config('hnsw.iterative_scan', 'relaxed_order', true);
    return query execute console.nearest_statement(query, rank, by_index)
        using direction, more || less, at_most, 1 - coalesce(at_least, -1);
end
$$;

-- How many media have each value of a field, the most frequent first.
create function console.media_facet(query jsonb, field text, at_most integer) returns table (value text, count bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    rank   constant integer := console.require_staff();
    source text := console.media_from(query, rank);
    named  constant text := case field
        when 'tag' then 'unnest(r.ai_tags)'
        when 'scene' then 'unnest(r.ai_scenes)'
        when 'person' then 'unnest(r.detected_usernames)'
        when 'uploader' then 'r.uploader_username'
        when 'dept' then 'r.uploader_department'
        when 'event' then '(select p.inferred_event_type from public.read_model_post_search as p where p.post_id = r.post_id'
             || case rank when 3 then '' else ' and not exists (select from public.read_model_media_search as other'
                || ' where other.post_id = p.post_id and other.is_safe is not true)' end || ')'
        when 'type' then '(select lower(m.media_type) from public.post_media as m where m.media_id = t.media_id)'
        when 'safety' then 'case when t.is_safe then ''safe'' else ''unsafe'' end'
    end;
begin
    if named is null then
        raise invalid_parameter_value using message = 'media have no such field';
    end if;
    return query execute 'select value::text, count(*) from (select ' || named || ' as value' || source || ') as named'
        || ' where value <> '''' group by value order by count(*) desc, value::text collate "C" limit $1'
        using at_most;
end
$$;

-- How many media there are of each day in UTC.
create function console.media_days(query jsonb) returns table (day date, count bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute 'select (t.created_at at time zone ''UTC'')::date, count(*)'
        || console.media_from(query, console.require_staff()) || ' and isfinite(t.created_at) group by 1 order by 1';
end
$$;

select console.mark_documents('media_search', array_agg(media_id::text), 1::smallint),
       console.mark_documents('media_search_text', array_agg(media_id::text), 1::smallint)
  from public.read_model_media_search;
select console.mark_documents('person_text', array_agg(user_id::text), 1::smallint) from public.users;

revoke execute on function
    console.require_staff(), console.people_meant(jsonb, integer), console.event_types(), console.categories(),
    console.holds_phrase(jsonb, text, text), console.ids(jsonb), console.strings(jsonb), console.words_condition(jsonb),
    console.post_condition(text), console.has_condition(text), console.count_condition(jsonb), console.media_condition(jsonb),
    console.media_from(jsonb, integer), console.media_score(jsonb),
    console.find_media(jsonb, text, jsonb, jsonb, integer), console.media_meant(jsonb, integer),
    console.nearest_statement(jsonb, integer, boolean), console.direction(bigint[], bigint[], integer),
    console.nearest_media(jsonb, bigint[], bigint[], integer, double precision),
    console.media_facet(jsonb, text, integer), console.media_days(jsonb)
    from public;
grant execute on function
    console.people_meant(jsonb, integer), console.event_types(), console.categories(),
    console.find_media(jsonb, text, jsonb, jsonb, integer), console.media_meant(jsonb, integer),
    console.nearest_media(jsonb, bigint[], bigint[], integer, double precision),
    console.media_facet(jsonb, text, integer), console.media_days(jsonb)
    to kaleidoscope_staff;
grant select, insert, update, delete on console.media_phrase, console.media_vector to kaleidoscope_worker;
