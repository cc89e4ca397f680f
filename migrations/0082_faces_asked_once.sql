-- What was answered is not asked again: a face whose box or vector the AI has found a little differently is the face that it was, a
-- suggestion that was turned down is none, and one decision that removes what two faces have against each other settles both.

-- Whether this is a box at all: four numbers, and sides longer than nothing.
create function console.is_stored_box(box integer[]) returns boolean
language sql immutable parallel safe
return coalesce(
    cardinality(box) = 4 and array_ndims(box) = 1 and array_position(box, null) is null and box[3] > 0 and box[4] > 0,
    false);

-- Whether a face with this box may be where it was: it is not, once it was found well away from there.
create function console.is_same_place(one integer[], other integer[]) returns boolean
language sql immutable parallel safe
return one = other
       or not console.is_stored_box(one)
       or not console.is_stored_box(other)
       or console.box_overlap(one, other) >= 0.25;

-- As before; faces without a usable box or vector are told by the other of the two.
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
               or alike.similarity >= 0.95
                  and (v.judgement <> 'no_face'
                       or alike.overlap > 0
                       or not console.is_stored_box(f.bbox) and not console.is_stored_box(place.bbox))
               or alike.similarity >= 0.7 and alike.overlap >= 0.5
               or alike.similarity >= 0.5 and alike.overlap >= 0.7
               or alike.overlap >= 0.7 and v.judgement = 'no_face'
               -- A vector without length is similar to nothing.
               or alike.overlap >= 0.7
                  and public.vector_norm(f.embedding) < 0.001
                  and public.vector_norm(place.embedding) < 0.001
               or f.embedding operator(public.=) place.embedding and f.bbox = place.bbox)
        order by f.id = v.face_id desc, alike.similarity desc nulls last, alike.overlap desc nulls last, f.id
        limit 1
       ) as here
 where not exists (select from console.face_decision as undo where undo.undoes = v.decision_id);

-- Whether somebody is still to be asked if a face is this person, or anybody where that is null: not once it is known who it is, or
-- that it is nobody or no face, or not this one; and not while the person's account is not active. The row may say otherwise: the AI
-- has run again, and matching has not come to it yet.
create function console.is_to_ask(face bigint, photo bigint, person bigint) returns boolean
language plpgsql stable cost 10
as $$
begin
    if exists (select from public.users as u where u.user_id = person and u.account_status <> 'ACTIVE') then
        return false;
    end if;
    -- Of most photos nobody has said anything, and that is quickly seen.
    if not exists (select from console.face_verdict as v where v.media_id = photo) then
        return true;
    end if;
    -- Where all faces of which something was said still have their rows, none of these need be looked at.
    if not exists (
           select
             from console.face_verdict as v
            where v.media_id = photo
              and not exists (
                      select from public.media_detected_faces as f where f.id = v.face_id and f.media_id = photo)) then
        return not exists (
            select
              from (
                  select distinct on (v.person_id) v.person_id, v.judgement
                    from console.face_verdict as v
                   where v.face_id = face
                     and v.media_id = photo
                     and not exists (select from console.face_decision as undo where undo.undoes = v.decision_id)
                     and (v.judgement <> 'no_face'
                          or not exists (
                              select
                                from console.box_act as b
                               where b.face_id = v.face_id
                                 and b.act <> 'delete'
                                 and b.audit_id > v.audit_id))
                   order by v.person_id, v.id desc
              ) as said
              left join public.users as u on u.user_id = said.person_id
             where case said.judgement
                       when 'is_not' then said.person_id = person
                       when 'is' then u.account_status <> 'DELETED'
                       else true
                   end);
    end if;
    return not exists (
        select
          from console.standing_verdict as v
          left join public.users as u on u.user_id = v.person_id
         where v.media_id = photo
           and v.face_id = face
           and case v.judgement
                   when 'is_not' then v.person_id = person
                   when 'is' then u.account_status <> 'DELETED'
                   else true
               end);
end
$$;

-- Whom operators have turned down for a face.
create function console.turned_down(face bigint) returns bigint[]
language plpgsql stable
as $$
declare
    photo bigint := (select f.media_id from public.media_detected_faces as f where f.id = face);
begin
    return array(
        select v.person_id
          from console.standing_verdict as v
         where v.media_id = photo
           and v.face_id = face
           and v.judgement = 'is_not');
end
$$;

-- As before, without those of which nobody is to be asked. That is compared as a number: of a boolean the planner believes that it
-- leaves out most rows, and would read many more than a page.
create or replace function console.queued_faces(
    queue text, sort text, person bigint, uploader bigint, media bigint[], after_impact integer, after_person bigint,
    after_certainty double precision, after_face bigint, holder text, at_most integer)
    returns setof console.waiting_face
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank      integer := console.operator_rank();
    of_near   boolean := queue = 'near';
    is_impact boolean := sort = 'impact' and person is null;
    certainty text := case when of_near then 'f.similarity' else 'console.certainty(f.confidence_score)' end;
    id        text := case when of_near then 'f.face_id' else 'f.id' end;
    whose     text := case when of_near then 'f.person_id' else 'f.suggested_user_id' end;
    many      text := case when of_near then 'w.near' else 'w.suggested' end;
    place     text;
    sorted    text;
    faces     text;
