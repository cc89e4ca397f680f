-- What operators say of faces: this person, not this person, nobody we know, not a face. Of one face or of thousands it is one
-- decision, which can be taken back as a whole.

create table console.face_decision (
    id         bigint      generated always as identity primary key,
    judgement  text        not null check (judgement in ('is', 'is_not', 'nobody', 'no_face', 'dismiss', 'undo')),
    -- Who it was said to be, where that is one.
    person_id  bigint,
    faces      integer     not null,
    undoes     bigint      unique references console.face_decision,
    decided_by text        not null default session_user,
    decided_at timestamptz not null default clock_timestamp(),
    check ((judgement = 'undo') = (undoes is not null))
);

comment on table console.face_decision is 'Append-only: each act of an operator about faces; undoing is one, too';

create index face_decision_operator on console.face_decision (decided_by, id desc);

create table console.face_decided (
    audit_id    bigint primary key references console.audit_entry,
    decision_id bigint not null references console.face_decision,
    face_id     bigint not null
);

comment on table console.face_decided is 'Append-only: the faces of each decision; the entry of the log has what they were and became';

create index face_decided_decision on console.face_decided (decision_id);
create index face_decided_face on console.face_decided (face_id, decision_id desc);

create trigger append_only
    before update or delete or truncate on console.face_decision
    for each statement execute function console.refuse_change();
create trigger append_only
    before update or delete or truncate on console.face_decided
    for each statement execute function console.refuse_change();

alter table console.face_verdict
    alter column person_id drop not null,
    drop constraint face_verdict_judgement_check,
    add constraint face_verdict_judgement_check check (judgement in ('is', 'is_not', 'nobody', 'no_face')),
    add constraint face_verdict_person_check check ((person_id is null) = (judgement in ('nobody', 'no_face'))),
    -- None of those that were given before there were decisions.
    add column decision_id  bigint references console.face_decision,
    -- The enrolment of that person at the time, as it was then.
    add column enrolment_id bigint,
    add column enrolment_at timestamptz;

-- The faces of a photo are decided one decision after the other, so that nobody is named twice on it. Photos share 256 locks: a
-- decision on thousands of them must not fill the server's table of locks.
create function console.photo_lock(media bigint) returns integer
language sql immutable parallel safe
return (media % 256)::integer;

