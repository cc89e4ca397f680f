-- How the work on faces goes: what is done and how fast, how right operators are on control items, and how far they agree.
--
-- A control item is a face on which the right answer is known, shown to somebody who has not decided it as if it waited. What
-- makes it one is in tables that operators can't read; each reads faces through `console.seen_face`, where their own control items
-- are as they appear to them. What they answer is written down beside the ledger: it changes no row of the platform and is no verdict.

create table console.face_control_rule (
    is_rule      boolean          primary key default true check (is_rule),
    -- The share of control items among the faces of a queue.
    share        double precision not null default 0.04 check (share between 0 and 0.5),
    -- What an admin alone decided is known after so many days.
    settled_days integer          not null default 7 check (settled_days between 0 and 3650)
);

comment on table console.face_control_rule is 'One row; admins change it';

insert into console.face_control_rule default values;

create table console.face_control (
    operator        text             not null,
    face_id         bigint           not null,
    queue           text             not null check (queue in ('suggested', 'near')),
    -- Who is proposed, and how similar they are.
    person_id       bigint           not null,
    similarity      double precision not null,
    -- What is right.
    known_judgement text             not null check (known_judgement in ('is', 'is_not', 'nobody')),
    known_person    bigint,
    -- The row's, when it was planned: of a row that changed since nothing is known.
    version         text             not null,
    -- The waiting face before which it stands, in which order of the queue.
    ahead_of        bigint           not null,
    sort            text             not null,
    -- It still seems to wait.
    is_open         boolean          not null default true,
    planned_at      timestamptz      not null default clock_timestamp(),
    primary key (operator, face_id)
);

comment on table console.face_control is 'Not for the eyes of operators: which faces only seem to wait for them';

create index face_control_open on console.face_control (operator, ahead_of) where is_open;

create table console.face_control_answer (
    decision_id bigint           primary key references console.face_decision,
    audit_id    bigint           not null references console.audit_entry,
    operator    text             not null,
    face_id     bigint           not null,
    judgement   text             not null check (judgement in ('is', 'is_not', 'nobody', 'no_face')),
    person_id   bigint,
    similarity  double precision,
    is_right    boolean          not null,
    answered_at timestamptz      not null default clock_timestamp(),
    foreign key (operator, face_id) references console.face_control
);

comment on table console.face_control_answer is 'Append-only: what operators said of their control items';

create index face_control_answer_face on console.face_control_answer (face_id, operator, decision_id desc);
create index face_control_answer_operator on console.face_control_answer (operator, answered_at);

create trigger append_only
    before update or delete or truncate on console.face_control_answer
    for each statement execute function console.refuse_change();

-- The operator's own control items as they see them: those that seem to wait, and for a day those that they answered.
create view console.shown_control as
select c.face_id,
       c.queue,
       c.person_id,
       c.similarity,
       c.known_judgement,
       c.known_person,
       c.ahead_of,
       c.sort,
       c.version as planned_version,
       -- As with a real face, it is another one after each decision.
       coalesce(touched.version, c.version) as version,
       c.is_open,
       answer.judgement,
       answer.person_id as said_person,
       answer.similarity as said_similarity
  from console.face_control as c
  left join lateral (
       select a.*
         from console.face_control_answer as a
        where a.face_id = c.face_id
          and a.operator = c.operator
          and not exists (select from console.face_decision as undo where undo.undoes = a.decision_id)
        order by a.decision_id desc
        limit 1
       ) as answer on true
  left join lateral (
       select coalesce(undo.xmin, a.xmin)::text as version
         from console.face_control_answer as a
         left join console.face_decision as undo on undo.undoes = a.decision_id
        where a.face_id = c.face_id
          and a.operator = c.operator
        order by coalesce(undo.id, a.decision_id) desc
        limit 1
       ) as touched on true
 -- In the collation of the column, or its index could not be used.
 where c.operator = session_user::text collate "default"
   and (c.is_open or answer.answered_at > clock_timestamp() - interval '1 day');