begin
    if rank < 2 then
        return;
    end if;
    place := case
        when sort = 'newest' then format('%s < $7', id)
        when sort = 'uncertain' then format('%1$s >= $6 and (%1$s > $6 or %2$s < $7)', certainty, id)
        else format('%1$s <= $6 and (%1$s < $6 or %2$s > $7)', certainty, id)
    end;
    sorted := case
        when sort = 'newest' then format('%s desc', id)
        when sort = 'uncertain' then format('%s asc, %s desc', certainty, id)
        else format('%s desc, %s', certainty, id)
    end;
    faces := format(
        $query$
        select %1$s as face_id, f.media_id, %2$s as person_id, %3$s as similarity, %4$s as impact
          from %5$s as f
         where %6$s
           and %7$s
           and %8$s
           and %9$s
           and %10$s
           and console.is_to_ask(%1$s, f.media_id, %2$s)::integer <> 0
           and not exists (
               select
                 from console.face_lease as l
                where l.face_id = %1$s
                  and l.holder is distinct from $8
                  and l.until > clock_timestamp())
         order by %11$s
         limit $9
        $query$,
        id, whose, certainty, case when is_impact then many else '0' end,
        case when of_near then 'console.face_near' else 'public.media_detected_faces' end,
        case when of_near then 'true' else $status$f.status = 'SUGGESTED'$status$ end,
        case when is_impact then whose || ' = w.person_id' when person is null then 'true' else whose || ' = $1' end,
        case
            when after_face is null then 'true'
            when is_impact then format('(%s < $4 or w.person_id > $5 or %s)', many, place)
            else place
        end,
        case
            when uploader is not null then
                'f.media_id in (select m.media_id from public.posts as p join public.post_media as m using (post_id) where p.user_id = $2)'
            when media is not null then 'f.media_id = any ($3)'
            else 'true'
        end,
        case
            when rank = 3 then 'true'
            else $safe$exists (
                select
                  from public.media_ai_insights as i
                 where i.media_id = f.media_id
                   and i.status <> 'UNSAFE'
                   and i.is_safe is not false)$safe$
        end,
        sorted);
    if is_impact then
        perform console.count_waiting();
        -- One person after the other, each with no more faces than are asked for.
        faces := format(
            $query$
            select f.face_id, f.media_id, f.person_id, f.similarity, f.impact
              from console.person_waiting as w
             cross join lateral (%2$s) as f
             where %1$s > 0
               and exists (select from public.users as u where u.user_id = w.person_id and u.account_status = 'ACTIVE')
               and ($7 is null or %1$s <= $4 and (%1$s < $4 or w.person_id >= $5))
             order by %1$s desc, w.person_id, f.similarity desc, f.face_id
             limit $9
            $query$,
            many, faces);
    end if;
    return query execute faces
      using person, uploader, media, after_impact, after_person, after_certainty, after_face, holder,
            least(greatest(at_most, 0), 500);
end
$$;

create index console_users_inactive on public.users (user_id) where account_status <> 'ACTIVE';

-- `hidden`: what moderators are not asked, because it is on unsafe media or the account is not active; `inactive`: the latter, which
-- nobody is asked.
alter table console.person_waiting_age
    add column inactive_suggested bigint not null default 0,
    add column inactive_near      bigint not null default 0;

update console.person_waiting_age set counted_at = '-infinity';

-- As before, with what waits for an account.
create or replace function console.count_waiting() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform from console.person_waiting_age where counted_at > clock_timestamp() - interval '1 minute';
    if found or not pg_try_advisory_xact_lock(67) then
        return;
    end if;
    with waiting as (
        select person_id, sum(suggested)::integer as suggested, sum(near)::integer as near
          from (
              select suggested_user_id as person_id, count(*) as suggested, 0 as near
                from public.media_detected_faces
               where status = 'SUGGESTED'
                 and suggested_user_id is not null
               group by suggested_user_id
               union all
              select person_id, 0, count(*) from console.face_near group by person_id
          ) as counted
         group by person_id
    ),
    gone as (
        delete from console.person_waiting as p
         where not exists (select from waiting as w where w.person_id = p.person_id)
    )
    insert into console.person_waiting as p (person_id, suggested, near)
    select person_id, suggested, near from waiting
        on conflict (person_id) do update set suggested = excluded.suggested, near = excluded.near
     where (p.suggested, p.near) is distinct from (excluded.suggested, excluded.near);
    with inactive as materialized (
        select u.user_id from public.users as u where u.account_status <> 'ACTIVE'
    ),
    unsafe as materialized (
        select i.media_id from public.media_ai_insights as i where i.status = 'UNSAFE' or i.is_safe is false
    ),
    counted as (
        select (select count(*)
                  from public.media_detected_faces as f
                 where f.status = 'SUGGESTED'
                   and f.suggested_user_id in (select user_id from inactive)) as inactive_suggested,
               (select count(*) from console.face_near as n where n.person_id in (select user_id from inactive)) as inactive_near,
               (select count(*)
                  from public.media_detected_faces as f
                 where f.status = 'SUGGESTED'
                   and f.media_id in (select media_id from unsafe)
                   and not exists (select from inactive as u where u.user_id = f.suggested_user_id)) as unsafe_suggested,
               (select count(*)
                  from console.face_near as n
                 where n.media_id in (select media_id from unsafe)
                   and not exists (select from inactive as u where u.user_id = n.person_id)) as unsafe_near
    )
    update console.person_waiting_age
       set counted_at = clock_timestamp(),
           inactive_suggested = c.inactive_suggested,
           inactive_near = c.inactive_near,
           hidden_suggested = c.inactive_suggested + c.unsafe_suggested,
           hidden_near = c.inactive_near + c.unsafe_near
      from counted as c;