create function console.lock_photos(media bigint[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(65, lock)
       from (select distinct console.photo_lock(id) as lock from unnest(media) as id where id is not null order by 1) as needed;
end
$$;

-- As `append_audit` for many at once: `actions`, `ids`, `befores` and `afters` belong together. The ids of the entries.
create function console.append_audits(actions text[], subject text, ids bigint[], befores jsonb[], afters jsonb[]) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    head    console.audit_head;
    entry   console.audit_entry;
    entries console.audit_entry[] := '{}';
    numbers bigint[] := '{}';
begin
    select * into strict head from console.audit_head for update;
    entry.hash := head.hash;
    entry.operator := session_user;
    entry.user_id := console.operator_id();
    entry.role := (array['none', 'staff', 'moderator', 'admin'])[console.operator_rank() + 1];
    entry.subject := append_audits.subject;
    entry.reason := nullif(current_setting('console.reason', true), '');
    for place in 1 .. coalesce(cardinality(ids), 0) loop
        entry.id := head.id + place;
        entry.at := clock_timestamp();
        entry.action := actions[place];
        entry.subject_id := ids[place];
        entry.before := befores[place];
        entry.after := afters[place];
        entry.previous_hash := entry.hash;
        entry.hash := console.audit_hash(entry);
        entries := array_append(entries, entry);
        numbers := array_append(numbers, entry.id);
    end loop;
    insert into console.audit_entry select made.* from unnest(entries) as made;
    update console.audit_head set id = entry.id, hash = entry.hash where numbers <> '{}';
    return numbers;
end
$$;

-- An entry in the log for each face that an operator changes, and from the change what they said: naming a person, and turning
-- down who was named before. `console.judgement` says which of the two that name nobody is meant, or with `is_not` that
-- `console.person`, whom nobody named, was turned down; `console.undoes` that nothing is said but something taken back. Agreeing
-- with the AI changes nothing, and is a verdict all the same.
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
                         when a.status = 'CONFIRMED' then 'faces.confirm'
                         when wish in ('nobody', 'no_face') then 'faces.' || wish
                         else 'faces.reject'
                     end order by a.id),
           array_agg(console.face_facts(b) order by a.id),
           array_agg(console.face_facts(a) order by a.id),
           case
               when undone is not null then 'undo'
               when bool_and(a.status = 'CONFIRMED') then 'is'
               when wish in ('nobody', 'no_face') then wish
               else 'is_not'
           end,
           case when count(distinct named.person) = 1 then min(named.person) end
      into faces, actions, befores, afters, said, person
      from after_update as a
      join before_update as b on b.id = a.id
     cross join lateral (
           select coalesce(a.identified_user_id, b.suggested_user_id, b.identified_user_id, whom) as person
           ) as named;
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
    if undone is not null then
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

-- Each verdict that nobody took back, with the face of the photo that it is about now. The AI may have deleted the face and found
-- it again: then it is where it was and looks alike, or looks the same. What is no face looks like anything.
create view console.verdict_face as
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
              select nullif(1 - (f.embedding operator(public.<=>) v.embedding), 'NaN') as similarity,
                     console.box_overlap(f.bbox, v.bbox) as overlap
              ) as alike
        where f.media_id = v.media_id
          and (f.id = v.face_id
               or alike.similarity >= 0.95
               or alike.similarity >= 0.7 and alike.overlap >= 0.5
               or alike.similarity >= 0.5 and alike.overlap >= 0.7
               or alike.overlap >= 0.7 and v.judgement = 'no_face'
               -- A vector without length is similar to nothing.
               or f.embedding operator(public.=) v.embedding and f.bbox = v.bbox)
        order by f.id = v.face_id desc, alike.similarity desc nulls last, alike.overlap desc nulls last, f.id
        limit 1
       ) as here
 where not exists (select from console.face_decision as undo where undo.undoes = v.decision_id);

-- Of several verdicts on one face and person the newest holds.
create or replace view console.standing_verdict as
select distinct on (v.media_id, v.face_id, v.person_id)
       v.media_id,
       v.face_id,
       v.person_id,
       v.judgement,
       v.verdict_id
  from console.verdict_face as v
 order by v.media_id, v.face_id, v.person_id, v.verdict_id desc;

drop function console.last_verdict(bigint);

-- Who decided last, for the operator who comes too late.
create function console.last_verdict(face bigint, out decided_by text, out person_id bigint, out judgement text)
returns setof record
language sql stable security definer set search_path = pg_catalog
as $$
    select d.decided_by,
           case when d.judgement in ('is', 'is_not') then coalesce(v.person_id, d.person_id) end,
           d.judgement
      from console.face_decided as f
      join console.face_decision as d on d.id = f.decision_id
      left join lateral (
           select v.person_id
             from console.face_verdict as v
            where v.audit_id = f.audit_id
            order by v.id desc
            limit 1
           ) as v on true
     where f.face_id = face
       and console.operator_rank() >= 2
     order by f.decision_id desc
     limit 1
$$;

-- The faces of the operator's newest decision, with their entries in the log.
create function console.own_decision(out decision_id bigint, out face_id bigint, out audit_id bigint)
returns setof record
language sql stable security definer set search_path = pg_catalog
as $$
    select f.decision_id, f.face_id, f.audit_id
      from console.face_decided as f
     where f.decision_id = (
               select max(d.id)
                 from console.face_decision as d
                where d.decided_by = session_user::text
                  and d.faces > 0)
       and console.operator_rank() >= 2
     order by f.face_id
$$;

-- The newest of the operator's own decisions of the last day that can be taken back.
create function console.undoable_decision() returns setof console.face_decision
language sql stable security definer set search_path = pg_catalog
as $$
    select d.*
      from console.face_decision as d
     where d.decided_by = session_user::text
       and d.judgement <> 'undo'
       and d.decided_at > now() - interval '24 hours'
       and not exists (select from console.face_decision as undo where undo.undoes = d.id)
       and console.operator_rank() >= 2
     order by d.id desc
     limit 1
$$;

