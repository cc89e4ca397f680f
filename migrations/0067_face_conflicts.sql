-- What does not go together: faces whose row can't be right, two faces that are the same one or the same person, confirmed faces
-- that look like somebody else. Matching looks for it on every photo that it comes to; operators decide the face, or dismiss it.

create table console.face_conflict (
    face_id    bigint not null references public.media_detected_faces on delete cascade,
    media_id   bigint not null,
    kind       text   not null,
    -- The other face of two.
    other_face bigint,
    -- Who it is about.
    person_id  bigint,
    -- Similarity or overlap, where it is about one.
    degree     double precision,
    -- Of all that makes it one: what is dismissed comes again when this changes.
    facts      text   not null,
    primary key (face_id, kind)
);

create index face_conflict_media on console.face_conflict (media_id);
create index face_conflict_kind on console.face_conflict (kind, face_id desc);

create table console.face_dismissal (
    decision_id bigint not null references console.face_decision,
    face_id     bigint not null,
    kind        text   not null,
    facts       text   not null,
    primary key (face_id, kind, facts, decision_id)
);

comment on table console.face_dismissal is 'Append-only: conflicts that an operator has seen and let stand';

create trigger append_only
    before update or delete or truncate on console.face_dismissal
    for each statement execute function console.refuse_change();

-- The conflicts of photos, without those that were dismissed. What a human has decided since is right as far as it can be seen from
-- the face alone.
create function console.find_face_conflicts(photos bigint[]) returns setof console.face_conflict
language sql stable set search_path = pg_catalog, public, pg_temp
as $$
    with face as materialized (
        select f.id, f.media_id, f.bbox, f.status, f.identified_user_id, f.suggested_user_id, f.confidence_score,
               subvector(f.embedding, 1, 1024) as embedding,
               m.width, m.height,
               coalesce(
                   cardinality(f.bbox) = 4 and array_ndims(f.bbox) = 1
                   and f.bbox[1] is not null and f.bbox[2] is not null and f.bbox[3] > 0 and f.bbox[4] > 0,
                   false) as is_box,
               exists (
                   select
                     from console.face_verdict as v
                    where v.face_id = f.id
                      and v.bbox = f.bbox
                      and not exists (select from console.face_decision as undo where undo.undoes = v.decision_id)
               ) as is_decided
          from media_detected_faces as f
          join post_media as m on m.media_id = f.media_id
         where f.media_id = any (photos)
    ),
    found as (
        select f.id as face_id, 'box' as kind, null::bigint as other_face, null::bigint as person_id,
               null::double precision as degree
          from face as f
         where not f.is_box
           and not f.is_decided
         union all
        select f.id, 'outside', null, null, null
          from face as f
         where f.is_box
           and f.width > 0
           and f.height > 0
           and not f.is_decided
           and (f.bbox[1] < 0 or f.bbox[2] < 0 or f.bbox[1]::bigint + f.bbox[3] > f.width or f.bbox[2]::bigint + f.bbox[4] > f.height)
         union all
        select f.id, 'vector', null, null, null
          from face as f
         where vector_norm(f.embedding) < 0.001
           and not f.is_decided
         union all
        select f.id, 'score', null, coalesce(f.identified_user_id, f.suggested_user_id), null
          from face as f
         where not f.is_decided
           and (f.confidence_score not between -1 and 1 or f.confidence_score is null and f.status <> 'UNIDENTIFIED')
         union all
        select f.id, 'nobody', null, null, null
          from face as f
         where f.status = 'CONFIRMED' and f.identified_user_id is null
            or f.status = 'SUGGESTED' and f.suggested_user_id is null
         union all
        select f.id, 'status', null, coalesce(f.identified_user_id, f.suggested_user_id), null
          from face as f
         where f.status = 'CONFIRMED' and f.suggested_user_id is not null
            or f.status = 'SUGGESTED' and f.identified_user_id is not null
            or f.status = 'UNIDENTIFIED' and coalesce(f.identified_user_id, f.suggested_user_id) is not null
         union all
        select one.id, 'twice', min(other.id), one.identified_user_id, null
          from face as one
          join face as other
            on other.media_id = one.media_id
           and other.id <> one.id
           and other.status = 'CONFIRMED'
           and other.identified_user_id = one.identified_user_id
         where one.status = 'CONFIRMED'
         group by one.id, one.identified_user_id
         union all
        select pair.id, 'overlap', pair.other, null, pair.overlap
          from (
              select distinct on (one.id) one.id, other.id as other, console.box_overlap(one.bbox, other.bbox) as overlap
                from face as one
                join face as other on other.media_id = one.media_id and other.id <> one.id
               where one.is_box
                 and other.is_box
                 and not one.is_decided
                 and console.box_overlap(one.bbox, other.bbox) >= 0.5
               order by one.id, overlap desc, other.id
          ) as pair
         union all
        select f.id, 'far', null, e.user_id, 1 - (f.embedding <=> e.embedding)
          from face as f
          join user_face_embeddings as e on e.user_id = f.identified_user_id and e.is_active
         where f.status = 'CONFIRMED'
           and not f.is_decided
           and f.embedding <=> e.embedding > 0.5
           and f.embedding <=> e.embedding <> 'NaN'
         union all
        select f.id, 'account', null, u.user_id, null
          from face as f
          join users as u
            on u.user_id = case when f.status = 'CONFIRMED' then f.identified_user_id else f.suggested_user_id end
         where u.account_status = 'DELETED'
            or u.account_status <> 'ACTIVE' and f.status = 'SUGGESTED'
    )
    select c.face_id, f.media_id, c.kind, c.other_face, c.person_id, c.degree, facts.facts
      from found as c
      join face as f on f.id = c.face_id
     cross join lateral (
           select md5(row(f.bbox, f.status, f.identified_user_id, f.suggested_user_id, f.confidence_score, c.other_face,
                          c.person_id)::text) as facts
           ) as facts
     where not exists (
               select
                 from console.face_dismissal as d
                where d.face_id = c.face_id
                  and d.kind = c.kind
                  and d.facts = facts.facts
                  and not exists (select from console.face_decision as undo where undo.undoes = d.decision_id))
