-- What operators say of unknown faces, that some are one person and others are not, is kept per face and holds whatever becomes of their
-- rows and groups, until it is taken back. A blind sample is as large as what it is to show. And who is on a wall is seen by others.

alter table console.face_decision
    drop constraint face_decision_judgement_check,
    add constraint face_decision_judgement_check
        check (judgement in ('is', 'is_not', 'nobody', 'no_face', 'dismiss', 'undo', 'move', 'delete', 'draw', 'split', 'merge'));

create table console.grouped_face (
    id        bigint       generated always as identity primary key,
    face_id   bigint       not null,
    media_id  bigint       not null,
    bbox      integer[],
    embedding public.vector(1024),
    kept_at   timestamptz  not null default clock_timestamp()
);

comment on table console.grouped_face is 'Append-only: unknown faces that operators split and merged, as they were; by this they are known again';

create index grouped_face_media on console.grouped_face (media_id);

create table console.face_regrouping (
    decision_id bigint primary key references console.face_decision,
    audit_id    bigint not null references console.audit_entry,
    -- Of what was split off all is one person, and none of those who stay; what was merged is one person with those who were there.
    act         text   not null check (act in ('split', 'merge')),
    cluster_id  bigint not null
);

comment on table console.face_regrouping is 'Append-only: which groups of unknown faces operators made';

create table console.regrouped_face (
    decision_id bigint  not null references console.face_regrouping,
    grouped_id  bigint  not null references console.grouped_face,
    -- It came into the group; else it was there, or stayed behind.
    is_moved    boolean not null,
    -- The group that it was in.
    was_in      bigint  not null,
    primary key (grouped_id, decision_id)
);

comment on table console.regrouped_face is 'Append-only: the faces that an operator saw when they split or merged';

create index regrouped_face_decision on console.regrouped_face (decision_id);

create trigger append_only
    before update or delete or truncate on console.grouped_face
    for each statement execute function console.refuse_change();
create trigger append_only
    before update or delete or truncate on console.face_regrouping
    for each statement execute function console.refuse_change();
create trigger append_only
    before update or delete or truncate on console.regrouped_face
    for each statement execute function console.refuse_change();

-- As which of them operators know it.
alter table console.clustered_face add column grouped_id bigint references console.grouped_face;

create unique index clustered_face_grouped on console.clustered_face (grouped_id) where grouped_id is not null;

-- What of it nobody took back.
create view console.standing_grouping as
select f.grouped_id,
       f.decision_id,
       f.is_moved,
       g.act
  from console.regrouped_face as f
  join console.face_regrouping as g using (decision_id)
 where not exists (select from console.face_decision as undo where undo.undoes = f.decision_id);

-- Which others are one person with a face, and which are not: of two the last word holds. Of two that both stayed behind nothing was said.
create function console.grouped_with(grouped bigint, out other bigint, out is_one boolean) returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct on (other.grouped_id) other.grouped_id, own.act = 'merge' or own.is_moved and other.is_moved
      from console.standing_grouping as own
      join console.regrouped_face as other using (decision_id)
     where own.grouped_id = grouped
       and other.grouped_id <> grouped
       and (own.act = 'merge' or own.is_moved or other.is_moved)
     order by other.grouped_id, own.decision_id desc
$$;

-- Whether it was said to be in a group, where it stays then.
create function console.is_in_kept_group(grouped bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select from console.standing_grouping as s where s.grouped_id = grouped and (s.act = 'merge' or s.is_moved))
$$;

-- The face that operators split or merged which this one is. The AI may have deleted it and found it again.
create function console.grouped_as(face bigint, photo bigint, box integer[], looks public.vector) returns bigint
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    select g.id
      from console.grouped_face as g
     where g.media_id = photo
       and (g.face_id = face
            or console.is_face_of(box, looks, g.bbox, g.embedding)
               and not exists (
                       select from media_detected_faces as still where still.id = g.face_id and still.media_id = g.media_id))
       and exists (select from console.standing_grouping as s where s.grouped_id = g.id)
       and not exists (select from console.clustered_face as c where c.grouped_id = g.id)
     order by g.face_id = face desc, g.embedding <=> looks, g.id desc
     limit 1