-- What became of each face of a decision that was taken back.
create type console.face_undone as (
    decision_id bigint,
    judgement   text,
    face_id     bigint,
    -- `done`, `overtaken`: somebody else decided later, `taken`: who it was is on another face of the photo by now, `gone`
    outcome     text,
    -- Who decided later, or who is on another face.
    name        text
);

-- Takes the operator's newest decision back: each face becomes what it was, where nobody else has decided since. Without any
-- decision to take back there are no rows.
create function console.undo_faces() returns setof console.face_undone
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank     integer := console.require_moderator();
    last     console.face_decision;
    was      record;
    outcome  console.face_undone;
    restored bigint[] := '{}';
    facts    jsonb[] := '{}';
begin
    perform pg_advisory_xact_lock(66, hashtext(session_user::text));
    select * into last from console.undoable_decision();
    if last.id is null then
        return;
    end if;
    perform console.lock_photos(array(
        select distinct (e.before ->> 'media')::bigint
          from console.face_decided as f
          join console.audit_entry as e on e.id = f.audit_id
         where f.decision_id = last.id));
    for was in
        select f.face_id as face, coalesce(here.id, again.face_id) as now, e.before, later.decided_by, elsewhere.username,
               coalesce(hidden.is_hidden, true) as is_hidden
          from console.face_decided as f
          join console.audit_entry as e on e.id = f.audit_id
          left join public.media_detected_faces as here on here.id = f.face_id
          left join lateral (
               select v.face_id from console.verdict_face as v where v.audit_id = f.audit_id order by v.verdict_id desc limit 1
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
                where other.media_id = (e.before ->> 'media')::bigint
                  and other.id <> coalesce(here.id, again.face_id)
                  and other.status = 'CONFIRMED'
                  and other.identified_user_id = (e.before ->> 'identified')::bigint
                limit 1
               ) as elsewhere on e.before ->> 'status' = 'CONFIRMED'
          left join lateral (
               select rank < 3 and (i.status = 'UNSAFE' or i.is_safe is false) as is_hidden
                 from public.media_ai_insights as i
                where i.media_id = (e.before ->> 'media')::bigint
               ) as hidden on true
         where f.decision_id = last.id
         order by f.face_id
    loop
        outcome := row(last.id, last.judgement, was.face, 'done', null);
        if was.now is null or was.is_hidden then
            outcome.outcome := 'gone';
        elsif was.decided_by is not null then
            outcome.outcome := 'overtaken';
            outcome.name := was.decided_by;
        elsif was.username is not null then
            outcome.outcome := 'taken';
            outcome.name := was.username;
        else
            restored := array_append(restored, was.now);
            facts := array_append(facts, was.before);
        end if;
        return next outcome;
    end loop;

    if restored = '{}' then
        -- It is off the pile all the same, or nothing before it could be taken back.
        insert into console.face_decision (judgement, person_id, faces, undoes) values ('undo', last.person_id, 0, last.id);
        return;
    end if;
    perform set_config('console.undoes', last.id::text, true);
    update public.media_detected_faces as f
       set status             = before.status,
           identified_user_id = (select u.user_id from public.users as u where u.user_id = before.identified),
           suggested_user_id  = (select u.user_id from public.users as u where u.user_id = before.suggested),
           -- A score that is no similarity is not in the log: where it still stands, it stays.
           confidence_score   = case
                                    when before.similarity is null and f.confidence_score between -1 and 1 then null
                                    else coalesce(before.similarity, f.confidence_score)
                                end
      from unnest(restored, facts) as restore (id, facts)
     cross join lateral jsonb_to_record(restore.facts)
           as before (status text, identified bigint, suggested bigint, similarity double precision)
     where f.id = restore.id;
    perform set_config('console.undoes', '', true);
end
$$;

revoke execute on function
    console.lock_photos(bigint[]), console.append_audits(text[], text, bigint[], jsonb[], jsonb[]), console.last_verdict(bigint),
    console.own_decision(), console.undoable_decision(), console.undo_faces()
    from public;
grant execute on function console.lock_photos(bigint[]) to kaleidoscope_moderator;
grant execute on function console.last_verdict(bigint), console.own_decision(), console.undoable_decision(), console.undo_faces()
    to kaleidoscope_moderator;
