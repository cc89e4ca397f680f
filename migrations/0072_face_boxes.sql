-- Where faces are: operators move and resize the AI's boxes, delete what is no face, and draw what the AI has missed. Each is a
-- decision like those on who it is, with its entry in the log, and taken back in the same order.

alter table console.face_decision
    drop constraint face_decision_judgement_check,
    add constraint face_decision_judgement_check
        check (judgement in ('is', 'is_not', 'nobody', 'no_face', 'dismiss', 'undo', 'move', 'delete', 'draw'));

create table console.face_box (
    decision_id        bigint           primary key references console.face_decision,
    audit_id           bigint           not null references console.audit_entry,
    face_id            bigint           not null,
    media_id           bigint           not null,
    act                text             not null check (act in ('move', 'delete', 'draw')),
    -- The face as it was before; of one that was drawn there is nothing but when.
    was_bbox           integer[],
    was_embedding      public.vector(1024),
    identified_user_id bigint,
    suggested_user_id  bigint,
    confidence_score   double precision,
    status             text,
    created_at         timestamptz      not null,
    -- What became of it; of one that was deleted nothing.
    bbox               integer[],
    embedding          public.vector(1024),
    check ((act = 'draw') = (was_bbox is null)),
    check ((act = 'delete') = (bbox is null))
);

comment on table console.face_box is 'Append-only: the boxes that operators gave to faces, or took from them';

create index face_box_face on console.face_box (face_id, decision_id desc);
create index face_box_media on console.face_box (media_id);
create unique index face_box_audit on console.face_box (audit_id);

create trigger append_only
    before update or delete or truncate on console.face_box
    for each statement execute function console.refuse_change();

create function console.box_facts(face public.media_detected_faces) returns jsonb
language sql immutable set search_path = pg_catalog
as $$
    select console.face_facts(face) || jsonb_build_object('box', face.bbox)
$$;

-- As before; where the box is another one it is that which was decided, and not who it is.
create or replace function console.remember_verdicts() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    wish     text := coalesce(current_setting('console.judgement', true), '');
    whom     bigint := nullif(current_setting('console.person', true), '')::bigint;
    undone   bigint := nullif(current_setting('console.undoes', true), '')::bigint;
    decision bigint;
    said     text;
    person   bigint;
    faces    bigint[];
    actions  text[];
    befores  jsonb[];
    afters   jsonb[];
    entries  bigint[];
