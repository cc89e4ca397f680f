-- What was done: an append-only log in which each entry carries the hash of the one before.

create table console.audit_entry (
    id bigint primary key,
    at timestamptz not null,
    operator text not null,
    user_id bigint,
    role text not null,
    action text not null,
    subject text not null,
    subject_id bigint not null,
    before jsonb,
    after jsonb,
    reason text,
    previous_hash bytea not null,
    hash bytea not null
);

comment on table console.audit_entry is 'Append-only; hash covers the entry and the hash before it';
comment on column console.audit_entry.operator is 'The PostgreSQL login that acted';
comment on column console.audit_entry.role is 'Effective role at that moment: staff, moderator, admin';
comment on column console.audit_entry.subject is 'face or media; subject_id is its key';

create index audit_entry_operator on console.audit_entry (operator, id desc);
create index audit_entry_subject on console.audit_entry (subject, subject_id, id desc);

-- The end of the chain. Its row lock puts the writers of entries into one order, so that ids have no gaps and a missing
-- last entry shows.
create table console.audit_head (
    is_head boolean primary key default true check (is_head),
    id bigint not null,
    hash bytea not null
);

insert into console.audit_head (id, hash) values (0, sha256('kaleidoscope'));

create function console.audit_hash(entry console.audit_entry) returns bytea
language sql immutable
set search_path = pg_catalog
as $$
    select sha256(
        convert_to(
            jsonb_build_array(
                encode(entry.previous_hash, 'hex'),
                entry.id,
                to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
                entry.operator,
                entry.user_id,
                entry.role,
                entry.action,
                entry.subject,
                entry.subject_id,
                entry.before,
                entry.after,
                entry.reason
            )::text,
            'UTF8'
        )
    )
$$;

create function console.append_audit(action text, subject text, subject_id bigint, before jsonb, after jsonb)
returns bigint
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    head console.audit_head;
    entry console.audit_entry;
begin
    select * into strict head from console.audit_head for update;
    entry.id := head.id + 1;
    entry.at := clock_timestamp();
    entry.operator := session_user;
    entry.user_id := console.operator_id();
    entry.role := (array['none', 'staff', 'moderator', 'admin'])[console.operator_rank() + 1];
    entry.action := append_audit.action;
    entry.subject := append_audit.subject;
    entry.subject_id := append_audit.subject_id;
    entry.before := append_audit.before;
    entry.after := append_audit.after;
    entry.reason := nullif(current_setting('console.reason', true), '');
    entry.previous_hash := head.hash;
    entry.hash := console.audit_hash(entry);
    insert into console.audit_entry select entry.*;
    update console.audit_head set id = entry.id, hash = entry.hash;
    return entry.id;
end;
$$;

create function console.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    raise exception 'console.% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end;
$$;

create trigger append_only
    before update or delete or truncate on console.audit_entry
    for each statement execute function console.refuse_change();

-- The first entry at which the chain does not hold, the entry after the last when the end was cut off, null when all hold.
create function console.verify_audit(out entries bigint, out broken_at bigint)
language sql stable security definer
set search_path = pg_catalog
as $$
    with chained as (
        select e.id,
               e.hash = console.audit_hash(e)
               and e.id = row_number() over in_order
               and e.previous_hash = coalesce(lag(e.hash) over in_order, sha256('kaleidoscope')) as holds
          from console.audit_entry e
        window in_order as (order by e.id)
    ),
    counted as (
        select count(*) as entries,
               min(id) filter (where not holds) as broken_at
          from chained
    )
    select c.entries,
           coalesce(
               c.broken_at,
               case
                   when c.entries <> h.id
                        or h.hash <> coalesce(
                            (select e.hash from console.audit_entry e order by e.id desc limit 1),
                            sha256('kaleidoscope')
                        )
                   then c.entries + 1
               end
           )
      from counted c, console.audit_head h
$$;

-- Admins see what everybody did, others their own.
create view console.activity with (security_barrier) as
select id, at, operator, role, action, subject, subject_id, before, after, reason
  from console.audit_entry
 where (select console.operator_rank()) = 3
    or ((select console.operator_rank()) >= 1 and operator = session_user::text);

grant select on console.activity to kaleidoscope_staff;
revoke all on function console.append_audit(text, text, bigint, jsonb, jsonb) from public;
revoke all on function console.verify_audit() from public;
grant execute on function console.verify_audit() to kaleidoscope_admin;
