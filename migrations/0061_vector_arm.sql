-- What is near to the best hits by words may be one of these itself, and for how many the condition holds is known by then.

drop function console.nearest_media(jsonb, bigint[], bigint[], integer, double precision);

-- The nearest to some and unlike others, without those in `but`. `matching`: for how many the condition holds; null where nobody
-- has counted them.
create function console.nearest_media(
    query jsonb, more bigint[], less bigint[], but bigint[], at_most integer, at_least double precision, matching bigint
) returns table (media_id bigint, similarity double precision)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    most_compared constant integer := 5000;
    rank          constant integer := console.require_staff();
    direction     constant public.halfvec := console.direction(more, less, rank)::public.halfvec;
    by_index      boolean := matching > most_compared;
begin
    if direction is null or public.l2_norm(direction) = 0 then
        return;
    end if;
    if by_index is null then
        execute 'select count(*) > $1 from (select' || console.media_from(query, rank) || ' limit $1 + 1) as few'
           into by_index using most_compared;
    end if;
    perform set_config('hnsw.ef_search', greatest(100, least(at_most, 1000))::text, true),
            set_config('hnsw.iterative_scan', 'relaxed_order', true);
    return query execute console.nearest_statement(query, rank, by_index)
        using direction, but, at_most, 1 - coalesce(at_least, -1);
end
$$;

revoke execute on function
    console.nearest_media(jsonb, bigint[], bigint[], bigint[], integer, double precision, bigint)
    from public;
grant execute on function
    console.nearest_media(jsonb, bigint[], bigint[], bigint[], integer, double precision, bigint)
    to kaleidoscope_staff;