begin
    if not console.is_operator() then
        return null;
    end if;
    select array_agg(a.id order by a.id),
           array_agg(case
                         when undone is not null then 'faces.undo'
                         when moved.is_moved then 'faces.move'
                         when a.status = 'CONFIRMED' then 'faces.confirm'
                         when wish in ('nobody', 'no_face') then 'faces.' || wish
                         else 'faces.reject'
                     end order by a.id),
           array_agg(case when moved.is_moved then console.box_facts(b) else console.face_facts(b) end order by a.id),
           array_agg(case when moved.is_moved then console.box_facts(a) else console.face_facts(a) end order by a.id),
           case
               when undone is not null then 'undo'
               when bool_or(moved.is_moved) then 'move'
               when bool_and(a.status = 'CONFIRMED') then 'is'
               when wish in ('nobody', 'no_face') then wish
               else 'is_not'
           end,
           case when count(distinct named.person) = 1 and not bool_or(moved.is_moved) then min(named.person) end
      into faces, actions, befores, afters, said, person
      from after_update as a
      join before_update as b on b.id = a.id
     cross join lateral (
           select coalesce(a.identified_user_id, b.suggested_user_id, b.identified_user_id, whom) as person
           ) as named
     cross join lateral (
           select record_image_ne(row(a.bbox), row(b.bbox)) as is_moved
           ) as moved;
    if faces is null then
        return null;
    end if;

    entries := console.append_audits(actions, 'face', faces, befores, afters);
    insert into console.face_decision (judgement, person_id, faces, undoes)
    values (said, person, cardinality(faces), undone)
 returning id into decision;
    insert into console.face_decided (audit_id, decision_id, face_id)
    select entry.id, decision, entry.face
      from unnest(entries, faces) as entry (id, face);
    if said = 'undo' then
        return null;
    end if;
    if said = 'move' then
        insert into console.face_box (
                   decision_id, audit_id, face_id, media_id, act, was_bbox, was_embedding, identified_user_id, suggested_user_id,
                   confidence_score, status, created_at, bbox, embedding)
        select decision, entry.id, b.id, b.media_id, 'move', b.bbox, b.embedding, b.identified_user_id, b.suggested_user_id,
               b.confidence_score, b.status, b.created_at, a.bbox, a.embedding
          from unnest(entries, faces) as entry (id, face)
          join after_update as a on a.id = entry.face
          join before_update as b on b.id = a.id;
        return null;
    end if;

    insert into console.face_verdict (
               face_id, media_id, bbox, embedding, person_id, judgement, similarity, audit_id, decision_id, enrolment_id, enrolment_at)
    select a.id, a.media_id, a.bbox, a.embedding, word.person_id, word.judgement, word.similarity, entry.id, decision,
           e.id, e.updated_at
      from unnest(entries, faces) as entry (id, face)
      join after_update as a on a.id = entry.face
      join before_update as b on b.id = a.id
     cross join lateral (
           select 1 as turn, 'is_not' as judgement, was.person as person_id, b.confidence_score as similarity
             from (select distinct unnest(array[
                       b.suggested_user_id, b.identified_user_id,
                       case when wish = 'is_not' and a.status = 'UNIDENTIFIED' then whom end])) as was (person)
            where was.person is not null
              and was.person is distinct from a.identified_user_id
              and was.person is distinct from a.suggested_user_id
              and (wish <> 'no_face' or a.status = 'CONFIRMED')
            union all
           select 2, 'is', a.identified_user_id, a.confidence_score
            where a.status = 'CONFIRMED'
              and a.identified_user_id is not null
            union all
           select 2, wish, null, null
            where wish in ('nobody', 'no_face')
              and a.status <> 'CONFIRMED'
           ) as word
      left join public.user_face_embeddings as e on e.user_id = word.person_id
     order by entry.id, word.turn, word.person_id;
    return null;
end
$$;

-- What operators did to boxes, without what was taken back. Of what somebody else had changed by then nothing was, and it holds.
create view console.box_act as
select b.*
  from console.face_box as b
 where not exists (select from console.face_decision as undo where undo.undoes = b.decision_id and undo.faces > 0);

-- The last of them for each face.
create view console.standing_box as
select distinct on (b.media_id, b.face_id)
       b.*,
       exists (select from console.box_act as drawn where drawn.face_id = b.face_id and drawn.act = 'draw') as is_drawn
  from console.box_act as b
 order by b.media_id, b.face_id, b.decision_id desc;

-- As before. A face is where it was decided, and where an operator has put it since or before; and one that was deleted has no row
-- by which to be told from others that look alike, only a place.
create or replace view console.verdict_face as
select v.id as verdict_id,
       v.audit_id,
       v.media_id,
       here.face_id,
       v.person_id,
       v.judgement
  from console.face_verdict as v
 cross join lateral (
       select f.id as face_id
         from public.media_detected_faces as f
        cross join lateral (
              select v.bbox, v.embedding
               union all
              select b.was_bbox, b.was_embedding from console.box_act as b where b.face_id = v.face_id and b.act = 'move'
               union all
              select b.bbox, b.embedding from console.box_act as b where b.face_id = v.face_id and b.act = 'move'
              ) as place
        cross join lateral (
              select nullif(1 - (f.embedding operator(public.<=>) place.embedding), 'NaN') as similarity,
                     console.box_overlap(f.bbox, place.bbox) as overlap
              ) as alike
        where f.media_id = v.media_id
          and (f.id = v.face_id
               or alike.similarity >= 0.95 and (v.judgement <> 'no_face' or alike.overlap > 0)
               or alike.similarity >= 0.7 and alike.overlap >= 0.5
               or alike.similarity >= 0.5 and alike.overlap >= 0.7
               or alike.overlap >= 0.7 and v.judgement = 'no_face'
               -- A vector without length is similar to nothing.
               or f.embedding operator(public.=) place.embedding and f.bbox = place.bbox)
        order by f.id = v.face_id desc, alike.similarity desc nulls last, alike.overlap desc nulls last, f.id
        limit 1
       ) as here
 where not exists (select from console.face_decision as undo where undo.undoes = v.decision_id);

