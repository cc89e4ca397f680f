-- What else the worker does is seen beside the read models and indices: matching faces, and choosing feeds. What a worker can do
-- is known, so that work is left to one that can, and whoever waits is told what for.

alter table console.worker add column has_elasticsearch boolean not null default true;

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
               ('task', 'face_matching'), ('task', 'feed_published'), ('task', 'feeds')
    ),
    waiting as (
        select case when read_model in ('face_matching', 'feed_published') then 'task' else 'read_model' end as kind,
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

-- The newest first, and what those wait for that no worker can take up.
drop function console.jobs();
create function console.jobs()
    returns table (job_id bigint, kind text, index_name text, state text, cancel boolean, step text, done bigint,
                   total bigint, outcome text, asked_by text, asked_at timestamptz, started_at timestamptz,
                   finished_at timestamptz, waits_for text)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select job.job_id, job.kind, job.index_name, job.state, job.cancel, job.step, job.done, job.total, job.outcome,
           job.asked_by, job.asked_at, job.started_at, job.finished_at,
           case when job.state <> 'waiting' then null
                when able.workers = 0 then 'worker'
                when able.with_elasticsearch = 0
                     and exists (select from console.index_generation as g where g.index_name = job.index_name)
                then 'elasticsearch'
           end
      from console.job
     cross join (
           select count(*) as workers, count(*) filter (where has_elasticsearch) as with_elasticsearch
             from console.worker
            where abs(extract(epoch from clock_timestamp() - seen_at)) < 8
           ) as able
     where console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member')
     order by job.job_id desc
     limit 100;
end;

-- Those that ended long ago are of no use to anybody: who asked for them is in the log.
create function console.forget_jobs() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from console.job
     where finished_at is not null
       and job_id <= (select job_id from console.job order by job_id desc offset 1000 limit 1);
    return null;
end
$$;

create trigger forget_jobs after insert on console.job
    for each statement execute function console.forget_jobs();

revoke execute on function console.jobs(), console.forget_jobs() from public;
grant execute on function console.jobs() to kaleidoscope_staff, kaleidoscope_worker;
