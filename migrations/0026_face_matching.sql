-- Matching faces with enrolments: the index by which it finds the nearest, what human verdicts still hold, and which photos are
-- to be matched anew. Their marks are in console.read_model_queue under the name `face_matching`: a photo's row, or a user on
-- whose enrolment photos depend.

-- Half the precision at a third of the size. Normalised first: a component above 65,504 has no half precision, and would make
-- the platform's insert fail.
create index console_enrolled_faces on public.user_face_embeddings
    using hnsw ((public.l2_normalize(embedding)::public.halfvec(1024)) public.halfvec_cosine_ops)
    where is_active;

-- Intersection over union of two boxes `[x, y, width, height]`; null where one is not usable.
create function console.box_overlap(a integer[], b integer[]) returns double precision
language sql immutable parallel safe
return (
    select common / nullif(a[3]::double precision * a[4] + b[3]::double precision * b[4] - common, 0)
      from (
          select greatest(least(a[1]::double precision + a[3], b[1]::double precision + b[3]) - greatest(a[1], b[1]), 0)
                 * greatest(least(a[2]::double precision + a[4], b[2]::double precision + b[4]) - greatest(a[2], b[2]), 0) as common
      ) as intersection
     where cardinality(a) = 4 and array_ndims(a) = 1 and a[3] > 0 and a[4] > 0
       and cardinality(b) = 4 and array_ndims(b) = 1 and b[3] > 0 and b[4] > 0
);

-- Each human verdict with the face of the photo that it is about now. The AI may have deleted the face and found it again: then
-- it is where it was and looks alike, or looks the same. Of several verdicts on one face and person the newest holds.
create view console.standing_verdict as
select distinct on (v.media_id, here.face_id, v.person_id)
       v.media_id,
       here.face_id,
       v.person_id,
       v.judgement,
       v.id as verdict_id
  from console.face_verdict as v
 cross join lateral (
       select f.id as face_id
         from public.media_detected_faces as f
        cross join lateral (select nullif(1 - (f.embedding operator(public.<=>) v.embedding), 'NaN') as similarity) as alike
        where f.media_id = v.media_id
          and (f.id = v.face_id
               or alike.similarity >= 0.95
               or alike.similarity >= 0.7 and console.box_overlap(f.bbox, v.bbox) >= 0.5)
        order by f.id = v.face_id desc, alike.similarity desc nulls last, f.id
        limit 1
       ) as here
 order by v.media_id, here.face_id, v.person_id, v.id desc;

-- The faces of photos that lie near to an enrolment, or are said to be that user's.
create function console.faces_concerning(users bigint[], after_face bigint, upto_face bigint) returns setof bigint
language sql stable
set search_path = pg_catalog, public
as $$
    select distinct f.media_id
      from public.media_detected_faces as f
     where f.id > after_face
       and f.id <= upto_face
       and (f.identified_user_id = any (users)
            or f.suggested_user_id = any (users)
            or exists (
                select
                  from public.user_face_embeddings as e
                 where e.user_id = any (users)
                   and e.is_active
                   -- NaN, of a vector without length, is greater than any number.
                   and (f.embedding <=> e.embedding) <= 0.3))
$$;

create function console.faces_to_match() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    media bigint[];
begin
    if tg_op = 'INSERT' then
        select array_agg(distinct media_id) into media from new_rows;
    elsif tg_op = 'DELETE' then
        -- Whoever it was may be on another face of the photo.
        select array_agg(distinct media_id)
          into media
          from old_rows
         where identified_user_id is not null or suggested_user_id is not null;
    else
        select array_agg(o.media_id) || array_agg(n.media_id)
          into media
          from old_rows as o
          full join new_rows as n using (id)
         where record_image_ne(row(o.media_id, o.bbox, o.embedding), row(n.media_id, n.bbox, n.embedding))
            -- The AI's new word on a face that a human has decided.
            or record_image_ne(
                   row(o.identified_user_id, o.suggested_user_id, o.status), row(n.identified_user_id, n.suggested_user_id, n.status))
               and exists (select from console.face_verdict as v where v.media_id = n.media_id)
               and not console.is_operator();
    end if;
    if media is not null then
        perform console.mark_dirty('face_matching', 'row', media);
    end if;
    return null;
end
$$;

create function console.enrolments_to_match() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    users bigint[];
begin
    if tg_op = 'INSERT' then
        select array_agg(user_id) into users from new_rows where is_active;
    elsif tg_op = 'DELETE' then
        select array_agg(user_id) into users from old_rows where is_active;
    else
        select array_agg(o.user_id) || array_agg(n.user_id)
          into users
          from old_rows as o
          full join new_rows as n using (id)
         where record_image_ne(row(o.user_id, o.is_active, o.embedding), row(n.user_id, n.is_active, n.embedding));
    end if;
    if users is not null then
        perform console.mark_dirty('face_matching', 'user', users);
    end if;
    return null;
end
$$;

create function console.accounts_to_match() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    users bigint[];
begin
    select array_agg(user_id)
      into users
      from old_rows as o
      join new_rows as n using (user_id)
     where (o.account_status = 'ACTIVE') <> (n.account_status = 'ACTIVE');
    if users is not null then
        perform console.mark_dirty('face_matching', 'user', users);
    end if;
    return null;
end
$$;

create trigger console_match_insert after insert on public.media_detected_faces
    referencing new table as new_rows
    for each statement execute function console.faces_to_match();
create trigger console_match_update after update on public.media_detected_faces
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.faces_to_match();
create trigger console_match_delete after delete on public.media_detected_faces
    referencing old table as old_rows
    for each statement execute function console.faces_to_match();

create trigger console_match_insert after insert on public.user_face_embeddings
    referencing new table as new_rows
    for each statement execute function console.enrolments_to_match();
create trigger console_match_update after update on public.user_face_embeddings
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.enrolments_to_match();
create trigger console_match_delete after delete on public.user_face_embeddings
    referencing old table as old_rows
    for each statement execute function console.enrolments_to_match();

create trigger console_match_update after update on public.users
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.accounts_to_match();

revoke execute on function
    console.faces_to_match(), console.enrolments_to_match(), console.accounts_to_match(),
    console.faces_concerning(bigint[], bigint, bigint)
    from public;
grant execute on function console.faces_concerning(bigint[], bigint, bigint) to kaleidoscope_worker;
grant select on console.standing_verdict, public.media_detected_faces, public.user_face_embeddings to kaleidoscope_worker;
grant select (account_status, department) on public.users to kaleidoscope_worker;
grant update (identified_user_id, suggested_user_id, confidence_score, status) on public.media_detected_faces
    to kaleidoscope_worker;