-- As before; a face that an operator drew or moved since is one.
create or replace view console.standing_verdict as
select distinct on (v.media_id, v.face_id, v.person_id)
       v.media_id,
       v.face_id,
       v.person_id,
       v.judgement,
       v.verdict_id
  from console.verdict_face as v
 where v.judgement <> 'no_face'
    or not exists (
           select
             from console.box_act as b
            where b.face_id = v.face_id
              and b.act <> 'delete'
              and b.audit_id > v.audit_id)
 order by v.media_id, v.face_id, v.person_id, v.verdict_id desc;

-- Whether this is a box that can be drawn: four numbers within reach, no side shorter than 8 pixels.
create function console.is_box(box integer[]) returns boolean
language sql immutable parallel safe
return coalesce(
    cardinality(box) = 4 and array_ndims(box) = 1 and array_position(box, null) is null
    and box[1] between 0 and 1000000 and box[2] between 0 and 1000000
    and box[3] between 8 and 1000000 and box[4] between 8 and 1000000,
    false);

-- A face whose row comes or goes by an operator: its entry in the log, its decision, and unless that is an undoing what the act was.
create function console.log_box(
    act text, undone bigint, was public.media_detected_faces, is_now public.media_detected_faces,
    out decision_id bigint, out audit_id bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    face bigint := coalesce(is_now.id, was.id);
begin
    audit_id := console.append_audit(
        'faces.' || act, 'face', face,
        case when was.id is not null then console.box_facts(was) end,
        case when is_now.id is not null then console.box_facts(is_now) end);
    insert into console.face_decision (judgement, faces, undoes) values (act, 1, undone) returning id into log_box.decision_id;
    insert into console.face_decided (audit_id, decision_id, face_id) values (log_box.audit_id, log_box.decision_id, face);
    if undone is null then
        insert into console.face_box (
                   decision_id, audit_id, face_id, media_id, act, was_bbox, was_embedding, identified_user_id, suggested_user_id,
                   confidence_score, status, created_at, bbox, embedding)
        values (log_box.decision_id, log_box.audit_id, face, coalesce(is_now.media_id, was.media_id), act, was.bbox, was.embedding,
                was.identified_user_id, was.suggested_user_id, was.confidence_score, was.status,
                coalesce(is_now.created_at, was.created_at), is_now.bbox, is_now.embedding);
    end if;
end
$$;

-- The face, locked together with its photo, where the operator may see it: `done` where it is as it was seen, `changed` or `gone`.
create function console.take_face(
    rank integer, face bigint, seen text, out outcome text, out was public.media_detected_faces)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    photo bigint;
    now   text;
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
    select f.* into was from public.media_detected_faces as f where f.id = face for update;
    select f.xmin::text into now from public.media_detected_faces as f where f.id = face;
    outcome := case when now is null then 'gone' when now <> seen then 'changed' else 'done' end;
end
$$;

-- Moves or resizes the box of a face. Without an embedding of what is in it now the face keeps the one that it has.
create function console.move_face(
    face bigint, seen text, box integer[], embedding real[],
    out outcome text, out decision_id bigint, out audit_id bigint)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
    rank  integer := console.require_moderator();
    fresh vector(1024) := embedding::vector(1024);
    taken record;
begin
    if not console.is_box(box) then
        raise check_violation using message = 'this is no box';
    end if;
    select * into taken from console.take_face(rank, face, seen);
    outcome := taken.outcome;
    if outcome <> 'done' then
        return;
    end if;
    update media_detected_faces as f
       set bbox = box,
           embedding = coalesce(fresh, f.embedding),
           -- A confirmed face is as similar to that person as it is now.
           confidence_score = case
                                  when fresh is not null and f.status = 'CONFIRMED' then coalesce(
                                      (select nullif(1 - (e.embedding <=> fresh), 'NaN')
                                         from user_face_embeddings as e
                                        where e.user_id = f.identified_user_id
                                          and e.is_active),
                                      f.confidence_score)
                                  else f.confidence_score
                              end
     where f.id = face;
    select own.decision_id, own.audit_id
      into move_face.decision_id, move_face.audit_id
      from console.own_decision() as own
     where own.face_id = face;
end
$$;

-- Deletes a face. What was there is no face, unless another face of the photo is in the same place: then there was one box too many.
create function console.delete_face(
    face bigint, seen text, out outcome text, out decision_id bigint, out audit_id bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank  integer := console.require_moderator();
    taken record;
    was   public.media_detected_faces;
begin
    select * into taken from console.take_face(rank, face, seen);
    outcome := taken.outcome;
    if outcome <> 'done' then
        return;
    end if;
    was := taken.was;
    delete from public.media_detected_faces as f where f.id = face;
    select made.decision_id, made.audit_id
      into delete_face.decision_id, delete_face.audit_id
      from console.log_box('delete', null, was, null) as made;
    insert into console.face_verdict (face_id, media_id, bbox, embedding, judgement, audit_id, decision_id)
    select was.id, was.media_id, was.bbox, was.embedding, 'no_face', delete_face.audit_id, delete_face.decision_id
     where not exists (
               select
                 from public.media_detected_faces as other
                where other.media_id = was.media_id
                  and console.box_overlap(other.bbox, was.bbox) >= 0.5);
end
$$;

-- Adds a face that the AI has missed: `done`, `gone` where there is no such photo for the operator, `unseen` where the AI has not
-- looked at it yet, `there` where a face has its place.
create function console.draw_face(
    photo bigint, box integer[], embedding real[],
    out outcome text, out face_id bigint, out decision_id bigint, out audit_id bigint)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
    rank  integer := console.require_moderator();
    drawn media_detected_faces;
begin
    if not console.is_box(box) or embedding is null then
        raise check_violation using message = 'this is no box with an embedding';
    end if;
    perform from media_ai_insights as i
      where i.media_id = photo
        and (rank = 3 or i.status <> 'UNSAFE' and i.is_safe is not false)
        for key share;
    if not found then
        outcome := case
            when exists (select from media_ai_insights as i where i.media_id = photo)
                 or not exists (select from post_media as m where m.media_id = photo) then 'gone'
            else 'unseen'
        end;
        return;
    end if;
    perform console.lock_photos(array[photo]);
    if exists (
           select
             from media_detected_faces as f
            where f.media_id = photo
              and console.box_overlap(f.bbox, box) >= 0.5) then
        outcome := 'there';
        return;
    end if;
    insert into media_detected_faces as f (media_id, bbox, embedding, status)
    values (photo, box, draw_face.embedding::vector(1024), 'UNIDENTIFIED')
 returning f.* into drawn;
    outcome := 'done';
    face_id := drawn.id;
    select made.decision_id, made.audit_id
      into draw_face.decision_id, draw_face.audit_id
      from console.log_box('draw', null, null, drawn) as made;
end
$$;

-- The AI ran again on photos: what was deleted and found again is deleted, what was moved and found in its old place is moved, and
-- what was drawn and is gone comes back, unless the AI has found a face there by itself. A row that is being written to is left: its
-- photo is marked again.
create function console.keep_boxes(photos bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
    mine bigint[];
begin
    select array_agg(distinct b.media_id) into mine from console.face_box as b where b.media_id = any (photos);
    if mine is null then
        return;
    end if;
    perform console.lock_photos(mine);

    delete from media_detected_faces as f
     where f.id in (
               select again.id
                 from console.verdict_face as v
                 join console.box_act as b on b.audit_id = v.audit_id and b.act = 'delete'
                 join media_detected_faces as again on again.id = v.face_id
                where v.media_id = any (mine)
                  and not exists (
                          select
                            from console.verdict_face as later
                           where later.media_id = v.media_id
                             and later.face_id = v.face_id
                             and later.verdict_id > v.verdict_id)
                  and not exists (
                          select from console.box_act as later where later.face_id = v.face_id and later.audit_id > v.audit_id)
                  for update of again skip locked);

    -- What this writes is matched with the rest of the photo anyway.
    perform set_config('console.is_matching', 'yes', true);
    update media_detected_faces as f
       set bbox = back.bbox,
           embedding = coalesce(back.embedding, f.embedding)
      from (
          select distinct on (b.face_id)
                 again.id,
                 b.bbox,
                 case when b.embedding <> b.was_embedding then b.embedding end as embedding
            from console.standing_box as b
            join media_detected_faces as again on again.media_id = b.media_id
           cross join lateral (
                 select max(place.overlap) as overlap,
                        bool_or(place.similarity >= 0.7 and place.overlap >= 0.5
                                or place.similarity >= 0.5 and place.overlap >= 0.7
                                or place.overlap = 1 and again.embedding = place.embedding) as is_it
                   from (
                       select p.was_embedding as embedding,
                              -- The AI may have written the box alone.
                              greatest(nullif(1 - (again.embedding <=> p.was_embedding), 'NaN'),
                                       nullif(1 - (again.embedding <=> b.embedding), 'NaN')) as similarity,
                              case when again.bbox = p.was_bbox then 1 else console.box_overlap(again.bbox, p.was_bbox) end as overlap
                         from console.box_act as p
                        where p.face_id = b.face_id
                          and p.act = 'move'
                   ) as place
                 ) as old
           where b.media_id = any (mine)
             and b.act = 'move'
             and again.bbox <> b.bbox
             and old.overlap > coalesce(console.box_overlap(again.bbox, b.bbox), 0)
             and (again.id = b.face_id
                  or old.is_it and not exists (select from media_detected_faces as still where still.id = b.face_id))
           order by b.face_id, again.id = b.face_id desc, old.overlap desc, again.id
      ) as back
     where f.id = back.id
       and f.id in (
               select free.id from media_detected_faces as free where free.media_id = any (mine) for no key update skip locked);
    perform set_config('console.is_matching', '', true);

    insert into media_detected_faces (id, media_id, bbox, embedding, status, created_at)
    select b.face_id, b.media_id, b.bbox, b.embedding, 'UNIDENTIFIED', b.created_at
      from console.standing_box as b
     where b.media_id = any (mine)
       and b.is_drawn
       and b.act <> 'delete'
       and b.media_id in (select i.media_id from media_ai_insights as i where i.media_id = any (mine) for key share skip locked)
       and not exists (
               select
                 from media_detected_faces as f
                where f.media_id = b.media_id
                  and (f.id = b.face_id or console.box_overlap(f.bbox, b.bbox) >= 0.5));
end
$$;

-- As before, for boxes too: what was moved goes back, what was deleted comes back as the row that it was, what was drawn goes.
create or replace function console.undo_decided() returns setof console.face_undone
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank     integer := console.require_moderator();
    last     console.face_decision;
    was      record;
    outcome  console.face_undone;
    restored bigint[] := '{}';
    facts    jsonb[] := '{}';
    is_back  boolean := false;
    row_was  public.media_detected_faces;
    row_now  public.media_detected_faces;
begin
    perform pg_advisory_xact_lock(66, hashtext(session_user::text));
    select * into last from console.undoable_decision();
    if last.id is null then
        return;
    end if;
    perform console.lock_photos(array(
        select distinct (coalesce(e.before, e.after) ->> 'media')::bigint
          from console.face_decided as f
          join console.audit_entry as e on e.id = f.audit_id
         where f.decision_id = last.id));
    for was in
        select f.face_id as face, coalesce(here.id, again.face_id) as now, e.before, later.decided_by, elsewhere.username,
               coalesce(hidden.is_hidden, true) as is_hidden
          from console.face_decided as f
          join console.audit_entry as e on e.id = f.audit_id
         cross join lateral (select (coalesce(e.before, e.after) ->> 'media')::bigint as media) as photo
          left join public.media_detected_faces as here on here.id = f.face_id
          left join lateral (
               select found.face_id
                 from (
                     select v.face_id, v.verdict_id from console.verdict_face as v where v.audit_id = f.audit_id
                      union all
                     select kept.id, 0
                       from console.face_box as b
                       join public.media_detected_faces as kept on kept.media_id = b.media_id and kept.bbox = b.bbox
                      where b.audit_id = f.audit_id
                        and b.act = 'move'
                 ) as found
                order by found.verdict_id desc, found.face_id
                limit 1
               ) as again on here.id is null
          left join lateral (
               select d.decided_by
                 from console.face_decided as other
                 join console.face_decision as d on d.id = other.decision_id
                where other.face_id in (f.face_id, again.face_id)
                  and d.id > last.id
                  and d.judgement <> 'undo'
                  and d.decided_by <> session_user::text
                  and not exists (select from console.face_decision as undo where undo.undoes = d.id)
                order by d.id desc
                limit 1
               ) as later on true
          left join lateral (
               select u.username
                 from public.media_detected_faces as other
                 join public.users as u on u.user_id = other.identified_user_id
                where other.media_id = photo.media
                  and other.id is distinct from coalesce(here.id, again.face_id)
                  and other.status = 'CONFIRMED'
                  and other.identified_user_id = (e.before ->> 'identified')::bigint
                limit 1
               ) as elsewhere on e.before ->> 'status' = 'CONFIRMED'
          left join lateral (
               select rank < 3 and (i.status = 'UNSAFE' or i.is_safe is false) as is_hidden
                 from public.media_ai_insights as i
                where i.media_id = photo.media
               ) as hidden on true
         where f.decision_id = last.id
         order by f.face_id
    loop
        outcome := row(last.id, last.judgement, was.face, 'done', null);
        if was.is_hidden or was.now is null and last.judgement <> 'delete' then
            outcome.outcome := 'gone';
        elsif was.decided_by is not null then
            outcome.outcome := 'overtaken';
            outcome.name := was.decided_by;
        elsif was.username is not null then
            outcome.outcome := 'taken';
            outcome.name := was.username;
        elsif was.now is null then
            is_back := true;
        else
            restored := array_append(restored, was.now);
            facts := array_append(facts, was.before);
        end if;
        return next outcome;
    end loop;

    if is_back then
        insert into public.media_detected_faces as f (
                   id, media_id, bbox, embedding, identified_user_id, suggested_user_id, confidence_score, status, created_at)
        select b.face_id, b.media_id, b.was_bbox, b.was_embedding,
               (select u.user_id from public.users as u where u.user_id = b.identified_user_id),
               (select u.user_id from public.users as u where u.user_id = b.suggested_user_id),
               b.confidence_score, b.status, b.created_at
          from console.face_box as b
         where b.decision_id = last.id
     returning f.* into row_now;
        perform console.log_box('undo', last.id, null, row_now);
        return;
    end if;
    if restored = '{}' then
        -- It is off the pile all the same, or nothing before it could be taken back.
        insert into console.face_decision (judgement, person_id, faces, undoes) values ('undo', last.person_id, 0, last.id);
        return;
    end if;
    if last.judgement = 'draw' then
        delete from public.media_detected_faces as f where f.id = restored[1] returning f.* into row_was;
        perform console.log_box('undo', last.id, row_was, null);
        return;
    end if;
    perform set_config('console.undoes', last.id::text, true);
    update public.media_detected_faces as f
       set status             = before.status,
           identified_user_id = (select u.user_id from public.users as u where u.user_id = before.identified),
           suggested_user_id  = (select u.user_id from public.users as u where u.user_id = before.suggested),
           -- A score that is no similarity is not in the log: where it still stands, it stays.
           confidence_score   = case
                                    when moved.decision_id is not null then moved.confidence_score
                                    when before.similarity is null and f.confidence_score between -1 and 1 then null
                                    else coalesce(before.similarity, f.confidence_score)
                                end,
           bbox               = coalesce(moved.was_bbox, f.bbox),
           embedding          = coalesce(moved.was_embedding, f.embedding)
      from unnest(restored, facts) as restore (id, facts)
     cross join lateral jsonb_to_record(restore.facts)
           as before (status text, identified bigint, suggested bigint, similarity double precision)
      left join console.face_box as moved on moved.decision_id = last.id and moved.act = 'move'
     where f.id = restore.id;
    perform set_config('console.undoes', '', true);
end
$$;

revoke execute on function
    console.box_facts(public.media_detected_faces), console.is_box(integer[]),
    console.log_box(text, bigint, public.media_detected_faces, public.media_detected_faces),
    console.take_face(integer, bigint, text), console.move_face(bigint, text, integer[], real[]),
    console.delete_face(bigint, text), console.draw_face(bigint, integer[], real[]), console.keep_boxes(bigint[])
    from public;
grant execute on function
    console.move_face(bigint, text, integer[], real[]), console.delete_face(bigint, text),
    console.draw_face(bigint, integer[], real[])
    to kaleidoscope_moderator;
grant execute on function console.keep_boxes(bigint[]) to kaleidoscope_worker;
