-- What waits for an admin's word: flagged by the AI, contradictory, not processed, reported by staff, appealed against, to be seen
-- by a second person. Who looks at it, who keeps it, and to whom it was sent.

create table console.safety_item (
    media_id    bigint      not null references public.post_media on delete cascade,
    queue       text        not null
                check (queue in ('flagged', 'disagreement', 'failed', 'reported', 'appeal', 'second', 'confirm')),
    since       timestamptz not null default clock_timestamp(),
    -- 0 where nobody has said anything of it yet, else 1 to 4
    severity    smallint    not null default 0,
    -- Reactions and comments
    reach       integer     not null default 0,
    -- Logins to whom it is not shown: they had a part in what is looked at again.
    not_for     text[]      not null default '{}',
    -- The only one to whom it is shown: who keeps it, or to whom it was sent.
    assigned_to text,
    assigned_by text,
    assigned_at timestamptz,
    note        text,
    primary key (media_id, queue)
);

comment on table console.safety_item is 'A medium in a queue; the platform''s writes and operators'' decisions put it there and take it away';

-- In each order a page begins where the one before ended, by one comparison of rows.
create index safety_item_age on console.safety_item (queue, since, media_id) where assigned_to is null;
create index safety_item_severity on console.safety_item (queue, (-severity), since, media_id) where assigned_to is null;
create index safety_item_reach on console.safety_item (queue, (-reach), since, media_id) where assigned_to is null;
create index safety_item_assigned on console.safety_item (assigned_to, since, media_id) where assigned_to is not null;

create table console.safety_target (
    queue text     primary key,
    -- So long an item may wait.
    age   interval not null check (age > interval '0')
);

comment on table console.safety_target is 'How long an item may wait in each queue; admins change it';

insert into console.safety_target (queue, age)
values ('flagged', '24 hours'), ('disagreement', '24 hours'), ('failed', '72 hours'), ('reported', '12 hours'),
       ('appeal', '72 hours'), ('second', '72 hours'), ('confirm', '4 hours');

grant select, update (age) on console.safety_target to kaleidoscope_admin;

create trigger console_require_admin before update on console.safety_target
    for each statement execute function console.require_rank(3);

-- A medium that has to do with the safety of children is only for those who are named for it.
create table console.safety_named (
    username text        primary key,
    named_by text        not null default session_user,
    named_at timestamptz not null default clock_timestamp()
);

comment on table console.safety_named is 'Logins that may see what was reported, proposed or decided as child safety; kept by the command line';

create table console.safety_restricted (
    media_id bigint      primary key references public.post_media on delete cascade,
    since    timestamptz not null default clock_timestamp()
);

comment on table console.safety_restricted is 'Media that were reported, proposed or decided as child safety: in no view of others';

create function console.sees_child_safety() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select console.operator_rank() = 3
           and exists (select from console.safety_named as n where n.username = session_user::text);
end;

