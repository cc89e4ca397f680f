-- The faces of photos that lie near to an enrolment, or are said to be that user's. Each vector is read once and then held in
-- memory (that is what `subvector` does of the whole one): fetching it anew for each distance took ten times as long.
create or replace function console.faces_concerning(users bigint[], after_face bigint, upto_face bigint) returns setof bigint
language sql stable
set search_path = pg_catalog, public
as $$
    with enrolled as materialized (
        select subvector(e.embedding, 1, 1024) as embedding
          from public.user_face_embeddings as e
         where e.user_id = any (users)
           and e.is_active
    )
    select distinct f.media_id
      from public.media_detected_faces as f
     cross join lateral (select subvector(f.embedding, 1, 1024) as embedding offset 0) as held
     where f.id > after_face
       and f.id <= upto_face
       and (f.identified_user_id = any (users)
            or f.suggested_user_id = any (users)
            -- NaN, of a vector without length, is greater than any number.
            or exists (select from enrolled where (held.embedding <=> enrolled.embedding) <= 0.3))
$$;
