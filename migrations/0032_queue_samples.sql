-- Backlog and lag over time, written by the workers every ten seconds and kept for a day.

create table console.queue_sample (
    at             timestamptz not null,
    kind           text        not null,
    name           text        not null,
    waiting        bigint      not null,
    oldest_seconds double precision,
    dead_letters   bigint      not null,
    -- Sent, and refused because the index had newer ones, since the sample before; by all workers together.
    documents      bigint      not null default 0,
    conflicts      bigint      not null default 0,
    primary key (at, kind, name)
);

-- One line for each span of time, so that a chart of a day is no longer than one of an hour.
create function console.queue_samples(since timestamptz, span interval)
    returns table (at timestamptz, kind text, name text, waiting bigint, oldest_seconds double precision,
                   dead_letters bigint, documents bigint, conflicts bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select date_bin(queue_samples.span, s.at, 'epoch'), s.kind, s.name, max(s.waiting), max(s.oldest_seconds),
           max(s.dead_letters), sum(s.documents)::bigint, sum(s.conflicts)::bigint
      from console.queue_sample as s
     where s.at >= queue_samples.since
       and (console.operator_rank() >= 1 or pg_has_role(session_user, 'kaleidoscope_worker', 'member'))
     group by 1, 2, 3
     order by 1, 2, 3;
end;

revoke execute on function console.queue_samples(timestamptz, interval) from public;
grant execute on function console.queue_samples(timestamptz, interval) to kaleidoscope_staff, kaleidoscope_worker;
grant select, insert, update, delete on console.queue_sample to kaleidoscope_worker;
