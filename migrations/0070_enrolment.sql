-- Enrolments: what somebody's enrolled face was over time, enrolling from a confirmed face, what that would change, and going back.
-- And two enrolments that look alike, because whoever looks like one of them looks like the other.

-- Each state of somebody's enrolment that the next one replaced, and the present one. Who has none here has never had another: their
-- row is all there is, and is kept when it first changes.
create table console.enrolment (
    id               bigint      generated always as identity primary key,
    user_id          bigint      not null references public.users on delete cascade,
    -- `service`: not through the console, `face`: from a confirmed face, `switch`: active or not, `rollback`, `removed`
    origin           text        not null check (origin in ('service', 'face', 'switch', 'rollback', 'removed')),
    embedding        public.vector(1024),
    source_image_url text,
    -- The confirmed face from which it was taken.
    face_id          bigint,
    is_active        boolean     not null,
    enrolled_at      timestamptz,
    -- Of a rollback: what it went back to.
    restores         bigint      references console.enrolment on delete cascade,
    -- The operator; null where it was not through the console.
    written_by       text,
    written_at       timestamptz not null default clock_timestamp(),
    audit_id         bigint      references console.audit_entry,
    check ((embedding is null) = (origin = 'removed')),
    check ((restores is not null) = (origin = 'rollback')),
    check ((audit_id is null) = (origin in ('service', 'removed')))
);

comment on table console.enrolment is 'Append-only, as long as there is the user: what was enrolled, by whom, and from what';
comment on column console.audit_entry.subject is 'cluster, face, media or person; subject_id is its key';

create index enrolment_user on console.enrolment (user_id, id desc);
create index enrolment_restores on console.enrolment (restores) where restores is not null;

-- Rows go with their user, who takes their faces along.
create trigger append_only
    before update on console.enrolment
    for each statement execute function console.refuse_change();

-- The AI enrols the same picture anew with a little noise; that is no other face.
create function console.is_same_face(one public.vector, other public.vector) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp
as $$
    -- A vector without length is similar to nothing.
    select coalesce(nullif(1 - (one <=> other), 'NaN') >= 0.95, false) or one = other
$$;

-- What others than the console make of enrolments, where it is something else than it was. What the console writes is there before.
create function console.remember_enrolments() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'UPDATE' then
        insert into console.enrolment (user_id, origin, embedding, source_image_url, is_active, enrolled_at, written_at)
        select o.user_id, 'service', o.embedding, o.source_image_url, o.is_active, o.enrolled_at, o.enrolled_at
          from old_rows as o
          join new_rows as n using (user_id)
         where not exists (select from console.enrolment as h where h.user_id = o.user_id)
           and (o.is_active <> n.is_active
                or o.source_image_url is distinct from n.source_image_url
                or not console.is_same_face(o.embedding, n.embedding));
    elsif tg_op = 'DELETE' then
        insert into console.enrolment (user_id, origin, embedding, source_image_url, is_active, enrolled_at, written_at)
        select o.user_id, 'service', o.embedding, o.source_image_url, o.is_active, o.enrolled_at, o.enrolled_at
          from old_rows as o
         where not exists (select from console.enrolment as h where h.user_id = o.user_id)
           and exists (select from public.users as u where u.user_id = o.user_id);
        insert into console.enrolment (user_id, origin, is_active)
        select u.user_id, 'removed', false
          from old_rows as o
          join public.users as u using (user_id);
        return null;
    elsif tg_op = 'INSERT' then
        -- Who is deleted and enrolled anew in one transaction was never without enrolment.
        delete from console.enrolment as h
         using new_rows as n
         where h.user_id = n.user_id
           and h.origin = 'removed'
           and h.written_at >= now();
    end if;
    insert into console.enrolment (user_id, origin, embedding, source_image_url, is_active, enrolled_at)
    select n.user_id, 'service', n.embedding, n.source_image_url, n.is_active, n.enrolled_at
      from new_rows as n
     cross join lateral (
           select h.embedding, h.source_image_url, h.is_active
             from console.enrolment as h
            where h.user_id = n.user_id
            order by h.id desc
            limit 1
           ) as last
     where last.embedding is null
        or last.is_active <> n.is_active
        or last.source_image_url is distinct from n.source_image_url
        or not console.is_same_face(last.embedding, n.embedding);
    return null;
