-- Who is on the photo: what humans decided, kept apart from what the AI says now, and the similarity of faces to people.

create table console.face_verdict (
    id bigint generated always as identity primary key,
    face_id bigint not null,
    media_id bigint not null,
    bbox integer[] not null,
    embedding public.vector(1024) not null,
    person_id bigint not null,
    judgement text not null check (judgement in ('is', 'is_not')),
    similarity double precision,
    decided_by text not null default session_user,
    decided_at timestamptz not null default clock_timestamp(),
    audit_id bigint not null references console.audit_entry (id)
);

comment on table console.face_verdict is
    'Append-only: what an operator said of a face and a person, with the face as it was, so that it survives the AI''s next run';

create index face_verdict_face on console.face_verdict (face_id, id desc);
create index face_verdict_media on console.face_verdict (media_id);
create index face_verdict_audit on console.face_verdict (audit_id);

create trigger append_only
    before update or delete or truncate on console.face_verdict
    for each statement execute function console.refuse_change();

-- An entry in the log for each face that an operator changes, and from the change what they said: naming a person, and
-- turning down who was named before. In the database, so that a change through psql is in the log too. Agreeing with the
-- AI changes nothing, and is a verdict all the same.
create function console.remember_verdicts() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    face record;
    entry bigint;
begin
    if not console.is_operator() then
        return null;
    end if;
    for face in
        select a.id,
               a.media_id,
               a.bbox,
               a.embedding,
               a.identified_user_id,
               a.suggested_user_id,
               a.confidence_score,
               a.status,
               array[b.suggested_user_id, b.identified_user_id] as were_named,
               b.confidence_score as was_score,
               console.face_facts(b) as before,
               console.face_facts(a) as after
          from after_update a
          join before_update b on b.id = a.id
         order by a.id
    loop
        entry := console.append_audit(
            case when face.status = 'CONFIRMED' then 'faces.confirm' else 'faces.reject' end,
            'face', face.id, face.before, face.after
        );
        insert into console.face_verdict (face_id, media_id, bbox, embedding, person_id, judgement, similarity, audit_id)
        select face.id, face.media_id, face.bbox, face.embedding, person, 'is_not', face.was_score, entry
          from (select distinct unnest(face.were_named)) as named (person)
         where person is not null
           and person is distinct from face.identified_user_id
           and person is distinct from face.suggested_user_id;
        if face.status = 'CONFIRMED' and face.identified_user_id is not null then
            insert into console.face_verdict (face_id, media_id, bbox, embedding, person_id, judgement, similarity, audit_id)
            values (face.id, face.media_id, face.bbox, face.embedding, face.identified_user_id, 'is', face.confidence_score, entry);
        end if;
    end loop;
    return null;
end;
$$;

revoke all on function console.remember_verdicts() from public;

create function console.face_facts(face public.media_detected_faces) returns jsonb
language sql immutable
set search_path = pg_catalog
as $$
    select jsonb_build_object(
        'media', face.media_id,
        'status', face.status,
        'identified', face.identified_user_id,
        'suggested', face.suggested_user_id,
        'similarity', case when face.confidence_score between -1 and 1 then face.confidence_score end
    )
$$;

create trigger console_remember_verdicts
    after update on public.media_detected_faces
    referencing old table as before_update new table as after_update
    for each statement execute function console.remember_verdicts();

-- Who decided last, for the operator who comes too late.
create function console.last_verdict(face bigint, out decided_by text, out person_id bigint, out judgement text)
returns setof record
language sql stable security definer
set search_path = pg_catalog
as $$
    select v.decided_by, v.person_id, v.judgement
      from console.face_verdict v
     where v.face_id = face
       and console.operator_rank() >= 2
     order by v.id desc
     limit 1
$$;

-- The active enrolments nearest to a face. Inside a function, because operators do not see embeddings.
create function console.face_candidates(face bigint, at_most integer, out user_id bigint, out similarity double precision)
returns setof record
language sql stable security definer
set search_path = pg_catalog, public
as $$
    with nearest as materialized (
        select e.user_id, e.embedding <=> f.embedding as distance
          from public.media_detected_faces f
          join public.user_face_embeddings e on e.is_active
          join public.users u on u.user_id = e.user_id and u.account_status = 'ACTIVE'
         where f.id = face
           and console.operator_rank() >= 2
         order by distance
         limit least(greatest(at_most, 0), 100)
    )
    select user_id, 1 - distance
      from nearest
     where distance <> 'NaN'
     order by distance, user_id
$$;

-- Cosine similarity of a face to one person's active enrolment; no row where there is none to compare with.
create function console.face_similarity(face bigint, person bigint) returns double precision
language sql stable security definer
set search_path = pg_catalog, public
as $$
    select nullif(1 - (e.embedding <=> f.embedding), 'NaN')
      from public.media_detected_faces f
      join public.user_face_embeddings e on e.user_id = person and e.is_active
     where f.id = face
       and console.operator_rank() >= 2
$$;

revoke all on function console.last_verdict(bigint), console.face_candidates(bigint, integer), console.face_similarity(bigint, bigint)
    from public;
grant execute on function console.last_verdict(bigint), console.face_candidates(bigint, integer), console.face_similarity(bigint, bigint)
    to kaleidoscope_moderator;

-- How sure the AI is of a suggestion; a score that is no similarity counts as the least sure.
create function console.certainty(score double precision) returns double precision
language sql immutable parallel safe
return case when score between -1 and 1 then score else -2 end;

-- The queue, most certain first.
create index console_faces_suggested on public.media_detected_faces (console.certainty(confidence_score) desc, id)
    where status = 'SUGGESTED';

-- A function, because behind the security barrier of console.face the order of the index could not be used.
create function console.suggested_faces(after_certainty double precision, after_face bigint, at_most bigint)
returns setof console.face
language plpgsql stable security definer
set search_path = pg_catalog
as $$
declare
    rank integer := console.operator_rank();
begin
    return query
        select f.id,
               f.media_id,
               f.bbox,
               f.status,
               f.identified_user_id,
               f.suggested_user_id,
               f.confidence_score,
               f.created_at,
               f.xmin::text
          from public.media_detected_faces f
         where rank >= 2
           and f.status = 'SUGGESTED'
           and (
               after_face is null
               or (
                   console.certainty(f.confidence_score) <= after_certainty
                   and (console.certainty(f.confidence_score) < after_certainty or f.id > after_face)
               )
           )
           and (
               rank = 3
               or exists (
                   select
                     from public.media_ai_insights i
                    where i.media_id = f.media_id
                      and i.status <> 'UNSAFE'
                      and i.is_safe is not false
               )
           )
         order by console.certainty(f.confidence_score) desc, f.id
         limit at_most;
end;
$$;

revoke all on function console.suggested_faces(double precision, bigint, bigint) from public;
grant execute on function console.suggested_faces(double precision, bigint, bigint) to kaleidoscope_moderator;
