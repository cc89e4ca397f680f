-- Searching without Elasticsearch: which media have all the words, newest first, within what the operator may see.

-- A function, because behind a security barrier the index on the words could not be used.
create function console.find_media(
    wanted text[], before timestamptz, before_media bigint, at_most integer)
    returns table (media_id bigint, created_at timestamptz, total bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank  integer := console.operator_rank();
    query tsquery := (
        select string_agg('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''', ' & ')::tsquery
          from unnest(wanted) as word
         where word <> '');
begin
    if coalesce(rank, 0) < 1 then
        raise insufficient_privilege using message = 'searching needs the role of staff';
    end if;
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

revoke execute on function console.find_media(text[], timestamptz, bigint, integer) from public;
grant execute on function console.find_media(text[], timestamptz, bigint, integer) to kaleidoscope_staff;