end
$$;

create trigger console_remember_insert after insert on public.user_face_embeddings
    referencing new table as new_rows
    for each statement execute function console.remember_enrolments();
create trigger console_remember_update after update on public.user_face_embeddings
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.remember_enrolments();
create trigger console_remember_delete after delete on public.user_face_embeddings
    referencing old table as old_rows
    for each statement execute function console.remember_enrolments();

create function console.require_admin() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if console.operator_rank() < 3 or not console.is_operator() then
        raise insufficient_privilege using message = 'enrolling needs the role of admin';
    end if;
end
$$;

-- Whose face is in use, with the version in which it stands; without a row where nobody was ever enrolled. Where the newest state is of
-- a confirmed face, that face.
create function console.person_enrolment(
    person bigint, out version text, out is_active boolean, out enrolled_at timestamptz, out face_id bigint, out has_picture boolean)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.xmin::text, e.is_active, e.enrolled_at, last.face_id, coalesce(e.source_image_url, '') <> ''
      from public.user_face_embeddings as e
      left join lateral (
           select h.face_id from console.enrolment as h where h.user_id = e.user_id order by h.id desc limit 1
           ) as last on true
     where e.user_id = person
       and console.operator_rank() >= 2
$$;

-- The confirmed face with which somebody is enrolled, where it is one. The picture of it is looked up behind the operator's own views.
create function console.enrolled_face(person bigint) returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select last.face_id
      from (select h.face_id from console.enrolment as h where h.user_id = person order by h.id desc limit 1) as last
     where console.operator_rank() >= 1
$$;

-- The newest first. Where nothing was kept, what is enrolled now is all there was; it has no id.
create function console.enrolment_history(
    person bigint, at_most integer, out entry_id bigint, out origin text, out is_active boolean, out face_id bigint,
    out enrolled_at timestamptz, out restores bigint, out written_by text, out written_at timestamptz,
    out similarity double precision)
returns setof record
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    with asked as materialized (
        select console.operator_rank() as rank
    ),
    present as materialized (
        select e.embedding, e.is_active, e.enrolled_at from user_face_embeddings as e where e.user_id = person
    ),
    entry as (
        select h.id, h.origin, h.is_active, h.face_id, h.enrolled_at, h.restores, h.written_by, h.written_at, h.embedding
          from console.enrolment as h
         where h.user_id = person
         union all
        select null, 'service', p.is_active, null, p.enrolled_at, null, null, p.enrolled_at, p.embedding
          from present as p
         where not exists (select from console.enrolment as h where h.user_id = person)
    )
    select e.id, e.origin, e.is_active, e.face_id, e.enrolled_at, e.restores, e.written_by, e.written_at,
           nullif(1 - (e.embedding <=> (select p.embedding from present as p)), 'NaN')
      from entry as e
     where (select asked.rank from asked) >= 2
     order by e.id desc nulls last
     limit least(greatest(at_most, 0), 500)
$$;

-- With which somebody could be enrolled: null where it is nothing that could be compared.
create function console.usable_vector(embedding public.vector) returns public.vector
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp
as $$
    select case when vector_norm(embedding) >= 0.001 and (embedding <=> embedding) <> 'NaN' then embedding end
$$;

-- The confirmed faces of a person with which they could be enrolled, the most similar first; of the 300 that were found last.
create function console.faces_to_enrol(
    person bigint, at_most integer, out face_id bigint, out media_id bigint, out version text, out similarity double precision,
    out width integer, out height integer)
