-- What reviewers see of unsafe media in clear: each look with its duration, and how much of it is enough for an hour.

create table console.reveal (
    id bigint generated always as identity primary key,
    media_id bigint not null,
    category text not null,
    operator text not null default session_user,
    user_id bigint not null,
    began_at timestamptz not null default clock_timestamp(),
    ends_by timestamptz not null,
    ended_at timestamptz,
    constraint reveal_ends_in_time check (ended_at between began_at and ends_by)
);

comment on table console.reveal is 'Looks at unsafe media in clear; one that nobody ended lasted until ends_by';
comment on column console.reveal.category is 'The policy that the medium is reported or proposed under when it is looked at; empty where none is';

create index reveal_of_user on console.reveal (user_id, began_at);

-- Append-only but for the end of a look, which is said once.
create function console.refuse_other_ends() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    if old.ended_at is null
        and new.ended_at is not null
        and row (new.id, new.media_id, new.category, new.operator, new.user_id, new.began_at, new.ends_by)
            is not distinct from row (old.id, old.media_id, old.category, old.operator, old.user_id, old.began_at, old.ends_by)
    then
        return new;
    end if;
    raise exception 'console.reveal is append-only' using errcode = 'insufficient_privilege';
end
$$;

create trigger ends_once
    before update on console.reveal
    for each row execute function console.refuse_other_ends();

create trigger append_only
    before delete or truncate on console.reveal
    for each statement execute function console.refuse_change();

create table console.reveal_budget (
    id bigint generated always as identity primary key,
    reviewer bigint,
    category text not null,
    items integer not null,
    seconds integer not null,
    look_seconds integer not null,
    set_by bigint,
    set_at timestamptz not null default clock_timestamp(),
    constraint reveal_budget_in_bounds check (
        items between 0 and 10000
        and seconds between 0 and 3600
        and look_seconds between 1 and 60
    )
);

comment on table console.reveal_budget is
    'Append-only: what may be revealed in an hour, media and seconds, and how long one look lasts; the newest row counts';
comment on column console.reveal_budget.reviewer is 'Null: everybody for whom there is no row of their own';
comment on column console.reveal_budget.category is 'Empty: of all categories together';
comment on column console.reveal_budget.set_by is 'Null: as the console came';

create trigger append_only
    before update or delete or truncate on console.reveal_budget
    for each statement execute function console.refuse_change();

insert into console.reveal_budget (category, items, seconds, look_seconds)
values ('', 120, 600, 20),
       ('child_safety', 10, 60, 5);

-- The newest budget that somebody else set counts, a reviewer's own before everybody's; what reviewers set themselves since
-- counts where it is less.
create function console.reveal_budget_of(who bigint, what text, out items integer, out seconds integer, out look_seconds integer)
language sql stable security definer
set search_path = pg_catalog
as $$
    with set_by_others as (
        select b.*
          from console.reveal_budget as b
         where b.category = what
           and (b.reviewer is null or b.reviewer = who)
           and b.set_by is distinct from who
         order by b.reviewer is null, b.id desc
         limit 1
    ),
    set_by_them as (
        select b.*
          from console.reveal_budget as b
         where b.category = what
           and (b.reviewer is null or b.reviewer = who)
           and b.set_by = who
           and b.id > coalesce((select id from set_by_others), 0)
    )
    select min(b.items), min(b.seconds), min(b.look_seconds)
      from (select * from set_by_others union all select * from set_by_them) as b
$$;

-- What was revealed in the last hour, and when the first of it is an hour ago.
create function console.revealed(who bigint, what text, out items integer, out seconds numeric, out frees_at timestamptz)
language sql stable security definer
set search_path = pg_catalog
as $$
    select count(distinct r.media_id)::integer,
           coalesce(sum(extract(epoch from coalesce(r.ended_at, least(r.ends_by, clock_timestamp())) - r.began_at)), 0),
           min(r.began_at) + interval '1 hour'
      from console.reveal as r
     where r.user_id = who
       and r.began_at > clock_timestamp() - interval '1 hour'
       and (what = '' or r.category = what)
$$;

-- The policy at the root of the tree that a medium is looked at for: as decided, else as reported; empty where nobody named one.
create function console.reveal_category(media bigint) returns text
language sql stable security definer
set search_path = pg_catalog
as $$
    select case
               when exists (select from console.safety_restricted as r where r.media_id = media) then 'child_safety'
               else coalesce(
                        (select console.policy_root(d.policy_id) from console.standing_decision(media) as d),
                        (select console.policy_root(r.policy_id)
                           from console.safety_report as r
                          where r.media_id = media
                          order by r.id desc
                          limit 1),
                        '')
           end
$$;

-- Ends looks of the operator, all of them or one; each with its duration in the log.
create function console.end_reveals(one bigint default null) returns integer
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    ended console.reveal;
    number integer := 0;
begin
    for ended in
        update console.reveal as r
           set ended_at = least(clock_timestamp(), r.ends_by)
         where r.user_id = console.operator_id()
           and r.ended_at is null
           and (one is null or r.id = one)
        returning r.*
    loop
        number := number + 1;
        perform console.append_audit(
            'safety.conceal', 'media', ended.media_id, null,
            jsonb_build_object('seconds', round(extract(epoch from ended.ended_at - ended.began_at), 1)));
    end loop;
    return number;
