-- Unknown people: unidentified faces that look alike are put together, one after the other as they are found. A face joins the cluster
-- whose mean it is nearest to, as long as it is near enough, and begins one of its own otherwise. Nothing of it is kept with the
-- platform's faces: which of them are unknown is looked up when a cluster is shown.

create table console.face_cluster (
    id        bigint                 generated always as identity primary key,
    faces     integer                not null,
    -- Of length one: the direction of the mean of its faces when there were `mean_of`.
    mean      public.halfvec(1024)   not null,
    mean_of   integer                not null,
    -- The operator who put it together out of others.
    formed_by text
);

comment on table console.face_cluster is 'Written by the worker, and by operators who split and merge: faces of what may be one unknown person';

create index face_cluster_mean on console.face_cluster using hnsw (mean public.halfvec_cosine_ops);
create index face_cluster_faces on console.face_cluster (faces desc, id) where faces > 1;

create table console.clustered_face (
    face_id    bigint           primary key,
    media_id   bigint           not null,
    cluster_id bigint           not null references console.face_cluster,
    -- Cosine similarity to the mean when it was put there
    similarity double precision not null,
    -- An operator put it there, and there it stays.
    is_kept    boolean          not null default false,
    -- The face's row as it was looked at.
    version    xid              not null
);

create index clustered_face_cluster on console.clustered_face (cluster_id, similarity desc, face_id);
create index clustered_face_media on console.clustered_face (media_id);

-- How similar to the mean of so many faces another one of the same person is at least. The mean of few is less near to them all.
create function console.cluster_reach(faces integer) returns double precision
language sql immutable parallel safe
return 0.60 * sqrt(faces / (faces + 0.5));

-- One worker or operator at a time changes clusters.
create function console.lock_clusters() returns void
language sql
return pg_advisory_xact_lock(69);

-- The photos of which faces are to be put somewhere, or taken away.
create function console.photos_to_cluster(photos bigint[]) returns bigint[]
language sql stable set search_path = pg_catalog, pg_temp
as $$
    select array(
        select f.media_id
          from public.media_detected_faces as f
          left join console.clustered_face as c on c.face_id = f.id
         where f.media_id = any (photos)
           and ((f.status = 'UNIDENTIFIED') <> (c.face_id is not null) or c.version <> f.xmin or c.media_id <> f.media_id)
         union
        select c.media_id
          from console.clustered_face as c
         where c.media_id = any (photos)
           and not exists (select from public.media_detected_faces as f where f.id = c.face_id))
$$;

-- Counts anew, and lets go of what is empty.
create function console.count_clusters(clusters bigint[]) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    update console.face_cluster as c
       set faces = counted.faces
      from (
          select wanted.id, count(f.face_id)::integer as faces
            from unnest(clusters) as wanted (id)
            left join console.clustered_face as f on f.cluster_id = wanted.id
           group by wanted.id
      ) as counted
     where c.id = counted.id
       and c.faces <> counted.faces;
    delete from console.face_cluster as c
     where c.id = any (clusters)
       and c.faces = 0;
$$;

-- The mean of a cluster's faces; of many the hundred that came last.
create function console.refresh_mean(cluster bigint) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    update console.face_cluster as c
       set mean = public.l2_normalize(found.mean)::public.halfvec(1024),
           mean_of = c.faces
      from (
          select public.avg(public.l2_normalize(public.subvector(f.embedding, 1, 1024))) as mean
            from (
                select m.face_id
                  from console.clustered_face as m
                 where m.cluster_id = cluster
                 order by m.face_id desc
                 limit 100
            ) as member
            join public.media_detected_faces as f on f.id = member.face_id
      ) as found
     where c.id = cluster
       and found.mean is not null;
$$;

-- A mean that came nearer to its person may reach faces that are still alone. Two on one photo are two people.
create function console.absorb_faces(cluster bigint) returns void
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