returns setof record
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    with asked as materialized (
        select console.operator_rank() as rank
    ),
    theirs as (
        select f.id, f.media_id, f.xmin::text as version, f.bbox, f.embedding,
               case when f.confidence_score between -1 and 1 then f.confidence_score end as similarity
          from media_detected_faces as f
         where f.identified_user_id = person
           and f.status = 'CONFIRMED'
         order by f.id desc
         limit 300
    )
    select t.id, t.media_id, t.version, t.similarity,
           case when array_ndims(t.bbox) = 1 and t.bbox[3] > 0 then t.bbox[3] end,
           case when array_ndims(t.bbox) = 1 and t.bbox[4] > 0 then t.bbox[4] end
      from theirs as t
     cross join asked
     where asked.rank >= 2
       and (asked.rank = 3 or exists (
               select
                 from media_ai_insights as i
                where i.media_id = t.media_id
                  and i.status <> 'UNSAFE'
                  and i.is_safe is not false))
       and console.usable_vector(t.embedding) is not null
     order by t.similarity desc nulls last, t.id desc
     limit least(greatest(at_most, 0), 300)
$$;

-- What would be enrolled: a confirmed face that the operator may see, or what was enrolled before. Null, and `outcome` says why:
-- `gone`, `not_confirmed`, `no_vector`, `removed`.
create function console.enrolment_vector(person bigint, face bigint, entry bigint, out outcome text, out embedding public.vector)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank  integer := console.operator_rank();
    found record;
begin
    if face is not null then
        select f.status = 'CONFIRMED' and f.identified_user_id = person as is_theirs, f.embedding
          into found
          from public.media_detected_faces as f
          left join public.media_ai_insights as i on i.media_id = f.media_id
         where f.id = face
           and (rank = 3 or rank = 2 and i.status <> 'UNSAFE' and i.is_safe is not false);
        embedding := console.usable_vector(found.embedding);
        outcome := case
            when found is null then 'gone'
            when not coalesce(found.is_theirs, false) then 'not_confirmed'
            when embedding is null then 'no_vector'
        end;
    else
        select h.origin, h.embedding
          into found
          from console.enrolment as h
         where h.id = entry
           and h.user_id = person
           and rank >= 2;
        embedding := console.usable_vector(found.embedding);
        outcome := case
            when found is null then 'gone'
            when found.origin = 'removed' then 'removed'
            when embedding is null then 'no_vector'
        end;
    end if;
    if outcome is not null then
        embedding := null;
    end if;
end
$$;

-- Why something can't be enrolled, null where it can; and how similar it is to what is enrolled now, active or not.
create function console.enrolment_obstacle(
    person bigint, face bigint, entry bigint, out outcome text, out similarity double precision)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    select wanted.outcome, nullif(1 - (wanted.embedding <=> e.embedding), 'NaN')
      from console.enrolment_vector(person, face, entry) as wanted
      left join user_face_embeddings as e on e.user_id = person
$$;

-- The active enrolments of others that are nearest to what would be enrolled. The index gives more of them than are asked for, in
-- half precision; the full vectors say which are the nearest.
create function console.enrolment_neighbours(
    person bigint, face bigint, entry bigint, at_most integer, out user_id bigint, out similarity double precision)
