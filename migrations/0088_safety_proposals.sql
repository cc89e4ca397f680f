-- Who proposed something finds it again and may withdraw it; and policies are written from the window, by rules that keep the tree whole.

create index safety_proposal_own on console.safety_proposal (proposed_by, media_id) where outcome is null;

-- A page of a queue in its order after a place in it, of what nobody else looks at or keeps. `queue` may be `mine`, too: what the
-- operator keeps or was sent; `sent`: what the operator sent to others; and `proposed`: what the operator proposed and nobody has
-- confirmed or declined yet. `sort` is `age`, `severity` or `reach`; `after_key` is the negative of the last one's severity or reach.
-- The statement is built of fixed parts, so that each order is read from its index; all that is asked for is a parameter.
create or replace function console.queued_safety(
    queue text, sort text, after_key integer, after_since timestamptz, after_media bigint, holder text, at_most integer)
    returns setof console.safety_place
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    is_mine boolean := queue in ('mine', 'sent', 'proposed');
    is_own_proposal boolean := queue = 'proposed';
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
        select w.media_id, %5$s, w.since, w.severity, w.reach,
               w.since < clock_timestamp() - (select t.age from console.safety_target as t where t.queue = w.queue),
               %6$s,
               case when w.queue = 'second' then blind.shown_status else i.status::text end,
               case when w.queue = 'second' then blind.shown_is_safe else i.is_safe end,
               i.xmin::text
          from console.safety_item as w
          left join public.media_ai_insights as i on i.media_id = w.media_id
          left join console.safety_second as blind on blind.media_id = w.media_id and blind.is_open
         where %1$s
           and %2$s
           and %3$s
           and %7$s
         order by %4$s
         limit $6
        $query$,
        case
            when is_own_proposal then
                'w.queue = ''confirm'' and w.media_id in (
                    select p.media_id
                      from console.safety_proposal as p
                     where p.outcome is null
                       and p.proposed_by = session_user::text collate "default")
                 and $1 is not null'
            when queue = 'sent' then
                'w.assigned_by = session_user::text collate "default" and w.assigned_to <> w.assigned_by and $1 is not null'
            when is_mine then 'w.assigned_to = session_user::text collate "default" and $1 is not null'
            else 'w.queue = $1 and w.assigned_to is null'
        end,
        case when after_media is null then 'true' else format('%s > %s', place, after) end,
        withheld,
        case when key is null then 'w.since, w.media_id' else key || ', w.since, w.media_id' end,
        case when is_own_proposal then '''proposed''::text' else 'w.queue' end,
        -- What the second person was told is not for the first.
        case when is_own_proposal then 'null::text, null::text' else 'w.assigned_by, w.note' end,
        case
            -- The second person looks at it, and the first is shown it nevertheless.
            when is_own_proposal then 'true'
            else
                'session_user::text <> all (w.not_for)
                 and not exists (
                     select
                       from console.safety_lease as l
                      where l.media_id = w.media_id
                        and l.holder is distinct from $5
                        and l.until > clock_timestamp())'
        end)
      using queue, after_key, after_since, after_media, holder, least(greatest(at_most, 0), 500);
end
$$;

-- How many wait in each queue, 10,000 at most, and since when the oldest does. `mine` is what the operator keeps or was sent, `sent`
-- what others were sent, `proposed` what waits for others because the operator proposed it.
create or replace function console.safety_counts(
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
    sent as materialized (
        select w.since, w.since < clock_timestamp() - t.age as is_late
          from console.safety_item as w
          join console.safety_target as t on t.queue = w.queue
         where w.assigned_by = session_user::text collate "default"
           and w.assigned_to <> w.assigned_by
           and not console.is_withheld(w.media_id)
         order by w.since
         limit 10000
    ),
    proposed as materialized (
        select w.since, w.since < clock_timestamp() - t.age as is_late
          from console.safety_proposal as p
          join console.safety_item as w on w.media_id = p.media_id and w.queue = 'confirm'
          join console.safety_target as t on t.queue = w.queue
         where p.outcome is null
           and p.proposed_by = session_user::text collate "default"
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
     union all
    select 'sent', (select count(*) from sent), (select count(*) from sent where is_late), (select min(since) from sent), null
      from rights
     where rights.may
     union all
    select 'proposed', (select count(*) from proposed), (select count(*) from proposed where is_late),
           (select min(since) from proposed), null
      from rights
     where rights.may
$$;

-- A medium as it waits in a queue now; no row where it does not wait there for this operator, who may have sent it to somebody, or
-- proposed it.
create or replace function console.safety_place_now(media bigint, queue text) returns setof console.safety_place
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select w.media_id, w.queue, w.since, w.severity, w.reach, w.since < clock_timestamp() - t.age, w.assigned_by, w.note,
           case when w.queue = 'second' then blind.shown_status else i.status::text end,
           case when w.queue = 'second' then blind.shown_is_safe else i.is_safe end,
           i.xmin::text
      from console.safety_item as w
      join console.safety_target as t on t.queue = w.queue
      left join public.media_ai_insights as i on i.media_id = w.media_id
      left join console.safety_second as blind on blind.media_id = w.media_id and blind.is_open
     where w.media_id = safety_place_now.media
       and w.queue = safety_place_now.queue
       and session_user::text <> all (w.not_for)
       and (w.assigned_to is null or session_user::text in (w.assigned_to, w.assigned_by))
       and console.operator_rank() = 3
       and not console.is_withheld(w.media_id)
     union all
    select w.media_id, 'proposed', w.since, w.severity, w.reach, w.since < clock_timestamp() - t.age, null, null, i.status::text,
           i.is_safe, i.xmin::text
      from console.safety_proposal as p
      join console.safety_item as w on w.media_id = p.media_id and w.queue = 'confirm'
      join console.safety_target as t on t.queue = w.queue
      left join public.media_ai_insights as i on i.media_id = w.media_id
     where p.media_id = safety_place_now.media
       and p.outcome is null
       and p.proposed_by = session_user::text collate "default"
       and safety_place_now.queue = 'proposed'
       and console.operator_rank() = 3
       and not console.is_withheld(w.media_id)
     union all
    select c.media_id, 'flagged', c.since, c.severity, c.reach, c.since < clock_timestamp() - t.age, null, null, c.shown_status,
           c.shown_is_safe, i.xmin::text
      from console.safety_control as c
      join console.safety_target as t on t.queue = 'flagged'
      join public.media_ai_insights as i on i.media_id = c.media_id
     where c.operator = session_user::text collate "default"
       and c.media_id = safety_place_now.media
       and c.is_open
       and safety_place_now.queue = 'flagged'
       and console.operator_rank() = 3
       and not console.is_withheld(c.media_id)
     limit 1
$$;

-- Who wrote a version and when is for those who may write one.
create or replace view console.policy_version with (security_barrier) as
select p.id, p.code, p.version, p.parent, p.place, p.name, p.covers, p.excludes, p.severity, p.is_retired, p.is_restricted,
       p.version = max(p.version) over (partition by p.code) as is_newest,
       (select console.operator_rank()) = 3 and (not p.is_restricted or (select console.sees_child_safety())) as may_revise,
       case when (select console.operator_rank()) = 3 then p.written_by end as written_by,
       case when (select console.operator_rank()) = 3 then p.written_at end as written_at
  from console.policy as p
 where (select console.operator_rank()) >= 1;

-- The newest version of each policy.
create function console.newest_policies() returns setof console.policy
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct on (p.code) p.* from console.policy as p order by p.code, p.version desc
$$;

-- Why a policy can't be written like this; null where it can.
create function console.policy_problem(was console.policy, said console.policy) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    other text;
begin
    if said.code is null or said.code !~ '^[a-z][a-z_]{1,39}$' then
        return 'the code of a policy is 2 to 40 small letters and underscores and begins with a letter';
    end if;
    -- Or what was decided as such would be open to everybody by the next version.
    if was.id is not null and was.is_restricted is distinct from coalesce('child_safety' in (said.code, said.parent), false) then
        return format('%s can''t be moved into or out of child safety', quote_literal(said.code));
    end if;
    if coalesce('child_safety' in (said.code, said.parent), false) and not console.sees_child_safety() then
        return 'only those named for child safety write its policies';
    end if;
    if said.name is null or btrim(said.name) = '' or length(said.name) > 80 then
        return 'a policy needs a name of at most 80 characters';
    end if;
    if btrim(coalesce(said.covers, '')) = '' or length(said.covers) > 1000 then
        return 'a policy needs a text of at most 1,000 characters that says what falls under it';
    end if;
    if btrim(coalesce(said.excludes, '')) = '' or length(said.excludes) > 1000 then
        return 'a policy needs a text of at most 1,000 characters that says what does not fall under it';
    end if;
    if said.place is null or said.place not between 1 and 9 then
        return 'the place of a policy is 1 to 9: it is the key that chooses it';
    end if;
    if said.severity is null or said.severity not between 1 and 4 then
        return 'the severity of a policy is 1 (slight) to 4 (grave)';
    end if;
    if said.parent is not null
       and not exists (
           select
             from console.newest_policies() as top
            where top.code = said.parent
              and top.code <> said.code
              and top.parent is null
              and (said.is_retired or not top.is_retired)) then
        return format('there is no policy %s at the top of the tree', quote_literal(said.parent));
    end if;
    select part.name into other
      from console.newest_policies() as part
     where part.parent = said.code
       and (said.is_retired and not part.is_retired or said.parent is not null)
     order by part.is_retired, part.place
     limit 1;
    if other is not null then
        return case
            when said.parent is not null then format('%s is a part of this policy, so it stays at the top', quote_literal(other))
            else format('%s is a part of this policy and in use: retire that first', quote_literal(other))
        end;
    end if;
    if said.is_retired and said.code = 'child_safety' then
        return 'child safety can''t be retired: who sees what is decided under it depends on it';
    end if;
    select beside.name into other
      from console.newest_policies() as beside
     where beside.code <> said.code
       and beside.parent is not distinct from said.parent
       and beside.place = said.place
       and not beside.is_retired
       and not said.is_retired;
    if other is not null then
        return format('place %s is that of %s: choose another one', said.place, quote_literal(other));
    end if;
    if was.id is not null
       and (was.parent, was.place, was.name, was.covers, was.excludes, was.severity, was.is_retired)
           is not distinct from
           (said.parent, said.place, said.name, said.covers, said.excludes, said.severity, said.is_retired) then
        return 'nothing of this policy is different';
    end if;
    return null;
end
$$;

-- Writes the next version of a policy, or the first; which one that is. Earlier decisions keep the text by which they were made.
create or replace function console.revise_policy(
    code text, parent text, place integer, name text, covers text, excludes text, severity integer, is_retired boolean)
    returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    was     console.policy;
    said    console.policy;
    written console.policy;
    problem text;
begin
    perform console.require_judge();
    -- The whole tree: whether a place is free depends on the others.
    perform pg_advisory_xact_lock(73, 0);
    select p.* into was from console.policy as p where p.code = revise_policy.code order by p.version desc limit 1;
    said.code := revise_policy.code;
    said.parent := revise_policy.parent;
    said.place := revise_policy.place;
    said.name := btrim(revise_policy.name);
    said.covers := btrim(revise_policy.covers);
    said.excludes := btrim(revise_policy.excludes);
    said.severity := case when revise_policy.severity between 1 and 4 then revise_policy.severity end;
    said.is_retired := coalesce(revise_policy.is_retired, false);
    problem := console.policy_problem(was, said);
    if problem is not null then
        raise check_violation using message = problem;
    end if;
    insert into console.policy (code, version, parent, place, name, covers, excludes, severity, is_retired)
    values (said.code, coalesce(was.version, 0) + 1, said.parent, said.place, said.name, said.covers, said.excludes, said.severity,
            said.is_retired)
 returning * into written;
    perform console.append_audit(
        'safety.policy', 'policy', written.id,
        case when was.id is not null then to_jsonb(was) - array['id', 'written_by', 'written_at'] end,
        to_jsonb(written) - array['id', 'written_by', 'written_at']);
    return written.id;
end
$$;

-- As `revise_policy`, if version `seen` is still the newest; 0 where there is to be none yet. Null where somebody else was faster.
create function console.revise_seen_policy(
    seen integer, code text, parent text, place integer, name text, covers text, excludes text, severity integer, is_retired boolean)
    returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    newest integer;
begin
    perform console.require_judge();
    perform pg_advisory_xact_lock(73, 0);
    select coalesce(max(p.version), 0) into newest from console.policy as p where p.code = revise_seen_policy.code;
    if newest <> seen then
        if seen = 0 then
            raise check_violation using message = format('there is a policy %s already', quote_literal(revise_seen_policy.code));
        end if;
        return null;
    end if;
    return console.revise_policy(
        revise_seen_policy.code, revise_seen_policy.parent, revise_seen_policy.place, revise_seen_policy.name,
        revise_seen_policy.covers, revise_seen_policy.excludes, revise_seen_policy.severity, revise_seen_policy.is_retired);
end
$$;

revoke execute on function
    console.newest_policies(), console.policy_problem(console.policy, console.policy),
    console.revise_seen_policy(integer, text, text, integer, text, text, text, integer, boolean)
    from public;
grant execute on function console.revise_seen_policy(integer, text, text, integer, text, text, text, integer, boolean) to kaleidoscope_admin;