-- Puts the unknown faces of photos into clusters, and takes away those that are not unknown any more, or look different.
create function console.cluster_faces(photos bigint[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    decided bigint[];
    left_by bigint[];
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
               public.l2_normalize(public.subvector(f.embedding, 1, 1024))::public.halfvec(1024) as looks
          from public.media_detected_faces as f
         where f.media_id = any (photos)
           and f.status = 'UNIDENTIFIED'
           and f.id <> all (decided)
           and public.vector_norm(f.embedding) > 0
           and not exists (select from console.clustered_face as c where c.face_id = f.id)
         order by f.id
    loop
        select near.id, near.faces, near.mean_of, near.similarity
          into nearest
          from (
              select c.id, c.faces, c.mean_of, 1 - (c.mean operator(public.<=>) face.looks) as similarity
                from console.face_cluster as c
               order by c.mean operator(public.<=>) face.looks
               limit 8
          ) as near
         where near.similarity >= console.cluster_reach(near.faces)
           and not exists (
               select
                 from console.clustered_face as there
                where there.cluster_id = near.id
                  and there.media_id = face.media_id)
         order by near.similarity desc, near.id
         limit 1;
        if not found then
            insert into console.face_cluster (faces, mean, mean_of) values (1, face.looks, 1) returning id into nearest.id;
            insert into console.clustered_face (face_id, media_id, cluster_id, similarity, version)
            values (face.id, face.media_id, nearest.id, 1, face.version);
            continue;
        end if;
        insert into console.clustered_face (face_id, media_id, cluster_id, similarity, version)
        values (face.id, face.media_id, nearest.id, nearest.similarity, face.version);
        update console.face_cluster as c set faces = c.faces + 1 where c.id = nearest.id;
        -- Each mean is written into the index, so the many small steps of a large one are left out.
        if nearest.faces + 1 >= 1.5 * nearest.mean_of then
            perform console.refresh_mean(nearest.id);
            perform console.absorb_faces(nearest.id);
        end if;
    end loop;
end
$$;

-- Whether the operator may see the faces of a photo, and decide on them.
create function console.sees_faces_of(photo bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select case console.operator_rank()
               when 3 then true
               when 2 then exists (
                   select
                     from public.media_ai_insights as i
                    where i.media_id = photo
                      and i.status <> 'UNSAFE'
                      and i.is_safe is not false)
               else false
           end
$$;

-- The faces of a cluster that are unknown now and not hidden from the operator.
create function console.members_of(cluster bigint, out face_id bigint, out media_id bigint, out similarity double precision, out version text)
    returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select c.face_id, c.media_id, c.similarity, f.xmin::text
      from console.clustered_face as c
      join public.media_detected_faces as f on f.id = c.face_id and f.status = 'UNIDENTIFIED'
     where c.cluster_id = cluster
       and console.sees_faces_of(c.media_id)
$$;

-- Clusters of more than one face, the largest first; how many the operator sees, and the faces that are most like the mean.
create function console.unknown_people(
    after_faces integer, after_cluster bigint, at_most integer,
    out cluster_id bigint, out stored integer, out faces integer, out sample bigint[])
    returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select c.id, c.faces, seen.faces, seen.sample
      from (
          select k.id, k.faces
            from console.face_cluster as k
           where k.faces > 1
             and (after_faces is null or k.faces <= after_faces and (k.faces < after_faces or k.id > after_cluster))
             and console.operator_rank() >= 2
           order by k.faces desc, k.id
           limit least(greatest(at_most, 0), 200)
      ) as c
     cross join lateral (
          select count(*)::integer as faces, (array_agg(m.face_id order by m.similarity desc, m.face_id))[1:3] as sample
            from console.members_of(c.id) as m
     ) as seen
     order by c.faces desc, c.id
$$;

-- The faces of a cluster that nobody else is looking at, the most typical first.
create function console.unknown_faces(
    cluster bigint, after_similarity double precision, after_face bigint, holder text, at_most integer)
    returns setof console.waiting_face
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select m.face_id, m.media_id, null::bigint, m.similarity, 0
      from console.members_of(cluster) as m
     where (after_similarity is null
            or m.similarity <= after_similarity and (m.similarity < after_similarity or m.face_id > after_face))
       and not exists (
           select
             from console.face_lease as l
            where l.face_id = m.face_id
              and l.holder is distinct from unknown_faces.holder
              and l.until > clock_timestamp())
     order by m.similarity desc, m.face_id
     limit least(greatest(at_most, 0), 500)
$$;

-- All of them, with their versions.
create function console.faces_of_cluster(cluster bigint, holder text, out face_id bigint, out version text) returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select m.face_id, m.version
      from console.members_of(cluster) as m
     where not exists (
           select
             from console.face_lease as l
            where l.face_id = m.face_id
              and l.holder is distinct from faces_of_cluster.holder
              and l.until > clock_timestamp())
     order by m.face_id
     limit 10000
$$;

-- The clusters that are most like one: what may be the same person, the nearest first.
create function console.clusters_like(cluster bigint, at_most integer, out cluster_id bigint, out similarity double precision, out faces integer, out sample bigint[])
    returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select near.id, near.similarity, seen.faces, seen.sample
      from (
          select c.id, 1 - (c.mean operator(public.<=>) one.mean) as similarity
            from console.face_cluster as c
           cross join (select k.mean from console.face_cluster as k where k.id = cluster and console.operator_rank() >= 2) as one
           order by c.mean operator(public.<=>) (select k.mean from console.face_cluster as k where k.id = cluster)
           limit 30
      ) as near
     cross join lateral (
          select count(*)::integer as faces, (array_agg(m.face_id order by m.similarity desc, m.face_id))[1:3] as sample
            from console.members_of(near.id) as m
     ) as seen
     where near.id <> cluster
       and near.similarity >= 0.4
       and seen.faces > 0
     order by near.similarity desc, near.id
     limit least(greatest(at_most, 0), 20)
$$;

-- Puts faces of clusters into another one, or into a new one where `target` is null; the cluster that they are in now.
create function console.regroup_faces(moved bigint[], target bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    known  bigint[];
    before jsonb;
    twice  bigint;
    result bigint := target;
begin
    perform console.require_moderator();
    perform console.lock_clusters();
    select array_agg(c.face_id order by c.face_id), jsonb_object_agg(c.face_id, c.cluster_id)
      into known, before
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
    update console.clustered_face as c
       set cluster_id = result, is_kept = true
     where c.face_id = any (known);
    perform console.count_clusters(array(select distinct value::bigint from jsonb_each_text(before)) || result);
    perform console.refresh_mean(changed.id)
       from (
           select distinct value::bigint as id from jsonb_each_text(before)
            union
           select result
       ) as changed;
    update console.clustered_face as c
       set similarity = 1 - (k.mean operator(public.<=>)
                             public.l2_normalize(public.subvector(f.embedding, 1, 1024))::public.halfvec(1024))
      from console.face_cluster as k, public.media_detected_faces as f
     where c.cluster_id = result
       and k.id = result
       and f.id = c.face_id;
    perform console.append_audit(
                'clusters.regroup', 'cluster', result, before,
                (select jsonb_object_agg(moved.face, result) from unnest(known) as moved (face)));
    return result;
end
$$;

-- How often operators agreed that a face is a person, by the similarity to their enrolment in hundredths: of the 20,000 verdicts that were
-- given last and stand.
create function console.verdicts_by_similarity(
    out similarity double precision, out agreed bigint, out turned_down bigint)
    returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select round(v.similarity::numeric, 2)::double precision,
           count(*) filter (where v.judgement = 'is'),
           count(*) filter (where v.judgement = 'is_not')
      from (
          select said.similarity, said.judgement
            from console.face_verdict as said
           where said.judgement in ('is', 'is_not')
             and said.similarity between -1 and 1
             and console.operator_rank() >= 2
             and not exists (select from console.face_decision as undo where undo.undoes = said.decision_id)
           order by said.id desc
           limit 20000
      ) as v
     group by 1
$$;

-- Whom an operator put on a photo, or took from it, gets a feed that knows it as soon as whoever something new concerns.
create function console.concern_feeds() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    people bigint[];
begin
    if not console.is_operator() then
        return null;
    end if;
    if tg_op = 'DELETE' then
        select array_agg(o.identified_user_id) into people from old_rows as o;
    else
        select array_agg(changed.person)
          into people
          from old_rows as o
          join new_rows as n using (id)
         cross join lateral unnest(array[o.identified_user_id, n.identified_user_id]) as changed (person)
         where o.identified_user_id is distinct from n.identified_user_id;
    end if;
    insert into console.feed_refresh as r (user_id, concerned_since)
    select u.user_id, clock_timestamp()
      from public.users as u
     where u.user_id = any (people)
       and u.account_status = 'ACTIVE'
     order by u.user_id
        on conflict (user_id) do update
       set concerned_since = excluded.concerned_since
     where r.concerned_since is null;
    return null;
end
$$;

create trigger console_concern_feeds after update on public.media_detected_faces
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.concern_feeds();
create trigger console_concern_feeds_deleted after delete on public.media_detected_faces
    referencing old table as old_rows
    for each statement execute function console.concern_feeds();

-- Marks of photos whose unknown faces are to be put together are a task of the worker's own, behind matching.
create or replace function console.queue_status()
    returns table (kind text, name text, waiting bigint, oldest_seconds double precision, dead_letters bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    with read_model (name) as (
        values ('media_search'), ('post_search'), ('user_search'), ('face_search'), ('recommendations_knn'),
               ('feed_personalized'), ('known_faces')
    ),
    known (kind, name) as (
        select 'read_model', read_model.name from read_model
        union all
        select 'index', read_model.name from read_model
        union all
        values ('index', 'media_search_text'), ('index', 'person_text'),
               ('task', 'face_matching'), ('task', 'face_clusters'), ('task', 'feed_published'), ('task', 'feeds')
    ),
    waiting as (
        select case when read_model in ('face_matching', 'face_clusters', 'feed_published') then 'task' else 'read_model' end as kind,
               read_model as name, sum(span)::bigint as waiting, min(enqueued_at) as oldest
          from console.read_model_queue
         group by read_model
        union all
        select 'index', index_name, count(*), min(enqueued_at)
          from console.index_queue
         group by index_name
        union all
        select 'task', 'feeds', count(*), min(refresh.concerned_since)
          from console.feed_urgent as urgent
          left join console.feed_refresh as refresh using (user_id)
    ),
    dead as (
        select kind, name, count(*) as letters from console.dead_letter group by kind, name
    )
    select known.kind, known.name, coalesce(waiting.waiting, 0),
           extract(epoch from clock_timestamp() - waiting.oldest)::double precision, coalesce(dead.letters, 0)
      from known
      left join waiting using (kind, name)
      left join dead using (kind, name)
     where console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member')
     order by known.kind desc, known.name;
end;

select console.mark_dirty('face_clusters', 'row', array(
           select distinct media_id from public.media_detected_faces where status = 'UNIDENTIFIED'));

revoke execute on function
    console.lock_clusters(), console.photos_to_cluster(bigint[]), console.count_clusters(bigint[]), console.refresh_mean(bigint),
    console.absorb_faces(bigint), console.cluster_faces(bigint[]), console.sees_faces_of(bigint), console.members_of(bigint),
    console.unknown_people(integer, bigint, integer), console.concern_feeds(),
    console.unknown_faces(bigint, double precision, bigint, text, integer), console.faces_of_cluster(bigint, text),
    console.clusters_like(bigint, integer), console.regroup_faces(bigint[], bigint), console.verdicts_by_similarity()
    from public;
grant execute on function
    console.unknown_people(integer, bigint, integer),
    console.unknown_faces(bigint, double precision, bigint, text, integer), console.faces_of_cluster(bigint, text),
    console.clusters_like(bigint, integer), console.regroup_faces(bigint[], bigint), console.verdicts_by_similarity()
    to kaleidoscope_moderator;
grant execute on function
    console.lock_clusters(), console.photos_to_cluster(bigint[]), console.count_clusters(bigint[]), console.refresh_mean(bigint),
    console.absorb_faces(bigint), console.cluster_faces(bigint[])
    to kaleidoscope_worker;
grant select, insert, update, delete on console.face_cluster, console.clustered_face to kaleidoscope_worker;
