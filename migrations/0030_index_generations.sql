-- Several generations of an index beside each other, and the long work on them: rebuilding, rolling back, checking.

-- `live` stands behind the alias, `building` is being filled beside it: documents are sent to both. `previous` was live and
-- is kept for going back, `halted` was building when its rebuild was cancelled; neither is written.
alter table console.index_generation
    add column state   text not null default 'live' check (state in ('building', 'live', 'previous', 'halted')),
    -- Equal only while the mapping is: another one needs another generation.
    add column mapping text,
    -- Why it can't be made true by sending documents.
    add column problem text,
    drop constraint index_generation_pkey,
    add primary key (index_name, generation);

create unique index index_generation_live on console.index_generation (index_name) where state = 'live';
create unique index index_generation_building on console.index_generation (index_name) where state = 'building';

-- Which generation refused a document: only what the one that is being filled refuses keeps it from being searched.
alter table console.dead_letter add column generation text;

-- Ranges of documents are compared in the order in which Elasticsearch has them.
create index console_face_document on public.read_model_face_search ((face_id::text) collate "C");
create index console_feed_document on public.read_model_feed_personalized ((feed_item_id::text) collate "C");

-- Long work that a worker takes up, and that another one goes on with should that one die.
create table console.job (
    job_id       bigint      generated always as identity primary key,
    kind         text        not null check (kind in ('rebuild', 'rollback', 'check', 'repair')),
    index_name   text        not null,
    state        text        not null default 'waiting'
                             check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
    cancel       boolean     not null default false,
    -- What is being done, up to which key it is done, and how much of it.
    step         text,
    position     text,
    done         bigint      not null default 0,
    total        bigint      not null default 0,
    -- In a sentence.
    outcome      text,
    asked_by     text        not null default session_user,
    asked_at     timestamptz not null default clock_timestamp(),
    started_at   timestamptz,
    finished_at  timestamptz,
    lease_holder text
);

-- One at a time changes the generations of an index, and one at a time looks through it.
create unique index job_changing on console.job (index_name)
    where state in ('waiting', 'running') and kind in ('rebuild', 'rollback');
create unique index job_looking on console.job (index_name)
    where state in ('waiting', 'running') and kind in ('check', 'repair');

-- Admins only: a rebuild costs hours, a roll-back changes what everybody finds. Null where such work is under way already.
create function console.start_job(kind text, index_name text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    started bigint;
begin
    if console.operator_rank() < 3 then
        raise exception 'only an admin may start this' using errcode = 'insufficient_privilege';
    end if;
    insert into console.job (kind, index_name) values (start_job.kind, start_job.index_name)
        on conflict do nothing
    returning job_id into started;
    if started is not null then
        perform console.append_audit('system.' || start_job.kind, 'job', started, null,
                                     jsonb_build_object('index', start_job.index_name));
        perform pg_notify('console_queue', '');
    end if;
    return started;
end
$$;

-- False where it has ended already.
create function console.cancel_job(job_id bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if console.operator_rank() < 3 then
        raise exception 'only an admin may cancel this' using errcode = 'insufficient_privilege';
    end if;
    update console.job as asked
       set cancel = true,
           state = case when asked.state = 'waiting' then 'cancelled' else asked.state end,
           finished_at = case when asked.state = 'waiting' then clock_timestamp() end
     where asked.job_id = cancel_job.job_id
       and asked.state in ('waiting', 'running')
       and not asked.cancel;
    if not found then
        return false;
    end if;
    perform console.append_audit('system.cancel', 'job', cancel_job.job_id, null, null);
    return true;
end
$$;

-- The newest first.
create function console.jobs()
    returns table (job_id bigint, kind text, index_name text, state text, cancel boolean, step text, done bigint,
                   total bigint, outcome text, asked_by text, asked_at timestamptz, started_at timestamptz,
                   finished_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select job.job_id, job.kind, job.index_name, job.state, job.cancel, job.step, job.done, job.total, job.outcome,
           job.asked_by, job.asked_at, job.started_at, job.finished_at
      from console.job
     where console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member')
     order by job.job_id desc
     limit 100;
end;

create function console.index_generations()
    returns table (index_name text, generation text, state text, problem text, marked_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select g.index_name, g.generation, g.state, g.problem, g.marked_at
      from console.index_generation as g
     where console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member')
     order by g.index_name, g.marked_at desc;
end;

revoke execute on function
    console.start_job(text, text), console.cancel_job(bigint), console.jobs(), console.index_generations() from public;
grant execute on function console.start_job(text, text), console.cancel_job(bigint) to kaleidoscope_admin;
grant execute on function console.jobs(), console.index_generations() to kaleidoscope_staff, kaleidoscope_worker;
grant select, insert, update, delete on console.job to kaleidoscope_worker;
grant select on sequence console.version to kaleidoscope_worker;
grant execute on function console.mark_stale(text, text[]) to kaleidoscope_worker;