end
$$;

-- How many wait in both queues. Of more than 20,000 the number of those that are not asked may be a minute old: looking it up takes
-- longer than counting the rest.
create or replace function console.count_queued_faces(
    person bigint, uploader bigint, media bigint[], out suggested bigint, out near bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank     integer := console.operator_rank();
    where_is text := case
        when uploader is not null then
            'f.media_id in (select m.media_id from public.posts as p join public.post_media as m using (post_id) where p.user_id = $2)'
        when media is not null then 'f.media_id = any ($3)'
        else 'true'
    end;
    is_inactive text := $inactive$
        exists (
            select from public.users as u where u.user_id = f.%1$I and u.account_status <> 'ACTIVE')
        $inactive$;
    is_unsafe text := $unsafe$
        not exists (
            select from public.users as u where u.user_id = f.%1$I and u.account_status <> 'ACTIVE')
        and f.media_id in (
            select i.media_id
              from public.media_ai_insights as i
             where i.status = 'UNSAFE' or i.is_safe is false)
        $unsafe$;
    counted text := $count$
        select (select count(*)
                  from public.media_detected_faces as f
                 where f.status = 'SUGGESTED' and ($1::bigint is null or f.suggested_user_id = $1) and %1$s and %2$s) as suggested,
               (select count(*)
                  from console.face_near as f
                 where ($1::bigint is null or f.person_id = $1) and %1$s and %3$s) as near
        $count$;
    hidden record;
begin
    if rank < 2 then
        suggested := 0;
        near := 0;
        return;
    end if;
    execute format(counted, where_is, 'true', 'true') into suggested, near using person, uploader, media;
    if suggested + near > 20000 and coalesce(person, uploader) is null and media is null then
        perform console.count_waiting();
        select case rank when 3 then age.inactive_suggested else age.hidden_suggested end as suggested,
               case rank when 3 then age.inactive_near else age.hidden_near end as near
          into hidden
          from console.person_waiting_age as age;
        suggested := suggested - hidden.suggested;
        near := near - hidden.near;
        return;
    end if;
    execute format(counted, where_is, format(is_inactive, 'suggested_user_id'), format(is_inactive, 'person_id'))
       into hidden using person, uploader, media;
    suggested := suggested - hidden.suggested;
    near := near - hidden.near;
    if rank = 2 then
        execute format(counted, where_is, format(is_unsafe, 'suggested_user_id'), format(is_unsafe, 'person_id'))
           into hidden using person, uploader, media;
        suggested := suggested - hidden.suggested;
        near := near - hidden.near;
    end if;
end
$$;

-- As before, those whose account is active.
create or replace function console.people_waiting(queue text, after_faces integer, after_person bigint, at_most integer)
returns table (person_id bigint, faces integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    many text := case when queue = 'near' then 'w.near' else 'w.suggested' end;
begin
    if console.operator_rank() < 2 then
        return;
    end if;
    perform console.count_waiting();
    return query execute format(
        $query$
        select w.person_id, %1$s
          from console.person_waiting as w
         where %1$s > 0
           and exists (select from public.users as u where u.user_id = w.person_id and u.account_status = 'ACTIVE')
           and ($1 is null or %1$s <= $1 and (%1$s < $1 or w.person_id > $2))
         order by %1$s desc, w.person_id
         limit $3
        $query$, many)
      using after_faces, after_person, least(greatest(at_most, 0), 200);
end
$$;

-- As before, without those who were turned down for the face. On a control item it is what this operator has turned down: what others
-- did would tell that it is one.
create or replace function console.face_candidates(face bigint, at_most integer, out user_id bigint, out similarity double precision)
returns setof record
language sql stable security definer
set search_path = pg_catalog, public
set hnsw.ef_search = 120
set enable_sort = off
as $$
    with asked as materialized (
        select f.embedding from media_detected_faces as f where f.id = face and console.operator_rank() >= 2
    ),
    turned_down as materialized (
        select coalesce(own.people, console.turned_down(face)) as people
          from asked
          left join lateral (
               select array_remove(array[case c.judgement when 'is_not' then c.said_person end], null) as people
                 from console.shown_control as c
                where c.face_id = face
               ) as own on true
    ),
    nearest as materialized (
        select e.user_id, e.embedding
          from user_face_embeddings as e
         where e.is_active
         order by (l2_normalize(e.embedding)::halfvec(1024)) <=> (l2_normalize((select embedding from asked))::halfvec(1024))
         limit 40
    )
    select near.user_id, 1 - near.distance
      from (
          select n.user_id, n.embedding <=> (select embedding from asked) as distance from nearest as n
      ) as near
      join users as u on u.user_id = near.user_id and u.account_status = 'ACTIVE'
     where near.distance <> 'NaN'
       and near.user_id <> all ((select people from turned_down)::bigint[])
     order by near.distance, near.user_id
     limit least(greatest(at_most, 0), 40)
$$;

-- Since when it is looked at, or was taken again.
alter table console.face_lease add column taken_at timestamptz not null default clock_timestamp();

-- As before, with when.
create or replace function console.lease_faces(wanted bigint[], holder text) returns setof bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if console.operator_rank() < 2 then
        return;
    end if;
    return query
        with free as materialized (
            select f.id, f.media_id
              from public.media_detected_faces as f
             where f.id = any (wanted)
             order by f.id
               for no key update skip locked
        )
        insert into console.face_lease as l (face_id, media_id, holder, until)
        select free.id, free.media_id, lease_faces.holder, clock_timestamp() + console.lease_time()
          from free
         order by free.id
            on conflict (face_id) do update
           set holder = excluded.holder, operator = excluded.operator, until = excluded.until, taken_at = excluded.taken_at
         where l.holder = excluded.holder
            or l.until <= clock_timestamp()
     returning l.face_id;
end
$$;

-- A window says that it is still there, with what it holds. What of that is free it takes; the rest of what it had is free, but for what it
-- took in the last seconds: it may not have known of that when it said so. And so is what others left behind.
create or replace function console.keep_faces(held bigint[], holder text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    missing bigint[];
begin
    delete from console.face_lease as l
     where l.face_id in (
               select gone.face_id
                 from console.face_lease as gone
                where (gone.holder = keep_faces.holder and gone.operator = session_user::text
                       and gone.face_id <> all (coalesce(held, '{}'))
                       and gone.taken_at < clock_timestamp() - console.lease_time() / 4)
                   or gone.until < clock_timestamp() - interval '1 hour'
                order by gone.face_id
                  for update skip locked);
    update console.face_lease as l
       set until = clock_timestamp() + console.lease_time()
     where l.face_id in (
               select mine.face_id
                 from console.face_lease as mine
                where mine.holder = keep_faces.holder
                  and mine.operator = session_user::text
                  -- A window that says so every second need not be written down every second.
                  and mine.until < clock_timestamp() + console.lease_time() / 2
                order by mine.face_id
                  for update skip locked);
    missing := array(
        select wanted.face_id
          from unnest(held) as wanted (face_id)
         where not exists (
                   select from console.face_lease as l where l.face_id = wanted.face_id and l.until > clock_timestamp()));
    if missing <> '{}' then
        perform console.lease_faces(missing, keep_faces.holder);
    end if;
end
$$;

-- As before, without those of which nobody is to be asked: nothing that was turned down is confirmed with the rest.
create or replace function console.above_line(
    person bigint, queue text, line double precision, holder text,
    out face_id bigint, out media_id bigint, out similarity double precision, out version text)
    returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with above as (
        select f.id, console.certainty(f.confidence_score) as similarity
          from public.media_detected_faces as f
         where above_line.queue = 'suggested'
           and f.status = 'SUGGESTED'
           and f.suggested_user_id = above_line.person
           and console.certainty(f.confidence_score) >= above_line.line
         union all
        select n.face_id, n.similarity
          from console.face_near as n
         where above_line.queue = 'near'
           and n.person_id = above_line.person
           and n.similarity >= above_line.line
    )
    select f.id, f.media_id, above.similarity, f.xmin::text
      from above
      join public.media_detected_faces as f on f.id = above.id
      join public.media_ai_insights as i on i.media_id = f.media_id
     where case console.operator_rank()
               when 3 then true
               when 2 then i.status <> 'UNSAFE' and i.is_safe is not false
               else false
           end
       and console.is_to_ask(f.id, f.media_id, above_line.person)
       and not exists (
           select
             from console.face_lease as l
            where l.face_id = f.id
              and l.holder is distinct from above_line.holder
              and l.until > clock_timestamp())
$$;

create table console.face_line_sample (
    id         bigint           generated always as identity primary key,
    person_id  bigint           not null,
    queue      text             not null check (queue in ('suggested', 'near')),
    similarity double precision not null,
    faces      bigint[]         not null,
    drawn_by   text             not null default session_user,
    drawn_at   timestamptz      not null default clock_timestamp()
);

comment on table console.face_line_sample is 'Append-only: which faces above a line were shown to judge it';

create index face_line_sample_operator on console.face_line_sample (drawn_by, person_id, id desc);

create trigger append_only
    before update or delete or truncate on console.face_line_sample
    for each statement execute function console.refuse_change();

alter table console.face_line add column sample_id bigint references console.face_line_sample;

-- As before; which they are is written down.
create or replace function console.line_sample(person bigint, queue text, line double precision, holder text)
    returns setof console.waiting_face
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    drawn console.waiting_face[] := array(
        select row(a.face_id, a.media_id, line_sample.person, a.similarity, 0)::console.waiting_face
          from console.above_line(person, queue, line, holder) as a
         order by random()
         limit (select r.sample from console.face_line_rule as r));
begin
    if drawn <> '{}' then
        insert into console.face_line_sample (person_id, queue, similarity, faces)
        select line_sample.person, line_sample.queue, line_sample.line, array_agg(d.face_id) from unnest(drawn) as d;
    end if;
    return query select * from unnest(drawn);
end
$$;

-- What a sample has come to by now: on how many of its faces the operator has said something since, and how many are the person
-- by the last word of anybody.
create function console.sample_outcome(sample bigint, out decided integer, out correct integer)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select count(own.face_id), count(own.face_id) filter (where last.judgement = 'is' and last.person_id = s.person_id)
      from console.face_line_sample as s
     cross join unnest(s.faces) as shown (face_id)
      left join lateral (
           select v.face_id
             from console.face_verdict as v
            where v.face_id = shown.face_id
              and v.decided_by = s.drawn_by
              and v.decided_at > s.drawn_at
              and not exists (select from console.face_decision as undo where undo.undoes = v.decision_id)
            limit 1
           ) as own on true
      left join lateral (
           select v.judgement, v.person_id
             from console.face_verdict as v
            where v.face_id = shown.face_id
              and v.decided_at > s.drawn_at
              and not exists (select from console.face_decision as undo where undo.undoes = v.decision_id)
            order by v.id desc
            limit 1
           ) as last on true
     where s.id = sample
$$;

-- Writes down what a sample came to: the operator's own of the last hour that was drawn above this very line and has these faces.
-- All of its faces count, whichever of them are named here.
create or replace function console.draw_line(person bigint, queue text, similarity double precision, faces bigint[])
    returns setof console.face_line
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    drawn bigint;
begin
    perform console.require_moderator();
    select s.id
      into drawn
      from console.face_line_sample as s
     where s.drawn_by = session_user::text
       and s.person_id = draw_line.person
       and s.queue = draw_line.queue
       and s.similarity = draw_line.similarity
       and s.drawn_at > clock_timestamp() - interval '1 hour'
       and s.faces @> draw_line.faces
     order by s.id desc
     limit 1;
    return query
        insert into console.face_line (person_id, queue, similarity, sample, correct, sample_id)
        select draw_line.person, draw_line.queue, draw_line.similarity, coalesce(came.decided, 0), coalesce(came.correct, 0), drawn
          from console.sample_outcome(drawn) as came
     returning *;
end
$$;

-- As before, as long as its sample holds: what of that was taken back, or corrected, counts no more.
create or replace function console.standing_line(person bigint, queue text) returns setof console.face_line
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select l.*
      from console.face_line as l
     cross join console.face_line_rule as r
     cross join lateral console.sample_outcome(l.sample_id) as came
     where l.person_id = standing_line.person
       and l.queue = standing_line.queue
       and l.decided_by = session_user::text
       and l.decided_at > clock_timestamp() - interval '24 hours'
       and l.sample >= r.sample
       and l.correct >= r.least_precision * l.sample
       and came.decided >= r.sample
       and came.correct >= r.least_precision * came.decided
       and console.operator_rank() >= 2
     order by l.similarity
     limit 1
$$;

-- As before, with the similarity to whom the verdict is about: nobody was named on an unidentified face, and its score is none.
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
    select a.id, a.media_id, a.bbox, a.embedding, word.person_id, word.judgement,
           case
               when word.judgement = 'is' and word.similarity between -1 and 1 then word.similarity
               when e.is_active then
                   coalesce(nullif(1 - (e.embedding operator(public.<=>) a.embedding), 'NaN'), word.similarity)
               else word.similarity
           end,
           entry.id, decision, e.id, e.updated_at
      from unnest(entries, faces) as entry (id, face)
      join after_update as a on a.id = entry.face
      join before_update as b on b.id = a.id
     cross join lateral (
           select 1 as turn, 'is_not' as judgement, was.person as person_id,
                  case when was.person in (b.suggested_user_id, b.identified_user_id) then b.confidence_score end as similarity
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

-- The face as it was, so that the dismissal outlasts the AI's next run; null in those of before.
alter table console.face_dismissal
    add column media_id        bigint,
    add column bbox            integer[],
    add column embedding       public.vector(1024),
    -- Of two that are in one place.
    add column other_face      bigint,
    add column other_bbox      integer[],
    add column other_embedding public.vector(1024);

create index face_dismissal_media on console.face_dismissal (media_id);

comment on column console.face_conflict.facts is 'Who it is about: what is dismissed comes again when this changes, or the face is elsewhere';

create function console.conflict_facts(kind text, identified bigint, suggested bigint) returns text
language sql immutable parallel safe
return case
           when kind in ('box', 'outside', 'vector', 'overlap') then ''
           when kind = 'status' then concat_ws(' ', coalesce(identified, 0), coalesce(suggested, 0))
           else coalesce(identified, suggested, 0)::text
       end;

-- Whether a face may be the one that was in a place and looked like this.
create function console.is_face_of(box integer[], looks public.vector, was_box integer[], was_looks public.vector) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp
as $$
    select coalesce(nullif(1 - (looks <=> was_looks), 'NaN') >= 0.95 and console.is_same_place(box, was_box), false)
        or coalesce(nullif(1 - (looks <=> was_looks), 'NaN') >= 0.5 and console.box_overlap(box, was_box) >= 0.5, false)
        or vector_norm(looks) < 0.001 and vector_norm(was_looks) < 0.001
           and coalesce(box = was_box or console.box_overlap(box, was_box) >= 0.5, false)
$$;

-- As before. A face that was decided or dismissed is told as verdicts tell it, whatever became of its row, as long as it is where it was.
-- Of two boxes in one place no face is left to decide once the other is none. And a confirmation holds for the enrolment that there was:
-- a later one that is far from the face is listed once.
create or replace function console.find_face_conflicts(photos bigint[]) returns setof console.face_conflict
language sql stable set search_path = pg_catalog, public, pg_temp
as $$
    with stored as materialized (
        select f.id, f.media_id, f.bbox, f.status, f.identified_user_id, f.suggested_user_id, f.confidence_score,
               subvector(f.embedding, 1, 1024) as embedding,
               m.width, m.height,
               console.is_stored_box(f.bbox) as is_box
          from media_detected_faces as f
          join post_media as m on m.media_id = f.media_id
         where f.media_id = any (photos)
    ),
    said as materialized (
        select v.verdict_id, v.face_id, v.person_id, v.judgement, w.decided_at, w.decision_id, w.enrolment_id,
               console.is_stored_box(w.bbox) as was_box
          from console.verdict_face as v
          join console.face_verdict as w on w.id = v.verdict_id
          join stored as f on f.id = v.face_id
         where v.media_id = any (photos)
           and console.is_same_place(f.bbox, w.bbox)
           -- One that an operator drew or moved since is a face.
           and (v.judgement <> 'no_face'
                or not exists (
                    select
                      from console.box_act as b
                     where b.face_id = w.face_id
                       and b.act <> 'delete'
                       and b.audit_id > v.audit_id))
    ),
    dismissed as materialized (
        select d.kind, d.facts, here.id as face_id, other.id as other_face
          from console.face_dismissal as d
         cross join lateral (
               select f.id
                 from stored as f
                where f.media_id = d.media_id
                  and (f.id = d.face_id and console.is_same_place(f.bbox, d.bbox)
                       or console.is_face_of(f.bbox, f.embedding, d.bbox, d.embedding))
                order by f.id = d.face_id desc, f.embedding <=> d.embedding, f.id
                limit 1
               ) as here
          left join lateral (
               select f.id
                 from stored as f
                where d.kind = 'overlap'
                  and f.media_id = d.media_id
                  and f.id <> here.id
                  and (f.id = d.other_face and console.is_same_place(f.bbox, d.other_bbox)
                       or console.is_face_of(f.bbox, f.embedding, d.other_bbox, d.other_embedding))
                order by f.id = d.other_face desc, f.embedding <=> d.other_embedding, f.id
                limit 1
               ) as other on true
         where d.media_id = any (photos)
           and not exists (select from console.face_decision as undo where undo.undoes = d.decision_id)
    ),
    face as materialized (
        select f.*,
               exists (select from said where said.face_id = f.id) as is_decided,
               coalesce(
                   (select said.judgement = 'no_face'
                      from said
                     where said.face_id = f.id
                       and said.judgement <> 'is_not'
                     order by said.verdict_id desc
                     limit 1), false) as is_no_face
          from stored as f
    ),
    found as (
        select f.id as face_id, 'box' as kind, null::bigint as other_face, null::bigint as person_id,
               null::double precision as degree
          from face as f
         where not f.is_box
           and not exists (select from said where said.face_id = f.id and not said.was_box)
         union all
        select f.id, 'outside', null, null, null
          from face as f
         where f.is_box
           and f.width > 0
           and f.height > 0
           and not exists (select from said where said.face_id = f.id and said.was_box)
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
                 and not other.is_no_face
                 and console.box_overlap(one.bbox, other.bbox) >= 0.5
                 and not exists (
                         select
                           from dismissed as d
                          where d.kind = 'overlap'
                            and (d.face_id = one.id and d.other_face = other.id
                                 or d.face_id = other.id and d.other_face = one.id))
               order by one.id, overlap desc, other.id
          ) as pair
         union all
        select f.id, 'far', null, e.user_id, 1 - (f.embedding <=> e.embedding)
          from face as f
          join user_face_embeddings as e on e.user_id = f.identified_user_id and e.is_active
          left join lateral (
               select said.*
                 from said
                where said.face_id = f.id
                  and (said.judgement <> 'is_not' or said.person_id = f.identified_user_id)
                order by said.verdict_id desc
                limit 1
               ) as last on true
         where f.status = 'CONFIRMED'
           and f.embedding <=> e.embedding > 0.5
           and f.embedding <=> e.embedding <> 'NaN'
           and (last.verdict_id is null
                or last.judgement = 'is'
                   and last.person_id = f.identified_user_id
                   and not coalesce(
                           (select console.is_same_face(h.embedding, e.embedding)
                              from console.enrolment as h
                             where h.user_id = e.user_id
                               and h.embedding is not null
                               and h.written_at <= last.decided_at
                             order by h.id desc
                             limit 1),
                           -- Without a history the enrolment is the one that there was, if there was one.
                           last.enrolment_id is not null or last.decision_id is null))
         union all
        select f.id, 'account', null, u.user_id, null
          from face as f
          join users as u
            on u.user_id = case when f.status = 'CONFIRMED' then f.identified_user_id else f.suggested_user_id end
         where u.account_status = 'DELETED'
            or u.account_status <> 'ACTIVE' and f.status = 'SUGGESTED'
         union all
        select pair.id, 'alike', null, pair.other_id, pair.similarity
          from (
              select distinct on (f.id) f.id, a.other_id, a.similarity
                from face as f
                join console.enrolment_alike as a
                  on a.user_id = case f.status when 'CONFIRMED' then f.identified_user_id when 'SUGGESTED' then f.suggested_user_id end
                join user_face_embeddings as e on e.user_id = a.other_id and e.is_active
                join users as u on u.user_id = a.other_id and u.account_status = 'ACTIVE'
               where not f.is_decided
                 -- NaN, of a vector without length, is greater than any number.
                 and f.embedding <=> e.embedding <= 0.3
               order by f.id, a.similarity desc, a.other_id
          ) as pair
    )
    select c.face_id, f.media_id, c.kind, c.other_face, c.person_id, c.degree, facts.facts
      from found as c
      join face as f on f.id = c.face_id
     cross join lateral (
           select console.conflict_facts(c.kind, f.identified_user_id, f.suggested_user_id) as facts,
                  md5(row(f.bbox, f.status, f.identified_user_id, f.suggested_user_id, f.confidence_score, c.other_face,
                          c.person_id)::text) as as_it_is
           ) as facts
     where not exists (
               select
                 from dismissed as d
                where d.face_id = c.face_id
                  and d.kind = c.kind
                  and d.kind <> 'overlap'
                  and d.facts = facts.facts)
       -- Of those that were dismissed without the face as it was only the facts are known.
       and not exists (
               select
                 from console.face_dismissal as d
                where d.face_id = c.face_id
                  and d.kind = c.kind
                  and d.bbox is null
                  and d.facts = facts.as_it_is
                  and not exists (select from console.face_decision as undo where undo.undoes = d.decision_id))
$$;

-- As before; the other face of two may have another row by now.
create or replace function console.list_face_conflicts(photos bigint[]) returns void
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
     where (c.other_face, c.person_id, c.degree, c.facts)
           is distinct from (excluded.other_face, excluded.person_id, excluded.degree, excluded.facts);
end
$$;

-- As before, with the face as it is; two in one place are let stand together.
create or replace function console.dismiss_conflicts(face bigint, seen text, out outcome text, out decision_id bigint, out audit_id bigint)
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
    insert into console.face_dismissal (
               decision_id, face_id, kind, facts, media_id, bbox, embedding, other_face, other_bbox, other_embedding)
    select made, c.face_id, c.kind, console.conflict_facts(c.kind, f.identified_user_id, f.suggested_user_id),
           f.media_id, f.bbox, f.embedding, other.id, other.bbox, other.embedding
      from console.face_conflict as c
      join public.media_detected_faces as f on f.id = c.face_id
      left join public.media_detected_faces as other on other.id = c.other_face and c.kind = 'overlap'
     where c.face_id = face;
    delete from console.face_conflict as c
     where c.face_id = face
        or c.media_id = photo and c.kind = 'overlap' and c.other_face = face;
    outcome := 'done';
    decision_id := made;
    audit_id := entry;
end
$$;

-- An operator's verdict is an answer to what is listed, also of the other face of two where it removes what was wrong with them; what still
-- does not go together is found by matching.
create or replace function console.settle_conflicts() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if console.is_operator() and nullif(current_setting('console.undoes', true), '') is null then
        delete from console.face_conflict as c using new_rows as n where c.face_id = n.id;
        delete from console.face_conflict as c
         using new_rows as n
         where c.media_id = n.media_id
           and c.other_face = n.id
           and case c.kind
                   when 'overlap' then current_setting('console.judgement', true) = 'no_face'
                   when 'twice' then n.identified_user_id is distinct from c.person_id
                   else false
               end;
    end if;
    return null;
end
$$;

-- The change that an entry took back: neither is to be taken back any more.
alter table console.enrolment add column undoes bigint references console.enrolment on delete cascade;

create unique index enrolment_undoes on console.enrolment (undoes) where undoes is not null;

-- As before, with that.
create or replace function console.write_enrolment(wanted console.enrolment, present public.user_face_embeddings, action text,
    out entry_id bigint, out audit_id bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if present.id is not null then
        insert into console.enrolment (user_id, origin, embedding, source_image_url, is_active, enrolled_at, written_at)
        select present.user_id, 'service', present.embedding, present.source_image_url, present.is_active, present.enrolled_at,
               present.enrolled_at
         where not exists (select from console.enrolment as h where h.user_id = present.user_id);
    end if;
    audit_id := console.append_audit(
        action, 'person', wanted.user_id,
        case when present.id is not null then jsonb_build_object(
            'active', present.is_active, 'enrolled', present.enrolled_at,
            'face', console.enrolled_face(present.user_id)) end,
        jsonb_build_object(
            'active', wanted.is_active, 'enrolled', wanted.enrolled_at, 'face', wanted.face_id,
            'similarity', round(nullif(1 - (wanted.embedding operator(public.<=>) present.embedding), 'NaN')::numeric, 4)));
    insert into console.enrolment (
               user_id, origin, embedding, source_image_url, face_id, is_active, enrolled_at, restores, undoes, written_by, audit_id)
    values (wanted.user_id, wanted.origin, wanted.embedding, wanted.source_image_url, wanted.face_id, wanted.is_active,
            wanted.enrolled_at, wanted.restores, wanted.undoes, session_user, write_enrolment.audit_id)
 returning id into entry_id;
    if present.id is not null then
        update public.user_face_embeddings as e
           set embedding = wanted.embedding,
               source_image_url = wanted.source_image_url,
               is_active = wanted.is_active,
               enrolled_at = wanted.enrolled_at,
               updated_at = now()
         where e.id = present.id;
    else
        insert into public.user_face_embeddings (user_id, embedding, source_image_url, is_active, enrolled_at)
        values (wanted.user_id, wanted.embedding, wanted.source_image_url, wanted.is_active, wanted.enrolled_at);
    end if;
end
$$;

-- Takes the operator's own last change of an enrolment back, one after the other. Never one over which somebody else has written since:
-- `overtaken`, and by whom, null where it was the platform. `nothing` where there is none. Who was not enrolled before is inactive
-- then: the platform's row is not the console's to delete.
create function console.undo_enrolment(
    person bigint, seen text, out outcome text, out audit_id bigint, out written_by text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    locked record;
    last   console.enrolment;
    before console.enrolment;
    wanted console.enrolment;
begin
    perform console.require_admin();
    select * into locked from console.lock_enrolment(person, seen, false);
    outcome := locked.outcome;
    if outcome is not null then
        return;
    end if;
    select h.*
      into last
      from console.enrolment as h
     where h.user_id = person
       and h.undoes is null
       and not exists (select from console.enrolment as undo where undo.undoes = h.id)
     order by h.id desc
     limit 1;
    select h.* into before from console.enrolment as h where h.user_id = person and h.id < last.id order by h.id desc limit 1;
    if last.id is null or last.written_by is null and before.id is null then
        outcome := 'nothing';
    elsif last.written_by is distinct from session_user::text then
        outcome := 'overtaken';
        undo_enrolment.written_by := last.written_by;
    elsif before.id is null or before.origin = 'removed' then
        wanted.origin := 'switch';
        wanted.embedding := (locked.present).embedding;
        wanted.source_image_url := (locked.present).source_image_url;
        wanted.face_id := console.enrolled_face(person);
        wanted.is_active := false;
        wanted.enrolled_at := (locked.present).enrolled_at;
        outcome := case when wanted.embedding is null then 'none' end;
    else
        wanted.origin := 'rollback';
        wanted.restores := before.id;
        wanted.embedding := console.usable_vector(before.embedding);
        wanted.source_image_url := before.source_image_url;
        wanted.face_id := before.face_id;
        wanted.is_active := before.is_active;
        wanted.enrolled_at := before.enrolled_at;
        outcome := case
            when wanted.embedding is null then 'no_vector'
            when wanted.is_active
                 and not exists (select from public.users as u where u.user_id = person and u.account_status = 'ACTIVE') then 'account'
        end;
    end if;
    if outcome is not null then
        return;
    end if;
    wanted.user_id := person;
    wanted.undoes := last.id;
    select written.audit_id
      into undo_enrolment.audit_id
      from console.write_enrolment(
          wanted, locked.present, case wanted.origin when 'switch' then 'enrolment.deactivate' else 'enrolment.rollback' end)
          as written;
    outcome := 'done';
end
$$;

-- What is listed by now may be answered, or was confirmed before the enrolment that there is.
select console.mark_dirty('face_matching', 'survey', array(
    select c.media_id from console.face_conflict as c
     union
    select f.media_id
      from public.media_detected_faces as f
      join console.face_verdict as v on v.face_id = f.id and v.judgement = 'is'
     where f.status = 'CONFIRMED'));

revoke execute on function
    console.is_to_ask(bigint, bigint, bigint), console.turned_down(bigint), console.sample_outcome(bigint),
    console.undo_enrolment(bigint, text)
    from public;
grant execute on function console.undo_enrolment(bigint, text) to kaleidoscope_admin;