end
$$;

-- Begins a look, in the log before the first clear pixel. SQLSTATE KC001 where the hour's budget is spent; the message says
-- what was seen, and in how many minutes there is room again.
create function console.begin_reveal(media bigint, out reveal_id bigint, out lasts interval)
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    who bigint := console.operator_id();
    category text := console.reveal_category(media);
    what text;
    budget record;
    spent record;
    seconds numeric;
begin
    if console.operator_rank() < 3 or console.is_withheld(media) then
        raise exception 'only admins reveal unsafe media, and those named for it what is about child safety'
            using errcode = 'insufficient_privilege';
    end if;
    -- Two windows of one reviewer have one budget.
    perform pg_advisory_xact_lock(hashtextextended('console.reveal', who));
    perform console.end_reveals();
    foreach what in array case when category = '' then array[''] else array['', category] end loop
        budget := console.reveal_budget_of(who, what);
        continue when budget.items is null;
        spent := console.revealed(who, what);
        if spent.seconds >= budget.seconds
            or spent.items >= budget.items
               and not exists (
                   select
                     from console.reveal as r
                    where r.user_id = who
                      and r.media_id = begin_reveal.media
                      and r.began_at > clock_timestamp() - interval '1 hour'
               )
        then
            raise exception using
                errcode = 'KC001',
                message = format(
                    'You have seen %s unsafe media for %s s in the last hour, which is enough. Take a break of %s min, or go on with something else.',
                    spent.items,
                    round(spent.seconds),
                    greatest(1, ceil(extract(epoch from spent.frees_at - clock_timestamp()) / 60)));
        end if;
        seconds := least(seconds, budget.seconds - spent.seconds, budget.look_seconds);
    end loop;
    lasts := make_interval(secs => seconds::double precision);
    insert into console.reveal (media_id, category, user_id, ends_by)
    values (media, category, who, clock_timestamp() + lasts)
    returning id into reveal_id;
    perform console.append_audit('safety.reveal', 'media', media, null, null);
end
$$;

create function console.set_reveal_budget(reviewer text, category text, items integer, seconds integer, look_seconds integer)
returns void
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    who    bigint;
    before jsonb;
    made   bigint;
begin
    if console.operator_rank() < 3 then
        raise exception 'only admins set budgets' using errcode = 'insufficient_privilege';
    end if;
    select u.user_id into who from public.users as u where u.username = set_reveal_budget.reviewer;
    if reviewer is not null and who is null then
        raise exception 'Nobody is called that any more. Choose another reviewer.' using errcode = 'KC002';
    end if;
    if who = console.operator_id() then
        raise exception 'Nobody sets their own budget. Ask another admin.' using errcode = 'KC002';
    end if;
    select jsonb_build_object('items', b.items, 'seconds', b.seconds, 'lookSeconds', b.look_seconds)
      into before
      from console.reveal_budget as b
     where b.category = set_reveal_budget.category
       and b.reviewer is not distinct from who
     order by b.id desc
     limit 1;
    insert into console.reveal_budget (reviewer, category, items, seconds, look_seconds, set_by)
    values (who, category, items, seconds, look_seconds, console.operator_id())
    returning id into made;
    perform console.append_audit(
        'safety.budget', 'budget', made, before,
        jsonb_build_object('items', items, 'seconds', seconds, 'lookSeconds', look_seconds, 'reviewer', reviewer,
                           'category', category));
end
$$;

-- The budgets that count now, each reviewer's by their name.
create view console.set_budgets with (security_barrier) as
select distinct on (b.reviewer, b.category)
       (select u.username from public.users as u where u.user_id = b.reviewer) as reviewer,
       b.category,
       b.items,
       b.seconds,
       b.look_seconds,
       b.set_by,
       b.set_at
  from console.reveal_budget as b
 where (select console.operator_rank()) = 3
 order by b.reviewer, b.category, b.id desc;

grant select on console.set_budgets to kaleidoscope_admin;

-- What the operator has left of the hour.
create function console.reveals_left(
    out items integer, out seconds integer, out of_items integer, out of_seconds integer, out frees_at timestamptz)
language sql stable security definer
set search_path = pg_catalog
as $$
    select greatest(0, b.items - r.items),
           greatest(0, b.seconds - ceil(r.seconds))::integer,
           b.items,
           b.seconds,
           r.frees_at
      from console.reveal_budget_of(console.operator_id(), '') as b,
           console.revealed(console.operator_id(), '') as r
     where console.operator_rank() >= 3
$$;

-- Looks are begun by begin_reveal alone.
drop function console.record_reveal(bigint);

revoke all on function console.reveal_budget_of(bigint, text), console.revealed(bigint, text), console.reveal_category(bigint),
    console.end_reveals(bigint), console.begin_reveal(bigint), console.reveals_left(),
    console.set_reveal_budget(text, text, integer, integer, integer) from public;
grant execute on function console.end_reveals(bigint), console.begin_reveal(bigint), console.reveals_left(),
    console.set_reveal_budget(text, text, integer, integer, integer) to kaleidoscope_admin;

comment on column console.audit_entry.subject is 'budget, cluster, face, media, person, policy or post; subject_id is its key';