returns setof record
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
set hnsw.ef_search = 120
set enable_sort = off
as $$
    with asked as materialized (
        select wanted.embedding from console.enrolment_vector(person, face, entry) as wanted where wanted.embedding is not null
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
       and near.user_id <> person
     order by near.distance, near.user_id
     limit least(greatest(at_most, 0), 39)
$$;

create index console_faces_unidentified_newest on public.media_detected_faces (id) where status = 'UNIDENTIFIED';

-- Faces of which an enrolment would make something else: suggestions that would come to the person (`gained`) or go (`lost`), faces
-- confirmed as theirs that would not look like them any more (`doubtful`), and faces confirmed as somebody else that look more like
-- the new enrolment (`drawn`); of each kind how many, and the first of them. Faces have no index by what they look like, so what is
-- looked at is what may be: the person's own faces, those of the ten people enrolled nearest, and the newest of those who are nobody.
-- `is_partial` where there were more. The first row always has the last two columns.
create function console.enrolment_flips(
    person bigint, face bigint, entry bigint, at_most integer,
    out kind text, out faces bigint, out face_id bigint, out media_id bigint, out person_id bigint,
    out similarity_now double precision, out similarity_then double precision, out is_decided boolean,
    out looked_at bigint, out is_partial boolean)
returns setof record
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
-- How few rows the limits leave is more than the planner can know, and it would read all faces to find them.
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
    with asked as materialized (
        select console.operator_rank() as rank, subvector(wanted.embedding, 1, 1024) as embedding
          from console.enrolment_vector(person, face, entry) as wanted
         where wanted.embedding is not null
    ),
    present as materialized (
        select subvector(e.embedding, 1, 1024) as embedding
          from user_face_embeddings as e
         where e.user_id = person
           and e.is_active
    ),
    neighbour as materialized (
        select n.user_id from console.enrolment_neighbours(person, face, entry, 10) as n
    ),
    listed as (
        (select 'suggested' as list, person as whose, 1000 as most, f.id, f.media_id, f.status, f.identified_user_id,
                f.suggested_user_id, f.embedding
           from media_detected_faces as f
          where f.status = 'SUGGESTED'
            and f.suggested_user_id = person
          order by console.certainty(f.confidence_score) desc, f.id
          limit 1000)
         union all
        (select 'confirmed', person, 1000, f.id, f.media_id, f.status, f.identified_user_id, f.suggested_user_id, f.embedding
           from media_detected_faces as f
          where f.status = 'CONFIRMED'
            and f.identified_user_id = person
          order by f.id desc
          limit 1000)
         union all
        (select 'near', person, 1000, f.id, f.media_id, f.status, f.identified_user_id, f.suggested_user_id, f.embedding
           from (
               select n.face_id
                 from console.face_near as n
                where n.person_id = person
                order by n.similarity desc, n.face_id
                limit 1000
           ) as n
           join media_detected_faces as f on f.id = n.face_id)
         union all
        select 'suggested', neighbour.user_id, 200, theirs.*
          from neighbour
         cross join lateral (
               select f.id, f.media_id, f.status, f.identified_user_id, f.suggested_user_id, f.embedding
                 from media_detected_faces as f
                where f.status = 'SUGGESTED'
                  and f.suggested_user_id = neighbour.user_id
                order by console.certainty(f.confidence_score) desc, f.id
                limit 200
               ) as theirs
         union all
        select 'confirmed', neighbour.user_id, 200, theirs.*
          from neighbour
         cross join lateral (
               select f.id, f.media_id, f.status, f.identified_user_id, f.suggested_user_id, f.embedding
                 from media_detected_faces as f
                where f.status = 'CONFIRMED'
                  and f.identified_user_id = neighbour.user_id
                order by f.id desc
                limit 200
               ) as theirs
         union all
        select 'near', neighbour.user_id, 200, theirs.*
          from neighbour
         cross join lateral (
               select f.id, f.media_id, f.status, f.identified_user_id, f.suggested_user_id, f.embedding
                 from (
                     select n.face_id
                       from console.face_near as n
                      where n.person_id = neighbour.user_id
                      order by n.similarity desc, n.face_id
                      limit 200
                 ) as n
                 join media_detected_faces as f on f.id = n.face_id
               ) as theirs
         union all
        (select 'nobody', null, 5000, f.id, f.media_id, f.status, f.identified_user_id, f.suggested_user_id, f.embedding
           from media_detected_faces as f
          where f.status = 'UNIDENTIFIED'
          order by f.id desc
          limit 5000)
    ),
    pool as materialized (
        select l.* from listed as l where exists (select from asked)
    ),
    compared as materialized (
        select f.id, f.media_id, f.status, f.identified_user_id, f.suggested_user_id, f.embedding,
               nullif(1 - (held.embedding <=> (select asked.embedding from asked)), 'NaN') as then,
               nullif(1 - (held.embedding <=> (select present.embedding from present)), 'NaN') as now
          from (select distinct on (p.id) p.* from pool as p order by p.id) as f
         cross join lateral (select subvector(f.embedding, 1, 1024) as embedding offset 0) as held
    ),
    judged as (
        select c.*,
               case
                   when c.status = 'SUGGESTED' and c.suggested_user_id = person then
                       case when c.then < 0.7 then 'lost' end
                   when c.status = 'CONFIRMED' and c.identified_user_id = person then
                       case when c.then < 0.7 and (c.now is null or c.now >= 0.7) then 'doubtful' end
                   when c.status = 'CONFIRMED' then 'drawn'
                   else 'gained'
               end as kind,
               case c.status when 'CONFIRMED' then c.identified_user_id when 'SUGGESTED' then c.suggested_user_id end as person_id
          from compared as c
    ),
    -- What looks like the new enrolment more than like whom it is said to be.
    flipped as (
        select j.id, j.media_id, j.kind, j.person_id, j.now, j.then
          from judged as j
          left join user_face_embeddings as e
            on e.user_id = j.person_id
           and e.is_active
           and j.kind in ('drawn', 'gained')
           and j.then >= 0.7
         where j.kind in ('lost', 'doubtful')
            or j.then >= 0.7 and j.then > coalesce(nullif(1 - (j.embedding <=> e.embedding), 'NaN'), -1)
    ),
    said as (
        select f.*,
               exists (
                   select
                     from console.verdict_face as v
                    where v.media_id = f.media_id
                      and v.face_id = f.id
                      and (v.judgement <> 'is_not' or v.person_id = person)
               ) as is_decided
          from flipped as f
         cross join asked
         where (asked.rank = 3 or exists (
                   select
                     from media_ai_insights as i
                    where i.media_id = f.media_id
                      and i.status <> 'UNSAFE'
                      and i.is_safe is not false))
    ),
    -- Who is on the photo already is not suggested once more.
    counted as (
        select s.*,
               count(*) over (partition by s.kind) as faces,
               row_number() over (
                   partition by s.kind
                   order by case when s.kind in ('lost', 'doubtful') then s.then else -s.then end, s.id) as place
          from said as s
         where s.kind <> 'gained'
            or not s.is_decided
               and not exists (
                   select
                     from media_detected_faces as other
                    where other.media_id = s.media_id
                      and other.status = 'CONFIRMED'
                      and other.identified_user_id = person)
    ),
    looked as (
        select (select count(*) from compared) as looked_at,
               (select count(*) = 10 from neighbour)
               or exists (select from pool as p group by p.list, p.whose, p.most having count(*) >= p.most) as is_partial
    )
    select c.kind, c.faces, c.id, c.media_id, c.person_id, c.now, c.then, c.is_decided, looked.looked_at, looked.is_partial
      from looked
      left join counted as c on c.place <= least(greatest(at_most, 0), 200)
     where exists (select from asked)
     order by c.kind, c.place
$$;

-- Writes a state of somebody's enrolment: the log, the history, then the platform's row. `present` is that row, locked, or null.
create function console.write_enrolment(wanted console.enrolment, present public.user_face_embeddings, action text,
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
               user_id, origin, embedding, source_image_url, face_id, is_active, enrolled_at, restores, written_by, audit_id)
    values (wanted.user_id, wanted.origin, wanted.embedding, wanted.source_image_url, wanted.face_id, wanted.is_active,
            wanted.enrolled_at, wanted.restores, session_user, write_enrolment.audit_id)
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

-- The platform's row of an enrolment, locked; `outcome` is null where it is as it was seen, `changed` or `account` where it is not, or
-- nobody can be enrolled. Null was seen where there was none.
create function console.lock_enrolment(
    person bigint, seen text, needs_account boolean, out outcome text, out present public.user_face_embeddings)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    account text;
    version text;
begin
    -- Before there is a row there is nothing else to lock.
    perform pg_advisory_xact_lock(70, (person % 2147483647)::integer);
    select u.account_status into account from public.users as u where u.user_id = person for key share;
    if account is null then
        outcome := 'gone_person';
        return;
    end if;
    if needs_account and account <> 'ACTIVE' then
        outcome := 'account';
        return;
    end if;
    select e.* into present from public.user_face_embeddings as e where e.user_id = person for no key update;
    select e.xmin::text into version from public.user_face_embeddings as e where e.user_id = person;
    if version is distinct from seen then
        outcome := 'changed';
    end if;
end
$$;

-- Enrols somebody with a confirmed face in the version that was seen, or with what they were enrolled with before. `outcome` is `done`,
-- `face_changed`, or one of those of `enrolment_vector` and `lock_enrolment`.
create function console.save_enrolment(
    person bigint, face bigint, face_seen text, entry bigint, seen text, out outcome text, out entry_id bigint, out audit_id bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    photo   bigint;
    version text;
    old     console.enrolment;
    wanted  console.enrolment;
    locked  record;
begin
    perform console.require_admin();
    if face is not null then
        select f.media_id into photo from public.media_detected_faces as f where f.id = face;
        perform console.lock_photos(array[photo]);
        -- The AI does not take the photo's lock.
        select f.xmin::text into version from public.media_detected_faces as f where f.id = face for share;
    end if;
    select vector.outcome, vector.embedding
      into save_enrolment.outcome, wanted.embedding
      from console.enrolment_vector(person, face, entry) as vector;
    if outcome is null and face is not null and version is distinct from face_seen then
        outcome := 'face_changed';
    end if;
    if outcome is not null then
        return;
    end if;
    select * into locked from console.lock_enrolment(person, seen, true);
    if locked.outcome is not null then
        outcome := locked.outcome;
        return;
    end if;
    wanted.user_id := person;
    if face is not null then
        -- The photo may be for few to see, and everybody sees that address: the picture is cut from the photo, for whom may see it.
        wanted.origin := 'face';
        wanted.face_id := face;
        wanted.is_active := true;
        wanted.enrolled_at := now();
    else
        select * into old from console.enrolment as h where h.id = entry;
        wanted.origin := 'rollback';
        wanted.restores := entry;
        wanted.face_id := old.face_id;
        wanted.source_image_url := old.source_image_url;
        wanted.is_active := old.is_active;
        wanted.enrolled_at := old.enrolled_at;
    end if;
    select written.entry_id, written.audit_id into save_enrolment.entry_id, save_enrolment.audit_id
      from console.write_enrolment(
          wanted, locked.present, case when face is not null then 'enrolment.enrol' else 'enrolment.rollback' end) as written;
    outcome := 'done';
end
$$;

-- Makes an enrolment count or not. `none` where there is none.
create function console.switch_enrolment(
    person bigint, active boolean, seen text, out outcome text, out entry_id bigint, out audit_id bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    wanted  console.enrolment;
    locked  record;
    present public.user_face_embeddings;
begin
    perform console.require_admin();
    select * into locked from console.lock_enrolment(person, seen, active);
    present := locked.present;
    outcome := locked.outcome;
    if outcome is null then
        outcome := case
            when present.id is null then 'none'
            when present.is_active = active then 'changed'
            when active and console.usable_vector(present.embedding) is null then 'no_vector'
        end;
    end if;
    if outcome is not null then
        return;
    end if;
    wanted.user_id := person;
    wanted.origin := 'switch';
    wanted.embedding := present.embedding;
    wanted.source_image_url := present.source_image_url;
    wanted.face_id := console.enrolled_face(person);
    wanted.is_active := active;
    wanted.enrolled_at := present.enrolled_at;
    select written.entry_id, written.audit_id into switch_enrolment.entry_id, switch_enrolment.audit_id
      from console.write_enrolment(
          wanted, present, case when active then 'enrolment.activate' else 'enrolment.deactivate' end) as written;
    outcome := 'done';
end
$$;

-- Two active enrolments of which the platform would take one for the other: a face that looks just like the one is above what it
-- confirms for the other. Each pair is there both ways round.
create table console.enrolment_alike (
    user_id    bigint           not null references public.users on delete cascade,
    other_id   bigint           not null references public.users on delete cascade,
    similarity double precision not null,
    primary key (user_id, other_id)
);

create index enrolment_alike_other on console.enrolment_alike (other_id);

comment on table console.enrolment_alike is 'Written by matching when enrolments change; of each the eight nearest are looked at';

-- Lists who is enrolled too much like these users, and has the faces of all whose list changed looked over.
create function console.list_alike_enrolments(users bigint[]) returns void
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set hnsw.ef_search = 40
set enable_sort = off
as $$
declare
    changed bigint[];
begin
    with mine as materialized (
        select e.user_id, e.embedding
          from user_face_embeddings as e
         where e.user_id = any (users)
           and e.is_active
           and vector_norm(e.embedding) >= 0.001
    ),
    near as materialized (
        select mine.user_id, near.user_id as other_id, 1 - (near.embedding <=> mine.embedding) as similarity
          from mine
         cross join lateral (
               select e.user_id, e.embedding
                 from user_face_embeddings as e
                where e.is_active
                order by (l2_normalize(e.embedding)::halfvec(1024)) <=> (l2_normalize(mine.embedding)::halfvec(1024))
                limit 9
               ) as near
         where near.user_id <> mine.user_id
    ),
    found as materialized (
        select n.user_id, n.other_id, n.similarity from near as n where n.similarity between 0.85 and 1.001
         union
        select n.other_id, n.user_id, n.similarity from near as n where n.similarity between 0.85 and 1.001
    ),
    gone as (
        delete from console.enrolment_alike as a
         where (a.user_id = any (users) or a.other_id = any (users))
           and not exists (select from found as f where f.user_id = a.user_id and f.other_id = a.other_id)
     returning a.user_id
    ),
    listed as (
        insert into console.enrolment_alike as a
        select f.user_id, f.other_id, f.similarity from found as f
            on conflict (user_id, other_id) do update set similarity = excluded.similarity
         where a.similarity <> excluded.similarity
     returning a.user_id
    )
    select array_agg(every.user_id) into changed from (select g.user_id from gone as g union select l.user_id from listed as l) as every;
    if changed is not null then
        perform console.mark_dirty('face_matching', 'survey', array(
            select f.media_id from media_detected_faces as f where f.suggested_user_id = any (changed)
             union
            select f.media_id from media_detected_faces as f where f.identified_user_id = any (changed)));
    end if;
end
$$;

-- As before, and whom they look like.
create or replace function console.enrolments_to_match() returns trigger
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
        perform console.mark_dirty('face_matching', 'enrolment', users);
    end if;
    return null;
end
$$;

-- As before, with faces that may be either of two whose enrolments are too alike.
create or replace function console.find_face_conflicts(photos bigint[]) returns setof console.face_conflict
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

-- Who is enrolled already is compared; matching it anew would change what is there.
select console.mark_dirty('face_matching', 'enrolment', array(select user_id from public.user_face_embeddings where is_active));

revoke execute on function
    console.remember_enrolments(), console.require_admin(), console.person_enrolment(bigint), console.enrolled_face(bigint),
    console.enrolment_history(bigint, integer), console.faces_to_enrol(bigint, integer),
    console.enrolment_vector(bigint, bigint, bigint), console.enrolment_obstacle(bigint, bigint, bigint),
    console.enrolment_neighbours(bigint, bigint, bigint, integer), console.enrolment_flips(bigint, bigint, bigint, integer),
    console.write_enrolment(console.enrolment, public.user_face_embeddings, text),
    console.lock_enrolment(bigint, text, boolean), console.save_enrolment(bigint, bigint, text, bigint, text),
    console.switch_enrolment(bigint, boolean, text), console.list_alike_enrolments(bigint[])
    from public;
grant execute on function console.enrolled_face(bigint) to kaleidoscope_staff;
grant execute on function
    console.person_enrolment(bigint), console.enrolment_history(bigint, integer), console.faces_to_enrol(bigint, integer),
    console.enrolment_obstacle(bigint, bigint, bigint), console.enrolment_neighbours(bigint, bigint, bigint, integer),
    console.enrolment_flips(bigint, bigint, bigint, integer)
    to kaleidoscope_moderator;
grant execute on function
    console.save_enrolment(bigint, bigint, text, bigint, text), console.switch_enrolment(bigint, boolean, text)
    to kaleidoscope_admin;
grant execute on function console.list_alike_enrolments(bigint[]) to kaleidoscope_worker;
