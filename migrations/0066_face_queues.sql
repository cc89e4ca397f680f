-- The queues of faces: suggestions, and unidentified faces that somebody enrolled comes near to; of all people or of one, of what
-- one user uploaded, of some photos. And who is looking at which face, so that nobody gets what another one has.

-- Whom an unidentified face may be: the nearest of those who are neither turned down nor on the photo already.
create table console.face_near (
    face_id    bigint           primary key references public.media_detected_faces on delete cascade,
    media_id   bigint           not null,
    person_id  bigint           not null references public.users on delete cascade,
    -- Cosine similarity to their enrolment, 0.5 or more
    similarity double precision not null
);

comment on table console.face_near is 'Written by matching: unidentified faces on which no human has said anything, with the nearest person';

create index face_near_similarity on console.face_near (similarity desc, face_id);
create index face_near_person on console.face_near (person_id, similarity desc, face_id);
create index face_near_media on console.face_near (media_id);

create index console_faces_suggested_newest on public.media_detected_faces (id) where status = 'SUGGESTED';
create index console_faces_suggested_person
    on public.media_detected_faces (suggested_user_id, console.certainty(confidence_score) desc, id)
    where status = 'SUGGESTED';

-- For how many faces each person waits to be confirmed: a verdict on one of them helps to settle the others.
create table console.person_waiting (
    person_id bigint  primary key,
    suggested integer not null,
    near      integer not null
);

create index person_waiting_suggested on console.person_waiting (suggested desc, person_id);
create index person_waiting_near on console.person_waiting (near desc, person_id);

create table console.person_waiting_age (
    is_age           boolean     primary key default true check (is_age),
    counted_at       timestamptz not null,
    -- What of both is on unsafe media, and not for moderators.
    hidden_suggested bigint      not null default 0,
    hidden_near      bigint      not null default 0
);

insert into console.person_waiting_age (counted_at) values ('-infinity');

-- The numbers order a queue and need not be of this second: they are counted at most once a minute, by one at a time.
create function console.count_waiting() returns void
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
    update console.person_waiting_age
       set counted_at = clock_timestamp(),
           hidden_suggested = (
               select count(*)
                 from public.media_detected_faces as f
                where f.status = 'SUGGESTED'
                  and f.media_id in (
                      select i.media_id from public.media_ai_insights as i where i.status = 'UNSAFE' or i.is_safe is false)),
           hidden_near = (
               select count(*)
                 from console.face_near as n
                where n.media_id in (
                      select i.media_id from public.media_ai_insights as i where i.status = 'UNSAFE' or i.is_safe is false));
end
$$;

-- Who is looking at which face. `holder` is one window; it says again and again that it is still there.
create table console.face_lease (
    face_id  bigint      primary key,
    media_id bigint      not null,
    holder   text        not null,
    operator text        not null default session_user,
    until    timestamptz not null
);

create index face_lease_holder on console.face_lease (holder);
create index face_lease_media on console.face_lease (media_id);

-- Seconds after which a window that is silent has left.
create function console.lease_time() returns interval
language sql immutable parallel safe
return interval '20 seconds';

-- A window of a queue, in its order after a place in it.
create type console.waiting_face as (
    face_id    bigint,
    media_id   bigint,
    person_id  bigint,
    similarity double precision,
    -- The place: how many faces wait for the person where the order is by that, else 0.
    impact     integer
);

