-- The indices of posts and faces do not know what is unsafe. Who may not see it is not to count it either, so what is hidden is
-- taken out of each search by its id; and faces that are like others, where the index does not answer.

create function console.unsafe_media(at_most integer) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    return array(
        select i.media_id
          from public.media_ai_insights as i
         where i.status = 'UNSAFE' or i.is_safe is false
         limit at_most);
end
$$;

create function console.unsafe_posts(at_most integer) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    return array(
        select distinct m.post_id
          from public.media_ai_insights as i
          join public.post_media as m on m.media_id = i.media_id
         where i.status = 'UNSAFE' or i.is_safe is false
         limit at_most);
end
$$;

-- The faces next to the middle of some, less half the middle of others, nearest first. All are compared: an index over faces would
-- cost each detected one.
create function console.nearest_faces(more bigint[], less bigint[], at_most integer)
    returns table (face_id bigint, similarity double precision)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    rank      constant integer := console.require_staff();
    none      constant public.vector := array_fill(0::real, array[1024])::public.vector;
    half      constant public.vector := array_fill(0.5::real, array[1024])::public.vector;
    direction public.vector;
begin
    select coalesce(public.avg(public.l2_normalize(f.embedding)) filter (where f.id = any (more)), none)
           operator(public.-)
           coalesce(public.avg(public.l2_normalize(f.embedding)) filter (where f.id = any (less)), none)
           operator(public.*) half
      into direction
      from public.media_detected_faces as f
      join public.media_ai_insights as i on i.media_id = f.media_id
     where f.id = any (more || less)
       and (rank = 3 or not (i.status = 'UNSAFE' or coalesce(not i.is_safe, false)));
    return query
        with near as materialized (
            select f.id, f.embedding operator(public.<=>) direction as distance
              from public.media_detected_faces as f
             where f.id <> all (more || less)
               and (rank = 3 or exists (
                   select from public.media_ai_insights as i
                    where i.media_id = f.media_id
                      and not (i.status = 'UNSAFE' or coalesce(not i.is_safe, false))))
             order by distance
             limit at_most
        )
        select id, 1 - distance from near where distance <> 'NaN' order by distance, id;
end
$$;

revoke execute on function
    console.unsafe_media(integer), console.unsafe_posts(integer), console.nearest_faces(bigint[], bigint[], integer)
    from public;
grant execute on function
    console.unsafe_media(integer), console.unsafe_posts(integer), console.nearest_faces(bigint[], bigint[], integer)
    to kaleidoscope_staff;