$$;

-- As before; where operators put a face it stays.
create or replace function console.absorb_faces(cluster bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    into_it console.face_cluster;
    absorbed bigint[];
begin
    select * into strict into_it from console.face_cluster as c where c.id = cluster;
    with near as materialized (
        select c.id, c.faces, c.formed_by, 1 - (c.mean operator(public.<=>) into_it.mean) as similarity
          from console.face_cluster as c
         order by c.mean operator(public.<=>) into_it.mean
         limit 10
    ),
    alone as (
        select distinct on (m.media_id) m.face_id, near.id, near.similarity
          from near
          join console.clustered_face as m on m.cluster_id = near.id
         where near.id <> cluster
           and near.faces = 1
           and near.formed_by is null
           and m.grouped_id is null
           and near.similarity >= console.cluster_reach(into_it.faces)
           and not exists (
               select
                 from console.clustered_face as there
                where there.media_id = m.media_id
                  and there.cluster_id = cluster)
         order by m.media_id, near.similarity desc
    ),
    moved as (
        update console.clustered_face as m
           set cluster_id = cluster, similarity = alone.similarity
          from alone
         where m.face_id = alone.face_id
     returning alone.id
    )
    select array_agg(id) into absorbed from moved;
    if absorbed is not null then
        perform console.count_clusters(absorbed || cluster);
    end if;
end
$$;

-- As before. A face that operators said to be one person with others joins them, and is never put together with those from whom it was
-- split.
create or replace function console.cluster_faces(photos bigint[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    decided bigint[];
    left_by bigint[];
    apart   bigint[];
    alone   bigint;
    face    record;
    nearest record;
begin
    perform console.lock_clusters();
    decided := array(
        select v.face_id
          from console.standing_verdict as v
         where v.media_id = any (photos)
           and v.judgement in ('is', 'nobody', 'no_face'));
    with gone as (
        delete from console.clustered_face as c
         where c.media_id = any (photos)
           and (c.face_id = any (decided)
                or not exists (
                    select
                      from public.media_detected_faces as f
                      join console.face_cluster as k on k.id = c.cluster_id
                     where f.id = c.face_id
                       and f.media_id = c.media_id
                       and f.status = 'UNIDENTIFIED'
                       and public.vector_norm(f.embedding) > 0
                       and (c.is_kept
                            or c.version = f.xmin
                            or 1 - (k.mean operator(public.<=>) public.subvector(f.embedding, 1, 1024)::public.halfvec(1024))
                               >= 0.9 * console.cluster_reach(k.faces))))
     returning c.cluster_id
    )
    select array_agg(distinct cluster_id) into left_by from gone;
    if left_by is not null then
        perform console.count_clusters(left_by);
    end if;
    update console.clustered_face as c
       set version = f.xmin
      from public.media_detected_faces as f
     where c.media_id = any (photos)
       and f.id = c.face_id
       and f.xmin <> c.version;

    for face in
        select f.id, f.media_id, f.xmin as version,
               public.l2_normalize(public.subvector(f.embedding, 1, 1024))::public.halfvec(1024) as looks,
               console.grouped_as(f.id, f.media_id, f.bbox, f.embedding) as grouped_id
          from public.media_detected_faces as f
         where f.media_id = any (photos)
           and f.status = 'UNIDENTIFIED'
           and f.id <> all (decided)
           and public.vector_norm(f.embedding) > 0
           and not exists (select from console.clustered_face as c where c.face_id = f.id)
         order by f.id
    loop
        if exists (select from console.clustered_face as c where c.grouped_id = face.grouped_id) then
            -- Two look like what was one: the second is a face of which nothing was said.
            face.grouped_id := null;
        end if;
        nearest := null;
        apart := '{}';
        if face.grouped_id is not null then
            apart := array(
                select distinct c.cluster_id
                  from console.grouped_with(face.grouped_id) as word
                  join console.clustered_face as c on c.grouped_id = word.other
                 where not word.is_one);
            select k.id, k.faces, k.mean_of, 1 - (k.mean operator(public.<=>) face.looks) as similarity
              into nearest
              from (
                  select c.cluster_id, count(*) as faces
                    from console.grouped_with(face.grouped_id) as word
                    join console.clustered_face as c on c.grouped_id = word.other
                   where word.is_one
                   group by c.cluster_id
              ) as own
              join console.face_cluster as k on k.id = own.cluster_id
             where k.id <> all (apart)
               and not exists (
                   select
                     from console.clustered_face as there
                    where there.cluster_id = k.id
                      and there.media_id = face.media_id)
             order by own.faces desc, k.id
             limit 1;
        end if;
        if nearest is null then
            select near.id, near.faces, near.mean_of, near.similarity
              into nearest
              from (
                  select c.id, c.faces, c.mean_of, 1 - (c.mean operator(public.<=>) face.looks) as similarity
                    from console.face_cluster as c
                   order by c.mean operator(public.<=>) face.looks
                   limit 8
              ) as near
             where near.similarity >= console.cluster_reach(near.faces)
               and near.id <> all (apart)
               and not exists (
                   select
                     from console.clustered_face as there
                    where there.cluster_id = near.id
                      and there.media_id = face.media_id)
             order by near.similarity desc, near.id
             limit 1;
        end if;
        if nearest is null then
            insert into console.face_cluster (faces, mean, mean_of) values (1, face.looks, 1) returning id into alone;
            insert into console.clustered_face (face_id, media_id, cluster_id, similarity, is_kept, version, grouped_id)
            values (face.id, face.media_id, alone, 1, console.is_in_kept_group(face.grouped_id), face.version, face.grouped_id);
            continue;
        end if;
        insert into console.clustered_face (face_id, media_id, cluster_id, similarity, is_kept, version, grouped_id)
        values (face.id, face.media_id, nearest.id, nearest.similarity, console.is_in_kept_group(face.grouped_id), face.version,
                face.grouped_id);
        update console.face_cluster as c set faces = c.faces + 1 where c.id = nearest.id;
        -- Each mean is written into the index, so the many small steps of a large one are left out.
        if nearest.faces + 1 >= 1.5 * nearest.mean_of then
            perform console.refresh_mean(nearest.id);
            perform console.absorb_faces(nearest.id);
        end if;
    end loop;
end
$$;

-- Counts clusters anew after operators moved faces, with their means, and how near their faces are to these.
create function console.settle_clusters(clusters bigint[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.count_clusters(clusters);
    perform console.refresh_mean(changed.id) from (select distinct unnest(clusters) as id) as changed;
    update console.clustered_face as c
       set similarity = 1 - (k.mean operator(public.<=>)
                             public.l2_normalize(public.subvector(f.embedding, 1, 1024))::public.halfvec(1024))
      from console.face_cluster as k, public.media_detected_faces as f
     where c.cluster_id = any (clusters)
       and k.id = c.cluster_id
       and f.id = c.face_id;
end
$$;

-- Puts faces of clusters into another one, or into a new one where `target` is null; the cluster that they are in now. It is a decision
-- like those on who it is, about the faces that the operator sees, and taken back in the same order.
create or replace function console.regroup_faces(moved bigint[], target bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    act    text := case when target is null then 'split' else 'merge' end;
    known  bigint[];
    stayed bigint[];
    before jsonb;
    source bigint[];
    twice  bigint;
    result bigint := target;
    entry  bigint;
    made   bigint;
begin
    perform console.require_moderator();
    perform console.lock_clusters();
    select array_agg(c.face_id order by c.face_id), jsonb_object_agg(c.face_id, c.cluster_id), array_agg(distinct c.cluster_id)
      into known, before, source
      from console.clustered_face as c
     where c.face_id = any (moved)
       and console.sees_faces_of(c.media_id);
    if known is null then
        raise exception using errcode = 'no_data_found', message = 'These faces';
    end if;
    if target is null then
        insert into console.face_cluster (faces, mean, mean_of, formed_by)
        select 0, k.mean, 1, session_user
          from console.clustered_face as c
          join console.face_cluster as k on k.id = c.cluster_id
         where c.face_id = known[1]
     returning id into result;
    elsif not exists (select from console.face_cluster as k where k.id = target) then
        raise exception using errcode = 'no_data_found', message = 'The other group';
    end if;
    select c.media_id
      into twice
      from console.clustered_face as c
     where c.face_id = any (known) or c.cluster_id = result
     group by c.media_id
    having count(*) > 1
       and bool_or(c.face_id = any (known))
     limit 1;
    if twice is not null then
        raise exception using errcode = 'unique_violation', message = twice;
    end if;

    stayed := array(
        select m.face_id
          from unnest(case act when 'split' then source else array[target] end) as other (id)
         cross join lateral console.members_of(other.id) as m
        except
        select unnest(known));
    with fresh as (
        insert into console.grouped_face (face_id, media_id, bbox, embedding)
        select f.id, f.media_id, f.bbox, f.embedding
          from console.clustered_face as c
          join public.media_detected_faces as f on f.id = c.face_id
         where c.face_id = any (known || stayed)
           and c.grouped_id is null
     returning id, face_id
    )
    update console.clustered_face as c
       set grouped_id = fresh.id
      from fresh
     where c.face_id = fresh.face_id;

    entry := console.append_audit(
        'clusters.regroup', 'cluster', result, before,
        (select jsonb_object_agg(face, result) from unnest(known) as face));
    insert into console.face_decision (judgement, faces) values (act, cardinality(known)) returning id into made;
    insert into console.face_regrouping (decision_id, audit_id, act, cluster_id) values (made, entry, act, result);
    insert into console.regrouped_face (decision_id, grouped_id, is_moved, was_in)
    select made, c.grouped_id, c.face_id = any (known), c.cluster_id
      from console.clustered_face as c
     where c.face_id = any (known || stayed)
       and c.grouped_id is not null;

    update console.clustered_face as c
       set cluster_id = case when c.face_id = any (known) then result else c.cluster_id end,
           is_kept = true
     where c.face_id = any (case act when 'split' then known else known || stayed end);
    perform console.settle_clusters(source || result);
    return result;
end
$$;

-- Takes a split or a merge back: each face that was moved returns to the group that it was in, where nobody else has split or merged it
-- since. `beside`: that group has another face of the photo by now.
create function console.undo_regrouped(last console.face_decision) returns setof console.face_undone
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    was     record;
    outcome console.face_undone;
    back    bigint[] := '{}';
    home    bigint[] := '{}';
    before  jsonb := '{}';
    after   jsonb := '{}';
    changed bigint[];
    cluster bigint;
    entry   bigint;
begin
    perform console.lock_clusters();
    select g.cluster_id into strict cluster from console.face_regrouping as g where g.decision_id = last.id;
    for was in
        select coalesce(c.face_id, g.face_id) as face, c.face_id as now, c.cluster_id, r.was_in, later.decided_by,
               console.sees_faces_of(g.media_id) as is_seen,
               c.face_id is not null
               or exists (select from public.media_detected_faces as f where f.id = g.face_id) as is_there,
               exists (
                   select
                     from console.clustered_face as beside
                    where beside.cluster_id = r.was_in
                      and beside.media_id = g.media_id
                      and beside.face_id <> c.face_id) as is_beside
          from console.regrouped_face as r
          join console.grouped_face as g on g.id = r.grouped_id
          left join console.clustered_face as c on c.grouped_id = g.id
          left join lateral (
               select d.decided_by
                 from console.standing_grouping as s
                 join console.face_decision as d on d.id = s.decision_id
                where s.grouped_id = g.id
                  and s.decision_id > last.id
                  and (s.is_moved or s.act = 'merge')
                  and d.decided_by <> session_user::text
                order by d.id desc
                limit 1
               ) as later on true
         where r.decision_id = last.id
           and r.is_moved
         order by g.face_id
    loop
        outcome := row(last.id, last.judgement, was.face, 'done', null);
        if not was.is_seen or not was.is_there then
            outcome.outcome := 'gone';
        elsif was.decided_by is not null then
            outcome.outcome := 'overtaken';
            outcome.name := was.decided_by;
        elsif was.now is not null and was.is_beside then
            outcome.outcome := 'beside';
        elsif was.now is not null and was.cluster_id <> was.was_in then
            back := back || was.now;
            home := home || was.was_in;
            before := before || jsonb_build_object(was.now, was.cluster_id);
            after := after || jsonb_build_object(was.now, was.was_in);
        end if;
        return next outcome;
    end loop;

    changed := array(select c.cluster_id from console.clustered_face as c where c.face_id = any (back)) || home;
    insert into console.face_cluster (id, faces, mean, mean_of)
    overriding system value
    select distinct on (restored.id) restored.id, 0, k.mean, 1
      from unnest(back, home) as restored (face, id)
      join console.clustered_face as c on c.face_id = restored.face
      join console.face_cluster as k on k.id = c.cluster_id
     where not exists (select from console.face_cluster as still where still.id = restored.id)
     order by restored.id, restored.face;
    update console.clustered_face as c
       set cluster_id = restored.id
      from unnest(back, home) as restored (face, id)
     where c.face_id = restored.face;
    perform console.settle_clusters(changed);
    perform console.append_audit('clusters.undo', 'cluster', cluster, before, after);
    insert into console.face_decision (judgement, faces, undoes) values ('undo', cardinality(back), last.id);
    update console.clustered_face as c
       set grouped_id = case when exists (select from console.standing_grouping as s where s.grouped_id = c.grouped_id)
                             then c.grouped_id end,
           is_kept = console.is_in_kept_group(c.grouped_id)
      from console.regrouped_face as r
     where r.decision_id = last.id
       and c.grouped_id = r.grouped_id;
end
$$;

-- As before, for what was split and merged, too.
create or replace function console.undo_faces() returns setof console.face_undone
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
    if last.judgement in ('split', 'merge') then
        return query select * from console.undo_regrouped(last);
        return;
    end if;
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

-- As before; who is still unknown after a split or a merge is no face that was decided.
create or replace function console.own_work(
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
           case when act.judgement in ('undo', 'split', 'merge') or undo.undoes is not null then 0 else act.faces end,
           case when act.gap <= interval '5 minutes' then extract(epoch from act.gap)::double precision end
      from act
      left join undo on undo.undoes = act.id
     where console.operator_rank() >= 2
     order by act.decided_at, act.id
$$;

-- How sure a sample must make it that the share of right ones is met; its least size is as before.
alter table console.face_line_rule
    add column confidence double precision not null default 0.95 check (confidence between 0.5 and 0.999);

comment on column console.face_line_rule.sample is 'The least size; a sample has as many faces as it takes to show the precision';

grant update (confidence) on console.face_line_rule to kaleidoscope_admin;

-- The logarithm of the number of ways to choose so many of all.
create function console.ln_ways(from_all integer, choose integer) returns double precision
language sql immutable parallel safe
return (
    select coalesce(sum(ln((from_all - least(choose, from_all - choose) + place)::double precision / place)), 0)
      from generate_series(1, least(choose, from_all - choose)) as place);

-- Whether a sample with so many wrong ones shows that of all at least the share is right: were it less, fewer samples than one may err in
-- had so few wrong ones. The sample is part of the whole, which is counted exactly (the hypergeometric distribution): of few faces it
-- takes fewer to know them all.
create function console.sample_shows(
    whole integer, sample integer, wrong integer, share double precision, confidence double precision) returns boolean
language plpgsql immutable parallel safe
as $$
declare
    -- The fewest wrong ones among all with which the share is not met.
    too_many integer := floor((1 - share) * whole + 1e-9) + 1;
    fewest   integer := greatest(0, sample - (whole - too_many));
    chance   double precision;
    total    double precision := 0;
begin
    if sample < 1 or sample > whole then
        return false;
    end if;
    if too_many > whole or wrong < fewest then
        return true;
    end if;
    chance := exp(console.ln_ways(too_many, fewest) + console.ln_ways(whole - too_many, sample - fewest)
                  - console.ln_ways(whole, sample));
    for seen in fewest .. least(wrong, sample, too_many) loop
        total := total + chance;
        chance := chance * (too_many - seen) * (sample - seen)
                  / ((seen + 1) * (whole - too_many - sample + seen + 1)::double precision);
    end loop;
    return total <= 1 - confidence;
end
$$;

-- How many faces a sample of so many must have to show the share if all of it are right: at least `least_size`, or all there are.
create function console.sample_size(
    whole integer, share double precision, confidence double precision, least_size integer) returns integer
language plpgsql immutable parallel safe
as $$
declare
    low  integer := least(greatest(least_size, 1), whole);
    high integer := whole;
    half integer;
begin
    while low < high loop
        half := (low + high) / 2;
        if console.sample_shows(whole, half, 0, share, confidence) then
            high := half;
        else
            low := half + 1;
        end if;
    end loop;
    return low;
end
$$;

-- How many faces lie above a line, and how many of them a sample must have.
create function console.line_need(
    person bigint, queue text, line double precision, holder text, out above integer, out sample integer)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select counted.above, console.sample_size(counted.above, r.least_precision, r.confidence, r.sample)
      from console.face_line_rule as r
     cross join (
           select count(*)::integer as above
             from console.above_line(line_need.person, line_need.queue, line_need.line, line_need.holder)
           ) as counted
$$;

-- As before, as large as it must be.
create or replace function console.line_sample(person bigint, queue text, line double precision, holder text)
    returns setof console.waiting_face
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    waiting console.waiting_face[] := array(
        select row(a.face_id, a.media_id, line_sample.person, a.similarity, 0)::console.waiting_face
          from console.above_line(person, queue, line, holder) as a
         order by random());
    drawn   console.waiting_face[];
begin
    select waiting[1 : console.sample_size(cardinality(waiting), r.least_precision, r.confidence, r.sample)]
      into drawn
      from console.face_line_rule as r;
    if drawn <> '{}' then
        insert into console.face_line_sample (person_id, queue, similarity, faces)
        select line_sample.person, line_sample.queue, line_sample.line, array_agg(d.face_id) from unnest(drawn) as d;
    end if;
    return query select * from unnest(drawn);
end
$$;

drop function console.sample_outcome(bigint), console.standing_line(bigint, text);

-- As before. Those of which nobody has said anything yet are `still_open`: they could be those that are wrong.
create function console.sample_outcome(sample bigint, out decided integer, out correct integer, out still_open integer)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select count(own.face_id),
           count(own.face_id) filter (where last.judgement = 'is' and last.person_id = s.person_id),
           count(*) filter (
               where last.face_id is null
                 and exists (select from public.media_detected_faces as f where f.id = shown.face_id and f.status <> 'CONFIRMED'))
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
           select v.face_id, v.judgement, v.person_id
             from console.face_verdict as v
            where v.face_id = shown.face_id
              and v.decided_at > s.drawn_at
              and not exists (select from console.face_decision as undo where undo.undoes = v.decision_id)
            order by v.id desc
            limit 1
           ) as last on true
     where s.id = sample
$$;

-- As before; what its sample has come to by now shows the precision for all that was above the line and what came there since.
create function console.standing_line(person bigint, queue text, holder text) returns setof console.face_line
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with drawn as materialized (
        select l, came.decided, came.correct, came.decided + came.still_open as sample,
               r.least_precision, r.confidence
          from console.face_line as l
         cross join console.face_line_rule as r
         cross join lateral console.sample_outcome(l.sample_id) as came
         where l.person_id = standing_line.person
           and l.queue = standing_line.queue
           and l.decided_by = session_user::text
           and l.decided_at > clock_timestamp() - interval '24 hours'
           and came.decided >= r.sample
           and console.operator_rank() >= 2
    ),
    waiting as materialized (
        select a.similarity
          from console.above_line(
                   standing_line.person, standing_line.queue, (select min((d.l).similarity) from drawn as d), standing_line.holder) as a
    )
    select (d.l).*
      from drawn as d
     where console.sample_shows(
               greatest(
                   d.sample,
                   d.decided + (select count(*)::integer from waiting as w where w.similarity >= (d.l).similarity)),
               d.sample, d.sample - d.correct, d.least_precision, d.confidence)
     order by (d.l).similarity
     limit 1
$$;

-- As before.
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

create or replace function console.faces_above(
    person bigint, queue text, line double precision, holder text, out face_id bigint, out version text)
    returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.face_id, a.version
      from console.above_line(faces_above.person, faces_above.queue, faces_above.line, faces_above.holder) as a
     where exists (
               select
                 from console.standing_line(faces_above.person, faces_above.queue, faces_above.holder) as l
                where l.similarity <= faces_above.line)
     order by a.face_id
     limit 10000
$$;

-- Which window looks at which wall: a person's, or a group of unknown faces. It says again and again that it is still there.
create unlogged table console.wall_look (
    holder     text        primary key,
    operator   text        not null default session_user,
    person_id  bigint,
    cluster_id bigint,
    until      timestamptz not null,
    check ((person_id is null) <> (cluster_id is null))
);

create index wall_look_person on console.wall_look (person_id) where person_id is not null;
create index wall_look_cluster on console.wall_look (cluster_id) where cluster_id is not null;

-- Says that a window looks at a wall, or at none any more where both are null; the logins of who else does.
create function console.keep_wall(person bigint, cluster bigint, holder text) returns setof text
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_moderator();
    delete from console.wall_look as l
     where l.holder = keep_wall.holder
       and person is null
       and cluster is null
        or l.until < clock_timestamp() - interval '1 hour';
    if person is null and cluster is null then
        return;
    end if;
    insert into console.wall_look as l (holder, person_id, cluster_id, until)
    values (keep_wall.holder, person, cluster, clock_timestamp() + console.lease_time())
        on conflict on constraint wall_look_pkey do update
       set operator = excluded.operator, person_id = excluded.person_id, cluster_id = excluded.cluster_id, until = excluded.until
     where (l.operator, l.person_id, l.cluster_id) is distinct from (excluded.operator, excluded.person_id, excluded.cluster_id)
        or l.until < clock_timestamp() + console.lease_time() / 2;
    return query
        select distinct l.operator
          from console.wall_look as l
         where (l.person_id = person or l.cluster_id = cluster)
           and l.holder <> keep_wall.holder
           and l.until > clock_timestamp()
         order by l.operator;
end
$$;

revoke execute on function
    console.grouped_with(bigint), console.is_in_kept_group(bigint), console.grouped_as(bigint, bigint, integer[], public.vector),
    console.settle_clusters(bigint[]), console.undo_regrouped(console.face_decision), console.sample_outcome(bigint),
    console.line_need(bigint, text, double precision, text), console.standing_line(bigint, text, text),
    console.keep_wall(bigint, bigint, text)
    from public;
grant execute on function
    console.line_need(bigint, text, double precision, text), console.standing_line(bigint, text, text),
    console.keep_wall(bigint, bigint, text)
    to kaleidoscope_moderator;
grant execute on function
    console.grouped_with(bigint), console.is_in_kept_group(bigint), console.grouped_as(bigint, bigint, integer[], public.vector)
    to kaleidoscope_worker;
