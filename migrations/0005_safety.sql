-- What may be shown: what admins decided about media that the AI flagged.

create table console.safety_decision (
    id bigint generated always as identity primary key,
    media_id bigint not null,
    safe boolean not null,
    reason text,
    decided_by text not null default session_user,
    decided_at timestamptz not null default clock_timestamp(),
    audit_id bigint not null references console.audit_entry (id)
);

comment on table console.safety_decision is 'Append-only: an admin''s word on a medium; the AI''s flag is theirs to confirm or overturn';

create index safety_decision_media on console.safety_decision (media_id, id desc);
create index safety_decision_audit on console.safety_decision (audit_id);

create trigger append_only
    before update or delete or truncate on console.safety_decision
    for each statement execute function console.refuse_change();

create function console.safety_facts(insight public.media_ai_insights) returns jsonb
language sql immutable
set search_path = pg_catalog
as $$
    select jsonb_build_object('status', insight.status, 'isSafe', insight.is_safe)
$$;

-- Confirming the AI's flag changes nothing but the time of the row, and is a decision all the same.
create function console.remember_decisions() returns trigger
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    insight record;
    entry bigint;
begin
    if not console.is_operator() then
        return null;
    end if;
    for insight in
        select a.media_id,
               coalesce(a.is_safe, a.status <> 'UNSAFE') as safe,
               console.safety_facts(b) as before,
               console.safety_facts(a) as after
          from after_update a
          join before_update b on b.media_id = a.media_id
         order by a.media_id
    loop
        entry := console.append_audit('safety.decide', 'media', insight.media_id, insight.before, insight.after);
        insert into console.safety_decision (media_id, safe, reason, audit_id)
        values (insight.media_id, insight.safe, nullif(current_setting('console.reason', true), ''), entry);
    end loop;
    return null;
end;
$$;

revoke all on function console.remember_decisions() from public;

create trigger console_remember_decisions
    after update on public.media_ai_insights
    referencing old table as before_update new table as after_update
    for each statement execute function console.remember_decisions();

-- Seeing an unsafe picture in clear is an act of its own, in the log before the first clear pixel.
create function console.record_reveal(media bigint) returns bigint
language plpgsql security definer
set search_path = pg_catalog
as $$
begin
    if console.operator_rank() < 3 then
        raise exception 'only admins reveal unsafe media' using errcode = 'insufficient_privilege';
    end if;
    return console.append_audit('safety.reveal', 'media', media, null, null);
end;
$$;

-- Unsafe media on which no human has said since that they are unsafe.
create view console.safety_waiting with (security_barrier) as
select i.media_id, i.updated_at, i.xmin::text as version
  from public.media_ai_insights i
 where (select console.operator_rank()) = 3
   and (i.status = 'UNSAFE' or i.is_safe is false)
   and not exists (
       select
         from console.safety_decision d
        where d.media_id = i.media_id
          and not d.safe
          and d.id = (select max(l.id) from console.safety_decision l where l.media_id = i.media_id)
   );

create function console.last_decision(media bigint, out decided_by text, out safe boolean)
returns setof record
language sql stable security definer
set search_path = pg_catalog
as $$
    select d.decided_by, d.safe
      from console.safety_decision d
     where d.media_id = media
       and console.operator_rank() = 3
     order by d.id desc
     limit 1
$$;

grant select on console.safety_waiting to kaleidoscope_admin;
revoke all on function console.record_reveal(bigint), console.last_decision(bigint) from public;
grant execute on function console.record_reveal(bigint), console.last_decision(bigint) to kaleidoscope_admin;

create index console_insights_unsafe on public.media_ai_insights (media_id)
    where status = 'UNSAFE' or is_safe is false;