$$;

-- Makes what is listed of photos what there is.
create function console.list_face_conflicts(photos bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    with found as materialized (
        select * from console.find_face_conflicts(photos)
    ),
    gone as (
        delete from console.face_conflict as c
         where c.media_id = any (photos)
           and not exists (select from found where found.face_id = c.face_id and found.kind = c.kind)
    )
    insert into console.face_conflict as c
    select * from found
        on conflict (face_id, kind) do update
       set other_face = excluded.other_face, person_id = excluded.person_id, degree = excluded.degree, facts = excluded.facts
     where c.facts <> excluded.facts;
end
$$;

-- The faces with conflicts, of one kind or any, those found last first.
create function console.conflicting_faces(
    kind text, person bigint, uploader bigint, media bigint[], after_face bigint, holder text, at_most integer)
    returns setof console.waiting_face
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank integer := console.operator_rank();
begin
    return query
        select c.face_id, c.media_id, null::bigint, null::double precision, 0
          from console.face_conflict as c
         where rank >= 2
           and (conflicting_faces.kind is null or c.kind = conflicting_faces.kind)
           and (after_face is null or c.face_id < after_face)
           and (person is null or exists (
                   select
                     from public.media_detected_faces as f
                    where f.id = c.face_id
                      and conflicting_faces.person in (f.identified_user_id, f.suggested_user_id)))
           and (uploader is null or exists (
                   select
                     from public.post_media as m
                     join public.posts as p on p.post_id = m.post_id
                    where m.media_id = c.media_id
                      and p.user_id = uploader))
           and (conflicting_faces.media is null or c.media_id = any (conflicting_faces.media))
           and (rank = 3 or exists (
                   select
                     from public.media_ai_insights as i
                    where i.media_id = c.media_id
                      and i.status <> 'UNSAFE'
                      and i.is_safe is not false))
           and not exists (
                   select
                     from console.face_lease as l
                    where l.face_id = c.face_id
                      and l.holder is distinct from conflicting_faces.holder
                      and l.until > clock_timestamp())
         group by c.face_id, c.media_id
         order by c.face_id desc
         limit least(greatest(at_most, 0), 500);
end
$$;

-- How many faces have a conflict of each kind, as far as the operator may see them.
create function console.count_face_conflicts(
    person bigint, uploader bigint, media bigint[], out kind text, out faces bigint)
    returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with asked as materialized (
        select console.operator_rank() as rank
    ),
    shown as (
        select c.face_id, c.kind
          from console.face_conflict as c
         where (select asked.rank from asked) >= 2
           and (count_face_conflicts.person is null or exists (
                   select
                     from public.media_detected_faces as f
                    where f.id = c.face_id
                      and count_face_conflicts.person in (f.identified_user_id, f.suggested_user_id)))
           and (count_face_conflicts.uploader is null or exists (
                   select
                     from public.post_media as m
                     join public.posts as p on p.post_id = m.post_id
                    where m.media_id = c.media_id
                      and p.user_id = count_face_conflicts.uploader))
           and (count_face_conflicts.media is null or c.media_id = any (count_face_conflicts.media))
           and ((select asked.rank from asked) = 3 or exists (
                   select
                     from public.media_ai_insights as i
                    where i.media_id = c.media_id
                      and i.status <> 'UNSAFE'
                      and i.is_safe is not false))
    )
    select shown.kind, count(*) from shown group by shown.kind
     union all
    select 'any', count(distinct shown.face_id) from shown
$$;

-- What of these faces does not go together, for operators who see the faces.
create view console.conflict with (security_barrier) as
select c.face_id, c.kind, c.other_face, c.person_id, c.degree
  from console.face_conflict as c
 where (select console.operator_rank()) >= 2
   and exists (select from console.face as f where f.face_id = c.face_id);

-- Lets what is listed of a face stand, as it was seen: `done`, `changed`, `gone`, or `none` where nothing is listed.
create function console.dismiss_conflicts(face bigint, seen text, out outcome text, out decision_id bigint, out audit_id bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank  integer := console.require_moderator();
    photo bigint;
    now   text;
    kinds jsonb;
    entry bigint;
    made  bigint;
begin
    select f.media_id into photo
      from public.media_detected_faces as f
      left join public.media_ai_insights as i on i.media_id = f.media_id
     where f.id = face
       and (rank = 3 or i.status <> 'UNSAFE' and i.is_safe is not false);
    if not found then
        outcome := 'gone';
        return;
    end if;
    perform console.lock_photos(array[photo]);
    select f.xmin::text into now from public.media_detected_faces as f where f.id = face;
    if now is distinct from seen then
        outcome := case when now is null then 'gone' else 'changed' end;
        return;
    end if;
    select jsonb_agg(c.kind order by c.kind) into kinds from console.face_conflict as c where c.face_id = face;
    if kinds is null then
        outcome := 'none';
        return;
    end if;
    select console.append_audit(
               'faces.dismiss', 'face', face, console.face_facts(f),
               console.face_facts(f) || jsonb_build_object('dismissed', kinds))
      into entry
      from public.media_detected_faces as f
     where f.id = face;
    insert into console.face_decision (judgement, faces) values ('dismiss', 1) returning id into made;
    insert into console.face_decided (audit_id, decision_id, face_id) values (entry, made, face);
    insert into console.face_dismissal (decision_id, face_id, kind, facts)
    select made, c.face_id, c.kind, c.facts from console.face_conflict as c where c.face_id = face;
    delete from console.face_conflict as c where c.face_id = face;
    outcome := 'done';
    decision_id := made;
    audit_id := entry;
end
$$;

-- An operator's verdict is an answer to what is listed; what still does not go together is found by matching.
create function console.settle_conflicts() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if console.is_operator() and nullif(current_setting('console.undoes', true), '') is null then
        delete from console.face_conflict as c using new_rows as n where c.face_id = n.id;
    end if;
    return null;
end
$$;

create trigger console_settle_conflicts after update on public.media_detected_faces
    referencing new table as new_rows
    for each statement execute function console.settle_conflicts();

-- Whose enrolment or account changed may be far from who they were, or not to be named any more.
create function console.conflicts_of_users() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    photos bigint[];
begin
    select array_agg(distinct f.media_id)
      into photos
      from old_rows as o
      join new_rows as n using (user_id)
      join public.media_detected_faces as f on n.user_id in (f.identified_user_id, f.suggested_user_id)
     where o.account_status <> n.account_status;
    if photos is not null then
        perform console.mark_dirty('face_matching', 'survey', photos);
    end if;
    return null;
end
$$;

create index console_faces_suggested_user on public.media_detected_faces (suggested_user_id) where suggested_user_id is not null;

create trigger console_conflicts_update after update on public.users
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.conflicts_of_users();

revoke execute on function
    console.find_face_conflicts(bigint[]), console.list_face_conflicts(bigint[]),
    console.conflicting_faces(text, bigint, bigint, bigint[], bigint, text, integer),
    console.count_face_conflicts(bigint, bigint, bigint[]), console.dismiss_conflicts(bigint, text),
    console.settle_conflicts(), console.conflicts_of_users()
    from public;
grant execute on function
    console.conflicting_faces(text, bigint, bigint, bigint[], bigint, text, integer),
    console.count_face_conflicts(bigint, bigint, bigint[]), console.dismiss_conflicts(bigint, text)
    to kaleidoscope_moderator;
grant select on console.conflict to kaleidoscope_moderator;
grant execute on function console.list_face_conflicts(bigint[]) to kaleidoscope_worker;