-- `console.face` as it is for this operator to see.
create view console.seen_face with (security_barrier) as
select f.face_id,
       f.media_id,
       f.bbox,
       case
           when c.face_id is null then f.status
           when c.is_open then case c.queue when 'suggested' then 'SUGGESTED' else 'UNIDENTIFIED' end
           when c.judgement = 'is' then 'CONFIRMED'
           else 'UNIDENTIFIED'
       end as status,
       case
           when c.face_id is null then f.identified_user_id
           when c.judgement = 'is' then c.said_person
       end as identified_user_id,
       case
           when c.face_id is null then f.suggested_user_id
           when c.is_open and c.queue = 'suggested' then c.person_id
       end as suggested_user_id,
       case
           when c.face_id is null then f.confidence_score
           when c.judgement = 'is' then c.said_similarity
           when c.queue = 'suggested' then c.similarity
       end as confidence_score,
       coalesce(c.version, f.version) as version
  from console.face as f
  left join lateral (
       select * from console.shown_control as c where c.face_id = f.face_id and c.planned_version = f.version
       ) as c on true;

comment on view console.seen_face is 'Faces as an operator is shown them; what changes them goes by console.decide_faces';

grant select on console.seen_face to kaleidoscope_staff;

-- As `face_facts`, of the face as it is shown.
create function console.seen_facts(face console.seen_face) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
return jsonb_build_object(
    'media', face.media_id,
    'status', face.status,
    'identified', face.identified_user_id,
    'suggested', face.suggested_user_id,
    'similarity', case when face.confidence_score between -1 and 1 then face.confidence_score end);

-- The last word of each operator on faces, of those that they did not take back.
create function console.face_words(
    faces bigint[], out face_id bigint, out decided_by text, out decided_at timestamptz, out judgement text, out person_id bigint,
    out proposed_id bigint, out similarity double precision, out is_admin boolean)
returns setof record
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with said as (
        select f.face_id, d.decided_by, d.decided_at, d.id as decision_id, d.judgement, d.person_id, f.audit_id
          from console.face_decided as f
          join console.face_decision as d on d.id = f.decision_id
         where f.face_id = any (face_words.faces)
           and d.judgement in ('is', 'is_not', 'nobody', 'no_face')
           and not exists (select from console.face_decision as undo where undo.undoes = d.id)
         union all
        select a.face_id, a.operator, a.answered_at, a.decision_id, a.judgement, a.person_id, a.audit_id
          from console.face_control_answer as a
         where a.face_id = any (face_words.faces)
           and not exists (select from console.face_decision as undo where undo.undoes = a.decision_id)
    )
    select distinct on (said.face_id, said.decided_by)
           said.face_id, said.decided_by, said.decided_at, said.judgement,
           case said.judgement
               when 'is' then facts.identified_now
               when 'is_not' then coalesce(facts.suggested, facts.identified, said.person_id)
           end,
           case said.judgement when 'is' then facts.identified_now else coalesce(facts.suggested, said.person_id) end,
           case
               when said.judgement = 'is' then facts.similarity_now
               when facts.suggested is not null then facts.similarity
           end,
           e.role = 'admin'
      from said
      join console.audit_entry as e on e.id = said.audit_id
     -- Of a decision on many faces only the log has who each of them was said to be.
     cross join lateral (
           select (e.before ->> 'suggested')::bigint as suggested,
                  (e.before ->> 'identified')::bigint as identified,
                  (e.before ->> 'similarity')::double precision as similarity,
                  (e.after ->> 'identified')::bigint as identified_now,
                  (e.after ->> 'similarity')::double precision as similarity_now
           ) as facts
     order by said.face_id, said.decided_by, said.decision_id desc
$$;

-- The words on faces of which several operators said something.
create table console.face_shared (
    face_id    bigint      not null,
    operator   text        not null,
    decided_at timestamptz not null,
    -- What was said, and of whom: two are alike where this is the same.
    word       text        not null,
    primary key (face_id, operator)
);

create index face_shared_operator on console.face_shared (operator, decided_at);

-- Faces of which it is known who they are, or are not: several operators said the same, or an admin did, and nobody said else.
create table console.face_known (
    face_id     bigint           primary key,
    judgement   text             not null,
    person_id   bigint,
    -- Who was proposed, and how similar they are: 0.5 to 0.85, as of a face that waits.
    proposed_id bigint           not null,
    similarity  double precision not null,
    queue       text             not null,
    said_by     text[]           not null,
    settled_at  timestamptz      not null
);

create index face_known_similarity on console.face_known (queue, similarity);