-- `queue` is `suggested` or `near`; `sort` is `certain`, `uncertain`, `newest` or `impact`. The statement is built of fixed parts, so
-- that each order is read from its index; all that is asked for is a parameter.
create function console.waiting_faces(
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

drop function console.suggested_faces(double precision, bigint, bigint);

-- How many wait in both queues. Of more than 20,000 the number that moderators do not see may be a minute old: looking it up takes
-- longer than counting the rest.
create function console.count_waiting_faces(
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
    is_hidden text := $hidden$
        f.media_id in (
            select i.media_id
              from public.media_ai_insights as i
             where i.status = 'UNSAFE' or i.is_safe is false)
        $hidden$;
    counted text := $count$
        select (select count(*)
                  from public.media_detected_faces as f
                 where f.status = 'SUGGESTED' and ($1::bigint is null or f.suggested_user_id = $1) and %1$s and %2$s),
               (select count(*)
                  from console.face_near as f
                 where ($1::bigint is null or f.person_id = $1) and %1$s and %2$s)
        $count$;
    hidden_suggested bigint := 0;
    hidden_near      bigint := 0;
begin
    if rank < 2 then
        suggested := 0;
        near := 0;
        return;
    end if;
    execute format(counted, where_is, 'true') into suggested, near using person, uploader, media;
    if rank = 2 and suggested + near > 20000 and coalesce(person, uploader) is null and media is null then
        perform console.count_waiting();
        select age.hidden_suggested, age.hidden_near into hidden_suggested, hidden_near from console.person_waiting_age as age;
    elsif rank = 2 then
        execute format(counted, where_is, is_hidden) into hidden_suggested, hidden_near using person, uploader, media;
    end if;
    suggested := suggested - hidden_suggested;
    near := near - hidden_near;
end
$$;

-- A face as it waits in the first two queues; who is proposed is null where it waits in neither.
create function console.waiting_face_now(face bigint) returns setof console.waiting_face
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select f.id,
           f.media_id,
           case when f.status = 'SUGGESTED' then f.suggested_user_id else n.person_id end,
           case when f.status = 'SUGGESTED' then console.certainty(f.confidence_score) else n.similarity end,
           0
      from public.media_detected_faces as f
      left join console.face_near as n on n.face_id = f.id
      left join public.media_ai_insights as i on i.media_id = f.media_id
     where f.id = face
       and case console.operator_rank()
               when 3 then true
               when 2 then i.status <> 'UNSAFE' and i.is_safe is not false
               else false
           end
$$;

-- The confirmed faces of a person that are most like a face; of the 300 that were found last.
create function console.confirmed_faces_like(
    face bigint, person bigint, at_most integer, out face_id bigint, out media_id bigint, out similarity double precision)
returns setof record
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    with asked as materialized (
        select console.operator_rank() as rank, subvector(f.embedding, 1, 1024) as embedding
          from media_detected_faces as f
         where f.id = face
    ),
    theirs as (
        select f.id, f.media_id, f.embedding
          from media_detected_faces as f
         where f.identified_user_id = person
           and f.status = 'CONFIRMED'
           and f.id <> face
         order by f.id desc
         limit 300
    ),
    alike as (
        select t.id, t.media_id, 1 - (t.embedding <=> asked.embedding) as similarity
          from theirs as t
         cross join asked
         where asked.rank >= 2
           and (asked.rank = 3 or exists (
                   select
                     from media_ai_insights as i
                    where i.media_id = t.media_id
                      and i.status <> 'UNSAFE'
                      and i.is_safe is not false))
    )
    select a.id, a.media_id, a.similarity
      from alike as a
     where a.similarity <> 'NaN'
     order by a.similarity desc, a.id
     limit least(greatest(at_most, 0), 50)
$$;

-- Leases faces to a window, those that are free: the others are looked at by somebody else, or being written to.
create function console.lease_faces(wanted bigint[], holder text) returns setof bigint
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
           set holder = excluded.holder, operator = excluded.operator, until = excluded.until
         where l.holder = excluded.holder
            or l.until <= clock_timestamp()
     returning l.face_id;
end
$$;

-- A window says that it is still there, with what it holds; the rest of what it had is free, and so is what others left behind.
create function console.keep_faces(held bigint[], holder text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from console.face_lease as l
     where l.face_id in (
               select gone.face_id
                 from console.face_lease as gone
                where (gone.holder = keep_faces.holder and gone.operator = session_user::text
                       and gone.face_id <> all (coalesce(held, '{}')))
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
end
$$;

-- Who else is looking at faces of a photo.
create function console.photo_company(photo bigint, holder text) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct l.operator
      from console.face_lease as l
     where l.media_id = photo
       and l.holder is distinct from photo_company.holder
       and l.until > clock_timestamp()
       and console.operator_rank() >= 2
     order by l.operator
$$;

-- The active enrolments nearest to a face. The index gives more of them than are asked for, in half precision; the full vectors
-- say which are the nearest.
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
     order by near.distance, near.user_id
     limit least(greatest(at_most, 0), 40)
$$;

-- What an operator says of a face takes it out of the queue of near ones; so does a name by whomever.
create function console.forget_near() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from console.face_near as near
     using new_rows as n
     where near.face_id = n.id
       and (n.status <> 'UNIDENTIFIED' or console.is_operator());
    return null;
end
$$;

create trigger console_forget_near after update on public.media_detected_faces
    referencing new table as new_rows
    for each statement execute function console.forget_near();

-- As before; what an operator said may make another person of another face. And photos whose faces are to be surveyed, for who
-- comes near and what does not go together, without being matched.
create or replace function console.faces_to_match() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    matched bigint[];
    checked bigint[];
begin
    if tg_op = 'INSERT' then
        select array_agg(distinct media_id) into matched from new_rows;
    elsif tg_op = 'DELETE' then
        -- Whoever it was may be on another face of the photo.
        select array_agg(distinct media_id) filter (where identified_user_id is not null or suggested_user_id is not null),
               array_agg(distinct media_id) filter (where identified_user_id is null and suggested_user_id is null)
          into matched, checked
          from old_rows;
    elsif console.is_operator() then
        select array_agg(distinct media_id) into matched from new_rows;
    elsif current_setting('console.is_matching', true) is distinct from 'yes' then
        select array_agg(changed.old_media) filter (where changed.is_matched)
                   || array_agg(changed.new_media) filter (where changed.is_matched),
               array_agg(changed.new_media) filter (where not changed.is_matched)
          into matched, checked
          from (
              select o.media_id as old_media,
                     n.media_id as new_media,
                     record_image_ne(row(o.media_id, o.bbox, o.embedding), row(n.media_id, n.bbox, n.embedding))
                     -- The AI's new word on a face that a human has decided.
                     or exists (select from console.face_verdict as v where v.media_id = n.media_id) as is_matched
                from old_rows as o
                full join new_rows as n using (id)
               where record_image_ne(
                         row(o.media_id, o.bbox, o.embedding, o.identified_user_id, o.suggested_user_id, o.status,
                             o.confidence_score),
                         row(n.media_id, n.bbox, n.embedding, n.identified_user_id, n.suggested_user_id, n.status,
                             n.confidence_score))
          ) as changed;
    end if;
    if matched is not null then
        perform console.mark_dirty('face_matching', 'row', matched);
    end if;
    if checked is not null then
        perform console.mark_dirty('face_matching', 'survey', checked);
    end if;
    return null;
end
$$;

-- As before, with those that come near.
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
            or exists (select from enrolled where (held.embedding <=> enrolled.embedding) <= 0.5))
$$;

-- What is there already is looked over, and stays as it is.
select console.mark_dirty('face_matching', 'survey', array(select distinct media_id from public.media_detected_faces));

revoke execute on function
    console.waiting_face_now(bigint), console.confirmed_faces_like(bigint, bigint, integer),
    console.count_waiting(), console.lease_faces(bigint[], text), console.keep_faces(bigint[], text),
    console.photo_company(bigint, text), console.count_waiting_faces(bigint, bigint, bigint[]), console.forget_near(),
    console.waiting_faces(text, text, bigint, bigint, bigint[], integer, bigint, double precision, bigint, text, integer)
    from public;
grant execute on function
    console.waiting_face_now(bigint), console.confirmed_faces_like(bigint, bigint, integer),
    console.lease_faces(bigint[], text), console.keep_faces(bigint[], text), console.photo_company(bigint, text),
    console.count_waiting_faces(bigint, bigint, bigint[]),
    console.waiting_faces(text, text, bigint, bigint, bigint[], integer, bigint, double precision, bigint, text, integer)
    to kaleidoscope_moderator;
grant select, insert, update, delete on console.face_near to kaleidoscope_worker;