create function console.is_withheld(media bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select exists (select from console.safety_restricted as r where r.media_id = is_withheld.media)
           and not console.sees_child_safety();
end;

-- Reactions and comments together; whatever the platform counts, writing it must not fail because of the console.
create function console.reach(reactions integer, comments integer) returns integer
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return least(greatest(coalesce(reactions, 0)::bigint + coalesce(comments, 0), 0), 2147483647)::integer;

create function console.reach_of(media bigint) returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(
        (select console.reach(m.reaction_count, m.comment_count)
           from public.read_model_media_search as m
          where m.media_id = reach_of.media), 0);
end;

-- Where the AI's two words alone put a medium.
create function console.insight_queue(status text, is_safe boolean) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return case
    when status = 'UNSAFE' and is_safe then 'disagreement'
    when status = 'UNSAFE' then 'flagged'
    when not is_safe then 'disagreement'
    when status = 'FAILED' then 'failed'
end;

-- Puts media where the AI's words and what was decided put them, and takes them out of where they do not belong any more.
create function console.queue_insights(media bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    with wanted as materialized (
        select i.media_id,
               case
                   when pending.media_id is not null then null
                   -- Who called it unsafe need not be told so, and hears of it when the AI calls it safe.
                   when last.ruling = 'unsafe' and console.insight_queue(i.status, i.is_safe) = 'flagged' then null
                   when last.ruling = 'unsafe' and console.insight_queue(i.status, i.is_safe) is null
                        and i.status = 'COMPLETED' then 'disagreement'
                   else console.insight_queue(i.status, i.is_safe)
               end as queue
          from public.media_ai_insights as i
          left join lateral console.standing_decision(i.media_id) as last on true
          left join console.safety_item as pending on pending.media_id = i.media_id and pending.queue = 'confirm'
         where i.media_id = any (queue_insights.media)
    ),
    gone as (
        delete from console.safety_item as w
         using wanted
         where w.media_id = wanted.media_id
           and w.queue in ('flagged', 'disagreement', 'failed')
           and w.queue is distinct from wanted.queue
    )
    insert into console.safety_item (media_id, queue, reach)
    select wanted.media_id, wanted.queue, console.reach_of(wanted.media_id)
      from wanted
     where wanted.queue is not null
     order by wanted.media_id
        on conflict do nothing;
end
$$;

create function console.insights_to_queue() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    changed bigint[];
begin
    if tg_op = 'DELETE' then
        delete from console.safety_item as w
         using old_rows as o
         where w.media_id = o.media_id
           and w.queue in ('flagged', 'disagreement', 'failed');
        return null;
    elsif tg_op = 'INSERT' then
        select array_agg(n.media_id) into changed
          from new_rows as n
         where console.insight_queue(n.status, n.is_safe) is not null;
    elsif not console.is_operator() then
        select array_agg(n.media_id) into changed
          from new_rows as n
          join old_rows as o on o.media_id = n.media_id
         where (n.status, n.is_safe) is distinct from (o.status, o.is_safe);
    end if;
    if changed is not null then
        perform console.queue_insights(changed);
    end if;
    return null;
end
$$;

create trigger console_queue_inserted after insert on public.media_ai_insights
    referencing new table as new_rows
    for each statement execute function console.insights_to_queue();
create trigger console_queue_updated after update on public.media_ai_insights
    referencing old table as old_rows new table as new_rows
    for each statement execute function console.insights_to_queue();
create trigger console_queue_deleted after delete on public.media_ai_insights
    referencing old table as old_rows
    for each statement execute function console.insights_to_queue();

-- The reach of what waits follows the counts; it never waits for a row, and what it misses comes with the next reaction.
create function console.reach_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update console.safety_item as w
       set reach = console.reach(new.reaction_count, new.comment_count)
     where (w.media_id, w.queue) in (
               select mine.media_id, mine.queue
                 from console.safety_item as mine
                where mine.media_id = new.media_id
                  for update skip locked);
    return null;
end
$$;

create trigger console_reach_came after insert on public.read_model_media_search
    for each row when (new.reaction_count <> 0 or new.comment_count <> 0)
    execute function console.reach_changed();
create trigger console_reach_changed after update on public.read_model_media_search
    for each row when (new.reaction_count is distinct from old.reaction_count or new.comment_count is distinct from old.comment_count)
    execute function console.reach_changed();

-- Staff's word on any photo that they see, under a policy.
create table console.safety_report (
    id          bigint      generated always as identity primary key,
    media_id    bigint      not null,
    policy_id   bigint      not null references console.policy,
    reason      text        not null,
    reported_by text        not null default session_user,
    reported_at timestamptz not null default clock_timestamp(),
    audit_id    bigint      not null references console.audit_entry
);

comment on table console.safety_report is 'Append-only: photos that operators reported, and why';

create index safety_report_media on console.safety_report (media_id, id desc);

create trigger append_only
    before update or delete or truncate on console.safety_report
    for each statement execute function console.refuse_change();

-- Reports those of the media that the operator sees and has not reported since they were last decided.
create function console.report_media(media bigint[], policy bigint, reason text) returns setof bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    under console.policy_version;
    photo record;
    entry bigint;
begin
    if console.operator_rank() < 1 or not console.is_operator() then
        raise insufficient_privilege using message = 'reporting needs the role of staff';
    end if;
    select p.* into under from console.policy_version as p where p.id = report_media.policy and p.is_newest and not p.is_retired;
    if not found then
        raise check_violation using message = 'there is no such policy any more';
    end if;
    perform set_config('console.reason', report_media.reason, true);
    for photo in
        select p.media_id
          from console.photo as p
         where p.media_id = any (report_media.media)
         order by p.media_id
    loop
        perform pg_advisory_xact_lock(74, console.photo_lock(photo.media_id));
        continue when exists (
            select
              from console.safety_report as r
             where r.media_id = photo.media_id
               and r.reported_by = session_user::text
               and not exists (
                   select from console.safety_decision as d where d.media_id = r.media_id and d.decided_at > r.reported_at));
        entry := console.append_audit(
            'safety.report', 'media', photo.media_id, null,
            jsonb_build_object('policy', under.code, 'policyVersion', under.version));
        insert into console.safety_report (media_id, policy_id, reason, audit_id)
        values (photo.media_id, under.id, report_media.reason, entry);
        if under.is_restricted then
            insert into console.safety_restricted (media_id) values (photo.media_id) on conflict do nothing;
        end if;
        insert into console.safety_item as w (media_id, queue, severity, reach)
        select photo.media_id, 'reported', under.severity, console.reach_of(photo.media_id)
         -- What waits for its second person has been reported in other words already.
         where not exists (
               select from console.safety_item as pending where pending.media_id = photo.media_id and pending.queue = 'confirm')
            on conflict (media_id, queue) do update
           set severity = excluded.severity
         where w.severity < excluded.severity;
        return next photo.media_id;
    end loop;
end
$$;

-- Who is looking at which medium, as with faces.
create table console.safety_lease (
    media_id bigint      primary key,
    holder   text        not null,
    operator text        not null default session_user,
    until    timestamptz not null
);

create index safety_lease_holder on console.safety_lease (holder);

-- A medium's place in a queue.
create type console.safety_place as (
    media_id    bigint,
    queue       text,
    since       timestamptz,
    severity    smallint,
    reach       integer,
    -- It waits longer than it may.
    is_late     boolean,
    assigned_by text,
    note        text,
    -- The AI's two words as they are to be shown, and the row's version.
    status      text,
    is_safe     boolean,
    version     text
);

-- A page of a queue in its order after a place in it, of what nobody else looks at or keeps. `queue` may be `mine`, too: what the
-- operator keeps or was sent. `sort` is `age`, `severity` or `reach`; `after_key` is the negative of the last one's severity or reach.
-- The statement is built of fixed parts, so that each order is read from its index; all that is asked for is a parameter.
create function console.queued_safety(
    queue text, sort text, after_key integer, after_since timestamptz, after_media bigint, holder text, at_most integer)
    returns setof console.safety_place
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    is_mine boolean := queue = 'mine';
    key     text := case when is_mine then null when sort = 'severity' then '(-w.severity)' when sort = 'reach' then '(-w.reach)' end;
    place   text := case when key is null then '(w.since, w.media_id)' else format('(%s, w.since, w.media_id)', key) end;
    after   text := case when key is null then '($3, $4)' else '($2, $3, $4)' end;
    -- Of those that must not be shown there are few, or they would have been asked for otherwise.
    withheld text := case
        when console.sees_child_safety() then 'true'
        else 'not exists (select from console.safety_restricted as r where r.media_id = w.media_id)'
    end;
begin
    if console.operator_rank() < 3 then
        return;
    end if;
    return query execute format(
        $query$
        select w.media_id, w.queue, w.since, w.severity, w.reach,
               w.since < clock_timestamp() - (select t.age from console.safety_target as t where t.queue = w.queue),
               w.assigned_by, w.note,
               case when w.queue = 'second' then blind.shown_status else i.status::text end,
               case when w.queue = 'second' then blind.shown_is_safe else i.is_safe end,
               i.xmin::text
          from console.safety_item as w
          left join public.media_ai_insights as i on i.media_id = w.media_id
          left join console.safety_second as blind on blind.media_id = w.media_id and blind.is_open
         where %1$s
           and %2$s
           and session_user::text <> all (w.not_for)
           and %3$s
           and not exists (
               select
                 from console.safety_lease as l
                where l.media_id = w.media_id
                  and l.holder is distinct from $5
                  and l.until > clock_timestamp())
         order by %4$s
         limit $6
        $query$,
        case
            when is_mine then 'w.assigned_to = session_user::text collate "default" and $1 is not null'
            else 'w.queue = $1 and w.assigned_to is null'
        end,
        case when after_media is null then 'true' else format('%s > %s', place, after) end,
        withheld,
        case when key is null then 'w.since, w.media_id' else key || ', w.since, w.media_id' end)
      using queue, after_key, after_since, after_media, holder, least(greatest(at_most, 0), 500);
end
$$;

-- Leases media to a window, those that are free.
create function console.lease_safety(wanted bigint[], holder text) returns setof bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if console.operator_rank() < 3 then
        return;
    end if;
    return query
        with free as materialized (
            select m.media_id
              from unnest(wanted) as m (media_id)
             where m.media_id is not null
               and not exists (
                   select
                     from console.safety_lease as l
                    where l.media_id = m.media_id
                      and l.holder <> lease_safety.holder
                      and l.until > clock_timestamp())
             group by m.media_id
        )
        insert into console.safety_lease as l (media_id, holder, until)
        select free.media_id, lease_safety.holder, clock_timestamp() + console.lease_time()
          from free
         order by free.media_id
            on conflict (media_id) do update
           set holder = excluded.holder, operator = excluded.operator, until = excluded.until
         where l.holder = excluded.holder
            or l.until <= clock_timestamp()
     returning l.media_id;
end
$$;

-- A window says that it is still there, with what it holds; the rest of what it had is free, and so is what others left behind.
create function console.keep_safety(held bigint[], holder text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    delete from console.safety_lease as l
     where l.media_id in (
               select gone.media_id
                 from console.safety_lease as gone
                where (gone.holder = keep_safety.holder and gone.operator = session_user::text
                       and gone.media_id <> all (coalesce(held, '{}')))
                   or gone.until < clock_timestamp() - interval '1 hour'
                order by gone.media_id
                  for update skip locked);
    update console.safety_lease as l
       set until = clock_timestamp() + console.lease_time()
     where l.media_id in (
               select mine.media_id
                 from console.safety_lease as mine
                where mine.holder = keep_safety.holder
                  and mine.operator = session_user::text
                  and mine.until < clock_timestamp() + console.lease_time() / 2
                order by mine.media_id
                  for update skip locked);
end
$$;

-- Who else is looking at a medium, or at another of its post.
create function console.safety_company(media bigint, holder text) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct l.operator
      from public.post_media as m
      join public.post_media as beside on beside.post_id = m.post_id
      join console.safety_lease as l on l.media_id = beside.media_id
     where m.media_id = safety_company.media
       and l.holder is distinct from safety_company.holder
       and l.until > clock_timestamp()
       and console.operator_rank() = 3
     order by l.operator
$$;

-- How many wait in each queue, 10,000 at most, and since when the oldest does. `mine` is what the operator keeps or was sent.
create function console.safety_counts(
    out queue text, out waiting bigint, out late bigint, out oldest timestamptz, out target_hours double precision)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with mine as materialized (
        select w.since, w.since < clock_timestamp() - t.age as is_late
          from console.safety_item as w
          join console.safety_target as t on t.queue = w.queue
         where w.assigned_to = session_user::text collate "default"
           and not console.is_withheld(w.media_id)
         order by w.since
         limit 10000
    ),
    rights as materialized (
        select console.operator_rank() = 3 as may, console.sees_child_safety() as sees
    )
    select t.queue, counted.waiting, counted.late, counted.oldest, extract(epoch from t.age) / 3600
      from console.safety_target as t
     cross join rights
     cross join lateral (
           select count(*) as waiting,
                  count(*) filter (where w.since < clock_timestamp() - t.age) as late,
                  min(w.since) as oldest
             from (
                 select w.since
                   from console.safety_item as w
                  where w.queue = t.queue
                    and w.assigned_to is null
                    and session_user::text <> all (w.not_for)
                    and (rights.sees
                         or not exists (select from console.safety_restricted as r where r.media_id = w.media_id))
                  order by w.since, w.media_id
                  limit 10000
             ) as w
           ) as counted
     where rights.may
     union all
    select 'mine', (select count(*) from mine), (select count(*) from mine where is_late), (select min(since) from mine), null
      from rights
     where rights.may
$$;

drop view console.safety_waiting;

-- What waits for this operator, of all queues.
create view console.safety_waiting with (security_barrier) as
select w.media_id, w.queue, w.since, w.severity, w.reach, w.assigned_to, w.assigned_by, w.note
  from console.safety_item as w
 where (select console.operator_rank()) = 3
   and session_user::text <> all (w.not_for)
   and (w.assigned_to is null or w.assigned_to = session_user::text)
   and ((select console.sees_child_safety())
        or not exists (select from console.safety_restricted as r where r.media_id = w.media_id));

grant select on console.safety_waiting to kaleidoscope_admin;

-- Keeps an item for oneself, sends it to another admin with a note, or (null) gives it back to all. False where it does not wait
-- there for this operator.
create function console.assign_safety(media bigint, queue text, whom text, note text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    item console.safety_item;
begin
    perform console.require_judge();
    select w.* into item
      from console.safety_item as w
     where w.media_id = assign_safety.media
       and w.queue = assign_safety.queue
       and (w.assigned_to is null or session_user::text in (w.assigned_to, w.assigned_by))
       and session_user::text <> all (w.not_for)
       and not console.is_withheld(w.media_id)
       for update;
    if not found then
        return false;
    end if;
    if whom is not null then
        if not exists (
               select from public.users as u
                where u.username = whom and u.role = 'ADMIN' and u.account_status = 'ACTIVE') then
            raise check_violation using message = format('nobody called %s could decide this', whom);
        end if;
        if whom = any (item.not_for) then
            raise check_violation using message = format('the admin %s had a part in what is to be looked at again', whom);
        end if;
        if exists (select from console.safety_restricted as r where r.media_id = item.media_id)
           and not exists (select from console.safety_named as n where n.username = whom) then
            raise check_violation using message = format('the admin %s is not named for child safety', whom);
        end if;
    end if;
    update console.safety_item as w
       set assigned_to = whom,
           assigned_by = case when whom is not null then session_user end,
           assigned_at = case when whom is not null then clock_timestamp() end,
           note = case when whom is not null then nullif(assign_safety.note, '') end
     where w.media_id = item.media_id
       and w.queue = item.queue;
    perform set_config('console.reason', coalesce(assign_safety.note, ''), true);
    perform console.append_audit(
        case when whom is null then 'safety.return' when whom = session_user then 'safety.hold' else 'safety.send' end,
        'media', item.media_id,
        jsonb_build_object('queue', item.queue, 'assigned', item.assigned_to),
        jsonb_build_object('queue', item.queue, 'assigned', whom));
    return true;
end
$$;

-- Admins to whom an item can be sent, without oneself.
create function console.safety_colleagues(out username text, out full_name text) returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select u.username, u.full_name
      from public.users as u
     where u.role = 'ADMIN'
       and u.account_status = 'ACTIVE'
       and u.username <> session_user::text
       and exists (
           select
             from pg_roles as r
            where r.rolname = u.username
              and pg_has_role(r.oid, 'kaleidoscope_admin', 'usage'))
       and console.operator_rank() = 3
     order by u.username
     limit 200
$$;

-- What waits already, since it was last written.
insert into console.safety_item (media_id, queue, since, reach)
select i.media_id, console.insight_queue(i.status, i.is_safe), i.updated_at, console.reach_of(i.media_id)
  from public.media_ai_insights as i
  left join lateral console.standing_decision(i.media_id) as last on true
 where console.insight_queue(i.status, i.is_safe) is not null
   and not (last.ruling is not distinct from 'unsafe' and console.insight_queue(i.status, i.is_safe) = 'flagged');

revoke execute on function
    console.reach_of(bigint), console.sees_child_safety(), console.is_withheld(bigint), console.queue_insights(bigint[]),
    console.insights_to_queue(), console.reach_changed(), console.report_media(bigint[], bigint, text),
    console.queued_safety(text, text, integer, timestamptz, bigint, text, integer), console.lease_safety(bigint[], text),
    console.keep_safety(bigint[], text), console.safety_company(bigint, text), console.safety_counts(),
    console.assign_safety(bigint, text, text, text), console.safety_colleagues()
    from public;
grant execute on function console.sees_child_safety(), console.report_media(bigint[], bigint, text) to kaleidoscope_staff;
grant execute on function
    console.lease_safety(bigint[], text), console.keep_safety(bigint[], text), console.safety_company(bigint, text),
    console.safety_counts(), console.assign_safety(bigint, text, text, text), console.safety_colleagues()
    to kaleidoscope_admin;