-- Makes both tables what the words on these faces come to.
create function console.settle_words(faces bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
    delete from console.face_shared as s where s.face_id = any (faces);
    insert into console.face_shared (face_id, operator, decided_at, word)
    select said.face_id, said.decided_by, said.decided_at, concat_ws(' ', said.judgement, said.person_id)
      from (
          select w.*, count(*) over (partition by w.face_id) as operators from console.face_words(faces) as w
      ) as said
     where said.operators > 1;

    delete from console.face_known as k where k.face_id = any (faces);
    insert into console.face_known
    select agreed.face_id, agreed.judgement, agreed.person_id, agreed.proposed_id, near.similarity,
           case when near.similarity >= 0.7 then 'suggested' else 'near' end,
           agreed.said_by, agreed.settled_at
      from (
          select w.face_id, min(w.judgement) as judgement, min(w.person_id) as person_id, min(w.proposed_id) as proposed_id,
                 min(w.similarity) as similarity, array_agg(w.decided_by) as said_by, max(w.decided_at) as settled_at
            from console.face_words(faces) as w
           group by w.face_id
          having count(distinct concat_ws(' ', w.judgement, w.person_id)) = 1
             and (count(*) > 1 or bool_or(w.is_admin))
             and min(w.judgement) <> 'no_face'
      ) as agreed
     cross join lateral (
           select coalesce(
                      agreed.similarity,
                      (select 1 - (f.embedding <=> e.embedding)
                         from media_detected_faces as f
                         join user_face_embeddings as e on e.user_id = agreed.proposed_id and e.is_active
                        where f.id = agreed.face_id)) as similarity
           ) as near
     where agreed.proposed_id is not null
       and near.similarity between 0.5 and 0.85;
end
$$;

create function console.settle_decided() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.settle_words(array(select n.face_id from new_rows as n));
    return null;
end
$$;

create trigger console_settle_decided after insert on console.face_decided
    referencing new table as new_rows
    for each statement execute function console.settle_decided();

select console.settle_words(array(select distinct face_id from console.face_decided));

-- Whether an answer goes together with what is known.
create function console.is_right(known text, known_person bigint, said text, person bigint) returns boolean
language sql immutable parallel safe
return case known
           when 'is' then said = 'is' and person = known_person or said = 'is_not' and person is distinct from known_person
           when 'is_not' then said <> 'is' or person is distinct from known_person
           else said in ('is_not', 'nobody')
       end;

-- Faces that can be control items of this operator: known without them, as they were left, none of whose photo waits, and with
-- somebody to propose who could be named. At most `at_most`, in no order, of similarities between `low` and `high`.
create function console.control_choices(queue text, low double precision, high double precision, people bigint[], at_most integer)
    returns setof console.face_known
language sql volatile set search_path = pg_catalog, pg_temp
as $$
    with start as materialized (
        select low + random() * (high - low) as similarity
    ),
    near as (
        (select k.*
           from console.face_known as k
          where k.queue = control_choices.queue
            and k.similarity >= (select start.similarity from start)
            and k.similarity <= high
          order by k.similarity
          limit 60)
         union all
        (select k.*
           from console.face_known as k
          where k.queue = control_choices.queue
            and k.similarity >= low
            and k.similarity < (select start.similarity from start)
          order by k.similarity desc
          limit 60)
    )
    select k.*
      from near as k
     cross join console.face_control_rule as r
      join public.media_detected_faces as f on f.id = k.face_id
     where session_user::text <> all (k.said_by)
       and (people is null or k.proposed_id = any (people))
       and (cardinality(k.said_by) > 1 or k.settled_at < clock_timestamp() - make_interval(days => r.settled_days))
       and case k.judgement
               when 'is' then f.status = 'CONFIRMED' and f.identified_user_id = k.person_id
               else f.status = 'UNIDENTIFIED'
           end
       and not exists (
               select from console.face_control as c where c.operator = session_user::text collate "default" and c.face_id = k.face_id)
       and not exists (select from console.face_conflict as c where c.face_id = k.face_id)
       and not exists (select from console.face_near as n where n.media_id = f.media_id)
       and not exists (
               select
                 from public.media_detected_faces as other
                where other.media_id = f.media_id
                  and other.id <> f.id
                  and (other.status = 'SUGGESTED' or other.identified_user_id = k.proposed_id))
       and exists (select from public.users as u where u.user_id = k.proposed_id and u.account_status = 'ACTIVE')
       and exists (
               select
                 from public.media_ai_insights as i
                where i.media_id = f.media_id
                  and (console.operator_rank() = 3 or i.status <> 'UNSAFE' and i.is_safe is not false))
     order by random()
     limit at_most
$$;

-- Somebody else who comes near to a face that is known, to be proposed wrongly.
create function console.wrong_person(known console.face_known, low double precision, high double precision)
    returns table (person_id bigint, similarity double precision)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select c.user_id, c.similarity
      from console.face_candidates(known.face_id, 9) as c
     where c.user_id <> known.person_id
       and c.similarity between low and high
       and not exists (
               select
                 from public.media_detected_faces as f
                 join public.media_detected_faces as other on other.media_id = f.media_id
                where f.id = known.face_id
                  and other.identified_user_id = c.user_id)
     order by c.similarity desc
     limit 1
$$;

-- The face of a page before which a control item can stand: in an order by similarity, of which two digits are shown, where it would
-- be; among the newest any. Null where others stand there already, or where it would be on an earlier page.
create function console.control_place(sort text, page console.waiting_face[], person bigint, similarity double precision)
    returns bigint
language sql volatile set search_path = pg_catalog, pg_temp
as $$
    with own as (
        select round(control_place.similarity::numeric, 2) as digits
    ),
    follower as (
        select w.face_id, w.person_id, w.turn, w.digits,
               case control_place.sort
                   when 'uncertain' then w.similarity >= control_place.similarity
                   else w.similarity <= control_place.similarity
               end as is_after,
               lag(w.digits) over (
                   partition by case control_place.sort when 'impact' then w.person_id end
                   order by w.turn
               ) as digits_before
          from (
              select w.face_id, w.person_id, w.turn, w.similarity, round(w.similarity::numeric, 2) as digits
                from unnest(page) with ordinality as w (face_id, media_id, person_id, similarity, impact, turn)
          ) as w
    )
    select f.face_id
      from follower as f
     cross join own
     where case control_place.sort
               when 'newest' then true
               when 'uncertain' then f.digits >= own.digits and coalesce(f.digits_before, own.digits) <= own.digits
               else f.digits <= own.digits and coalesce(f.digits_before, own.digits) >= own.digits
           end
       and (control_place.sort <> 'impact'
            or f.person_id = control_place.person and (f.turn > 1 or f.digits >= own.digits - 0.01))
       and f.face_id <> all (array(
               select c.ahead_of from console.shown_control as c where c.is_open and c.sort = control_place.sort))
     order by case when control_place.sort = 'newest' then random() end, f.is_after desc, f.turn
     limit 1
$$;

-- Puts control items among the faces of a page, where they would stand if they waited: as many as the rule says, with those that
-- stand there already. One whose neighbour waits no longer, or that stood in another order, gets a new place before others do.
create function console.plan_controls(queue text, sort text, page console.waiting_face[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    wanted double precision;
    low    double precision := case queue when 'near' then 0.5 else 0.7 end;
    high   double precision := case queue when 'near' then 0.7 else 0.85 end;
    people bigint[];
    chosen record;
    wrong  record;
    place  bigint;
begin
    select cardinality(page) * r.share
           - (select count(*)
                from console.shown_control as c
                join unnest(page) as w on w.face_id = c.ahead_of
               where c.is_open
                 and c.queue = plan_controls.queue
                 and c.sort = plan_controls.sort)
      into wanted
      from console.face_control_rule as r;
    wanted := floor(wanted) + (random() < wanted - floor(wanted))::integer;
    -- Two digits of the similarity are shown: out of order a face would be noticed.
    if sort <> 'newest' then
        select greatest(low, round(min(w.similarity)::numeric, 2) - 0.005),
               least(high, round(max(w.similarity)::numeric, 2) + 0.005)
          into low, high
          from unnest(page) as w;
    end if;
    if sort = 'impact' then
        people := array(select distinct w.person_id from unnest(page) as w);
    end if;
    if wanted < 1 or low > high then
        return;
    end if;
    for chosen in
        select c.face_id, c.person_id, c.similarity, null::console.face_known as known
          from console.shown_control as c
          join public.media_detected_faces as f on f.id = c.face_id and f.xmin::text = c.planned_version
         where c.is_open
           and c.queue = plan_controls.queue
           and c.similarity between low and high
           and (people is null or c.person_id = any (people))
           and (c.sort <> plan_controls.sort
                or not exists (select from public.media_detected_faces as w where w.id = c.ahead_of and w.status = 'SUGGESTED')
                   and not exists (select from console.face_near as w where w.face_id = c.ahead_of))
         union all
        select k.face_id, k.proposed_id, k.similarity, k
          from console.control_choices(queue, low, high, people, 3 * wanted::integer) as k
    loop
        exit when wanted < 1;
        if (chosen.known).judgement = 'is' and people is null and random() < 0.5 then
            select * into wrong from console.wrong_person(chosen.known, low, high);
            if found then
                chosen.person_id := wrong.person_id;
                chosen.similarity := wrong.similarity;
            end if;
        end if;
        place := console.control_place(sort, page, chosen.person_id, chosen.similarity);
        continue when place is null;
        insert into console.face_control as c (
                   operator, face_id, queue, person_id, similarity, known_judgement, known_person, version, ahead_of, sort)
        select session_user, f.id, plan_controls.queue, chosen.person_id, chosen.similarity,
               (chosen.known).judgement, (chosen.known).person_id, f.xmin::text, place, plan_controls.sort
          from public.media_detected_faces as f
         where f.id = chosen.face_id
           and (chosen.known).face_id is not null
            on conflict do nothing;
        update console.face_control as c
           set ahead_of = place, sort = plan_controls.sort
         where c.operator = session_user::text collate "default"
           and c.face_id = chosen.face_id
           and (c.ahead_of, c.sort) is distinct from (place, plan_controls.sort);
        wanted := wanted - 1;
    end loop;
end
$$;

alter function console.waiting_faces(
    text, text, bigint, bigint, bigint[], integer, bigint, double precision, bigint, text, integer)
    rename to queued_faces;

-- As `queued_faces`, with control items among them where the queue is not limited to anything. The last one is never one of
-- these, so that the next window starts behind a face that waits.
create function console.waiting_faces(
    queue text, sort text, person bigint, uploader bigint, media bigint[], after_impact integer, after_person bigint,
    after_certainty double precision, after_face bigint, holder text, at_most integer)
    returns setof console.waiting_face
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    page console.waiting_face[] := array(
        select f
          from console.queued_faces(
                   queue, sort, person, uploader, media, after_impact, after_person, after_certainty, after_face, holder, at_most)
               as f);
begin
    if page = '{}' or coalesce(person, uploader) is not null or media is not null then
        return query select * from unnest(page);
        return;
    end if;
    perform console.plan_controls(queue, sort, page);
    return query
        with listed as (
            select all_of.*, row_number() over (order by all_of.turn, all_of.is_real) as place
              from (
                  select w.*, true as is_real
                    from unnest(page) with ordinality as w (face_id, media_id, person_id, similarity, impact, turn)
                   union all
                  (select distinct on (w.turn) f.id, f.media_id, c.person_id, c.similarity, w.impact, w.turn, false
                     from unnest(page) with ordinality as w (face_id, media_id, person_id, similarity, impact, turn)
                     join console.shown_control as c
                       on c.ahead_of = w.face_id
                      and c.is_open
                      and c.queue = waiting_faces.queue
                      and c.sort = waiting_faces.sort
                     join public.media_detected_faces as f on f.id = c.face_id and f.xmin::text = c.planned_version
                    order by w.turn, f.id)
              ) as all_of
        )
        select l.face_id, l.media_id, l.person_id, l.similarity, l.impact
          from listed as l
         where case
                   when l.is_real then
                       l.place <= at_most
                       or l.place = at_most + 1 and not (select c.is_real from listed as c where c.place = at_most)
                   else l.place < at_most
               end
         order by l.place;
end
$$;

alter function console.count_waiting_faces(bigint, bigint, bigint[]) rename to count_queued_faces;

-- As `count_queued_faces`, with the control items that seem to wait.
create function console.count_waiting_faces(
    person bigint, uploader bigint, media bigint[], out suggested bigint, out near bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    select c.suggested, c.near into suggested, near from console.count_queued_faces(person, uploader, media) as c;
    if coalesce(person, uploader) is not null or media is not null or suggested + near = 0 then
        return;
    end if;
    select suggested + count(*) filter (where c.queue = 'suggested' and suggested > 0),
           near + count(*) filter (where c.queue = 'near' and near > 0)
      into suggested, near
      from console.shown_control as c
      join public.media_detected_faces as f on f.id = c.face_id and f.xmin::text = c.planned_version
     where c.is_open;
end
$$;

-- A face as it waits in the first two queues; who is proposed is null where it waits in neither.
create or replace function console.waiting_face_now(face bigint) returns setof console.waiting_face
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select f.face_id,
           f.media_id,
           case
               when c.face_id is not null then case when c.is_open then c.person_id end
               when f.status = 'SUGGESTED' then f.suggested_user_id
               else n.person_id
           end,
           case
               when c.face_id is not null then case when c.is_open then c.similarity end
               when f.status = 'SUGGESTED' then console.certainty(f.confidence_score)
               else n.similarity
           end,
           0
      from console.seen_face as f
      left join console.face_near as n on n.face_id = waiting_face_now.face
      left join console.shown_control as c on c.face_id = waiting_face_now.face and c.version = f.version
     where f.face_id = waiting_face_now.face
       and console.operator_rank() >= 2
$$;

-- Who decided last, for the operator who comes too late.
alter function console.last_verdict(bigint) rename to last_real_verdict;

create function console.last_verdict(face bigint, out decided_by text, out person_id bigint, out judgement text)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with own as materialized (
        select session_user::text as decided_by,
               case when c.judgement in ('is', 'is_not') then c.said_person end as person_id,
               c.judgement
          from console.shown_control as c
          join public.media_detected_faces as f on f.id = c.face_id and f.xmin::text = c.planned_version
         where c.face_id = last_verdict.face
           and not c.is_open
    )
    select * from own
     union all
    select *
      from console.last_real_verdict(last_verdict.face)
     where not exists (select from own)
$$;

-- Writes down what is said of those of the faces that are control items, in the version that was seen; which decision that is.
create function console.answer_controls(faces bigint[], versions text[], judgement text, person bigint) returns bigint[]
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    control   record;
    whom      bigint;
    score     double precision;
    entry     bigint;
    decision  bigint;
    decisions bigint[] := '{}';
begin
    for control in
        select f.*, console.seen_facts(f) as facts, c.known_judgement, c.known_person
          from unnest(faces, versions) as seen (id, version)
          join console.seen_face as f on f.face_id = seen.id and f.version = seen.version
          join console.shown_control as c on c.face_id = seen.id and c.version = seen.version
         where f.face_id = any (array(
                   select own.face_id
                     from console.face_control as own
                    where own.operator = session_user::text collate "default"
                      and own.face_id = any (faces)))
         order by f.face_id
    loop
        whom := case
            when judgement = 'is' then person
            else coalesce(control.suggested_user_id, control.identified_user_id, person)
        end;
        score := case
            when judgement = 'is' and whom is distinct from control.suggested_user_id
                then console.face_similarity(control.face_id, whom)
            else control.confidence_score
        end;
        entry := console.append_audit(
            case judgement when 'is' then 'faces.confirm' when 'is_not' then 'faces.reject' else 'faces.' || judgement end,
            'face', control.face_id, control.facts,
            control.facts || jsonb_build_object(
                'status', case judgement when 'is' then 'CONFIRMED' else 'UNIDENTIFIED' end,
                'identified', case judgement when 'is' then whom end, 'suggested', null, 'similarity', score));
        insert into console.face_decision (judgement, person_id, faces) values (answer_controls.judgement, whom, 1)
     returning id into decision;
        insert into console.face_control_answer (
                   decision_id, audit_id, operator, face_id, judgement, person_id, similarity, is_right)
        values (decision, entry, session_user, control.face_id, answer_controls.judgement,
                case when answer_controls.judgement in ('is', 'is_not') then whom end, score,
                console.is_right(control.known_judgement, control.known_person, answer_controls.judgement, whom));
        update console.face_control as c
           set is_open = false
         where c.operator = session_user::text collate "default"
           and c.face_id = control.face_id;
        decisions := array_append(decisions, decision);
    end loop;
    if decisions <> '{}' then
        perform console.settle_words(array(
            select a.face_id from console.face_control_answer as a where a.decision_id = any (decisions)));
    end if;
    return decisions;
end
$$;

-- Says the same of faces, those that are still in the version that was seen: `is` that `person`, `is_not` that one (or, without
-- one, not whom it is said to be), `nobody`, `no_face`. Each that was decided, with its entry in the log.
create function console.decide_faces(
    faces bigint[], versions text[], judgement text, person bigint,
    out decision_id bigint, out face_id bigint, out audit_id bigint)
returns setof record
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    answered bigint[];
    written  bigint;
begin
    perform console.require_moderator();
    answered := console.answer_controls(faces, versions, judgement, person);
    return query
        select a.decision_id, a.face_id, a.audit_id from console.face_control_answer as a where a.decision_id = any (answered);
    if cardinality(answered) = cardinality(faces) then
        return;
    end if;

    if judgement = 'is' then
        update console.face as f
           set identified_user_id = decide_faces.person,
               suggested_user_id  = null,
               confidence_score   = case
                                        when f.suggested_user_id = decide_faces.person then f.confidence_score
                                        else console.face_similarity(f.face_id, decide_faces.person)
                                    end,
               status             = 'CONFIRMED'
          from unnest(faces, versions) as seen (id, version)
         where f.face_id = seen.id
           and f.version = seen.version;
        get diagnostics written = row_count;
    else
        perform set_config('console.judgement', judgement, true), set_config('console.person', coalesce(person::text, ''), true);
        update console.face as f
           set identified_user_id = null,
               suggested_user_id  = null,
               status             = 'UNIDENTIFIED'
          from unnest(faces, versions) as seen (id, version)
         where f.face_id = seen.id
           and f.version = seen.version;
        get diagnostics written = row_count;
        perform set_config('console.judgement', '', true), set_config('console.person', '', true);
    end if;
    if written > 0 then
        return query select d.decision_id, d.face_id, d.audit_id from console.own_decision() as d;
    end if;
end
$$;

-- Takes the operator's newest decision back, as `undo_decided` does; where it was about a control item, that seems to wait again.
alter function console.undo_faces() rename to undo_decided;

create function console.undo_faces() returns setof console.face_undone
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    last     console.face_decision;
    control  bigint;
    before   console.seen_face;
    now      console.seen_face;
    is_shown boolean;
begin
    perform console.require_moderator();
    perform pg_advisory_xact_lock(66, hashtext(session_user::text));
    select * into last from console.undoable_decision();
    select a.face_id into control from console.face_control_answer as a where a.decision_id = last.id;
    if not found then
        return query select * from console.undo_decided();
        return;
    end if;
    perform console.lock_photos(array(select f.media_id from public.media_detected_faces as f where f.id = control));
    select exists (
               select
                 from console.shown_control as c
                 join public.media_detected_faces as f on f.id = c.face_id and f.xmin::text = c.planned_version
                where c.face_id = control)
      into is_shown;
    select * into before from console.seen_face as f where f.face_id = control;
    insert into console.face_decision (judgement, person_id, faces, undoes)
    values ('undo', last.person_id, is_shown::integer, last.id);
    update console.face_control as c
       set is_open = not exists (
               select
                 from console.face_control_answer as a
                where a.operator = c.operator
                  and a.face_id = c.face_id
                  and not exists (select from console.face_decision as undo where undo.undoes = a.decision_id))
     where c.operator = session_user::text collate "default"
       and c.face_id = control;
    select * into now from console.seen_face as f where f.face_id = control;
    if is_shown then
        perform console.append_audit('faces.undo', 'face', control, console.seen_facts(before), console.seen_facts(now));
    end if;
    perform console.settle_words(array[control]);
    return next row(last.id, last.judgement, control, case when is_shown then 'done' else 'gone' end, null)::console.face_undone;
end
$$;

-- What operators did between two moments is read in the order of time.
create index face_decision_time on console.face_decision (decided_by, decided_at) include (id, judgement, faces, undoes);

-- The operator's own acts of a time, in their order: how many faces each decided, 0 where it was taken back or takes something
-- back; and the seconds since the act before, where that was no more than a pause of 5 minutes.
create function console.own_work(
    since timestamptz, until timestamptz, out at timestamptz, out faces integer, out seconds double precision)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with act as (
        select d.id, d.decided_at, d.faces, d.judgement,
               d.decided_at - lag(d.decided_at) over (order by d.decided_at, d.id) as gap
          from console.face_decision as d
         where d.decided_by = session_user::text collate "default"
           and d.decided_at >= own_work.since
           and d.decided_at < own_work.until
    ),
    undo as (
        select d.undoes
          from console.face_decision as d
         where d.decided_by = session_user::text collate "default"
           and d.decided_at >= own_work.since
           and d.undoes is not null
    )
    select act.decided_at,
           case when act.judgement = 'undo' or undo.undoes is not null then 0 else act.faces end,
           case when act.gap <= interval '5 minutes' then extract(epoch from act.gap)::double precision end
      from act
      left join undo on undo.undoes = act.id
     where console.operator_rank() >= 2
     order by act.decided_at, act.id
$$;

-- Of whom an operator may see how right they are: admins of all, others of themselves.
create function console.measured_operators() returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select u.username::text
      from public.users as u
     where u.role in ('ADMIN', 'MODERATOR')
       and case console.operator_rank()
               when 3 then true
               when 2 then u.username = session_user::text collate "default"
               else false
           end
$$;

-- Up to when answers are looked at: were they of today, one could see by the number which face was a control item.
create function console.measured_until() returns timestamptz
language sql stable
return date_trunc('day', now(), 'UTC');

-- How many control items were answered, and rightly, in each week (Monday, UTC) since a moment.
create function console.control_weeks(
    since timestamptz, out operator text, out week timestamptz, out answered bigint, out correct bigint)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select o.operator, date_trunc('week', a.answered_at, 'UTC') as week, count(*), count(*) filter (where a.is_right)
      from console.measured_operators() as o (operator)
     cross join lateral (
           select distinct on (a.face_id) a.answered_at, a.is_right
             from console.face_control_answer as a
            where a.operator = o.operator
              and a.answered_at >= control_weeks.since
              and a.answered_at < console.measured_until()
              and not exists (select from console.face_decision as undo where undo.undoes = a.decision_id)
            order by a.face_id, a.decision_id desc
           ) as a
     group by o.operator, week
     order by o.operator, week
$$;

-- How far operators and the others agree since a moment: on how many faces, and of the pairs of words (the operator's and
-- another's on the same face) how many there are, how many are alike, and how many would be by chance.
create function console.word_agreement(
    since timestamptz, out operator text, out faces bigint, out pairs bigint, out alike bigint, out by_chance double precision)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with pair as materialized (
        select o.operator, own.face_id, own.word as own_word, other.word as other_word
          from console.measured_operators() as o (operator)
          join console.face_shared as own
            on own.operator = o.operator
           and own.decided_at >= word_agreement.since
           and own.decided_at < console.measured_until()
          join console.face_shared as other on other.face_id = own.face_id and other.operator <> own.operator
    ),
    total as (
        select p.operator, count(distinct p.face_id) as faces, count(*) as pairs,
               count(*) filter (where p.own_word = p.other_word) as alike
          from pair as p
         group by p.operator
    ),
    own as (
        select p.operator, p.own_word as word, count(*) as times from pair as p group by p.operator, p.own_word
    ),
    other as (
        select p.operator, p.other_word as word, count(*) as times from pair as p group by p.operator, p.other_word
    )
    select t.operator, t.faces, t.pairs, t.alike,
           coalesce(
               (select sum(own.times::double precision * other.times)
                  from own
                  join other using (operator, word)
                 where own.operator = t.operator), 0) / t.pairs
      from total as t
     order by t.operator
$$;

revoke execute on function
    console.seen_facts(console.seen_face), console.face_words(bigint[]), console.settle_words(bigint[]),
    console.settle_decided(), console.is_right(text, bigint, text, bigint),
    console.control_choices(text, double precision, double precision, bigint[], integer),
    console.wrong_person(console.face_known, double precision, double precision),
    console.control_place(text, console.waiting_face[], bigint, double precision),
    console.plan_controls(text, text, console.waiting_face[]),
    console.queued_faces(text, text, bigint, bigint, bigint[], integer, bigint, double precision, bigint, text, integer),
    console.waiting_faces(text, text, bigint, bigint, bigint[], integer, bigint, double precision, bigint, text, integer),
    console.count_queued_faces(bigint, bigint, bigint[]), console.count_waiting_faces(bigint, bigint, bigint[]),
    console.last_verdict(bigint), console.last_real_verdict(bigint),
    console.answer_controls(bigint[], text[], text, bigint), console.decide_faces(bigint[], text[], text, bigint),
    console.undo_faces(), console.undo_decided(), console.own_decision(),
    console.own_work(timestamptz, timestamptz), console.measured_operators(), console.measured_until(),
    console.control_weeks(timestamptz), console.word_agreement(timestamptz)
    from public, kaleidoscope_moderator;
grant execute on function
    console.waiting_faces(text, text, bigint, bigint, bigint[], integer, bigint, double precision, bigint, text, integer),
    console.count_waiting_faces(bigint, bigint, bigint[]), console.last_verdict(bigint),
    console.decide_faces(bigint[], text[], text, bigint), console.undo_faces(),
    console.own_work(timestamptz, timestamptz), console.control_weeks(timestamptz), console.word_agreement(timestamptz)
    to kaleidoscope_moderator;
grant select, update (share, settled_days) on console.face_control_rule to kaleidoscope_admin;
