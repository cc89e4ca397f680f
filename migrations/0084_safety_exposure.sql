-- How much of unsafe media was seen for the decisions that were made; and pictures of people that are media of the platform, too.

create index reveal_began on console.reveal (began_at);
create index reveal_media on console.reveal (media_id, began_at);

-- Seconds that a look has lasted, so far.
create function console.look_seconds(look console.reveal) returns double precision
language sql stable set search_path = pg_catalog, pg_temp
return extract(epoch from coalesce(look.ended_at, least(look.ends_by, clock_timestamp())) - look.began_at);

drop function console.safety_work(timestamptz[]);

-- What was decided in each of some stretches of time, one after the other: bounds of n + 1 moments make n. With what was looked at in
-- clear meanwhile, by all and by the operator.
create function console.safety_work(
    bounds timestamptz[], out begins timestamptz, out decided bigint, out safe bigint, out unsafe bigint, out again bigint,
    out reverted bigint, out overturned bigint, out late bigint, out median_seconds double precision, out looks bigint,
    out look_seconds double precision, out own_decided bigint, out own_looks bigint, out own_look_seconds double precision)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with worked as (
        select place,
               count(d.id) as decided,
               count(*) filter (where d.ruling = 'safe') as safe,
               count(*) filter (where d.ruling = 'unsafe') as unsafe,
               count(*) filter (where d.ruling = 'again') as again,
               count(back.id) as reverted,
               -- By an appeal, or by a third person; to be processed again is neither.
               count(*) filter (where back.id is null and exists (
                   select
                     from console.safety_decision as later
                    where later.media_id = d.media_id
                      and later.id > d.id
                      and later.source in ('appeal', 'second')
                      and later.ruling not in (d.ruling, 'again'))) as overturned,
               count(*) filter (where d.decided_at - d.waiting_since > t.age) as late,
               percentile_cont(0.5) within group (order by extract(epoch from d.decided_at - d.waiting_since)) as median_seconds,
               count(*) filter (where d.decided_by = session_user::text) as own_decided
          from generate_series(1, cardinality(bounds) - 1) as place
          left join console.safety_decision as d
            on d.decided_at >= bounds[place]
           and d.decided_at < bounds[place + 1]
           and d.reverts is null
          left join console.safety_decision as back on back.reverts = d.id
          left join console.safety_target as t on t.queue = d.source
         where console.operator_rank() = 3
         group by place
    )
    select bounds[w.place], w.decided, w.safe, w.unsafe, w.again, w.reverted, w.overturned, w.late, w.median_seconds, seen.looks,
           seen.seconds, w.own_decided, seen.own_looks, seen.own_seconds
      from worked as w
     cross join lateral (
           select count(*) as looks,
                  coalesce(sum(console.look_seconds(r)), 0) as seconds,
                  count(*) filter (where r.operator = session_user::text) as own_looks,
                  coalesce(sum(console.look_seconds(r)) filter (where r.operator = session_user::text), 0) as own_seconds
             from console.reveal as r
            where r.began_at >= bounds[w.place]
              and r.began_at < bounds[w.place + 1]
           ) as seen
     order by w.place
$$;

-- When a medium was decided before a decision: what was looked at since was looked at for it.
create function console.decided_before(made console.safety_decision) returns timestamptz
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(max(d.decided_at), '-infinity')
      from console.safety_decision as d
     where d.media_id = made.media_id
       and d.id < made.id
       and d.reverts is null
$$;

-- What was seen in clear of media for the decisions on them since a moment, each look for the decision after it, by the policies of
-- the top; no code where it was decided under none.
create function console.safety_exposure(
    since timestamptz, out code text, out name text, out decided bigint, out looks bigint, out look_seconds double precision,
    out own_decided bigint, out own_looks bigint, out own_look_seconds double precision)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with made as materialized (
        select d.id, d.policy_id, d.decided_by = session_user::text as is_own, seen.*
          from console.safety_decision as d
         cross join lateral (
               select count(*) as looks,
                      coalesce(sum(console.look_seconds(r)), 0) as seconds,
                      count(*) filter (where r.operator = session_user::text) as own_looks,
                      coalesce(sum(console.look_seconds(r)) filter (where r.operator = session_user::text), 0) as own_seconds
                 from console.reveal as r
                where r.media_id = d.media_id
                  and r.began_at <= d.decided_at
                  and r.began_at > console.decided_before(d)
               ) as seen
         where d.decided_at >= since
           and d.reverts is null
           and console.operator_rank() = 3
    ),
    under as (
        select m.policy_id, count(*) as decided, sum(m.looks) as looks, sum(m.seconds) as seconds,
               count(*) filter (where m.is_own) as own_decided,
               coalesce(sum(m.own_looks) filter (where m.is_own), 0) as own_looks,
               coalesce(sum(m.own_seconds) filter (where m.is_own), 0) as own_seconds
          from made as m
         group by m.policy_id
    ),
    rooted as (
        select console.policy_root(u.policy_id) as code, u.* from under as u
    )
    select r.code, p.name, sum(r.decided)::bigint, sum(r.looks)::bigint, sum(r.seconds), sum(r.own_decided)::bigint,
           sum(r.own_looks)::bigint, sum(r.own_seconds)
      from rooted as r
      left join console.policy as p
        on p.code = r.code
       and p.version = (select max(n.version) from console.policy as n where n.code = r.code)
     group by r.code, p.name, p.place
     order by r.code is null, p.place, r.code
$$;

drop function console.safety_week(timestamptz, timestamptz);

-- The week of decisions, each in a line, with how often and how long its medium was looked at in clear for it. Without what the
-- operator is to judge without knowing it.
create function console.safety_week(
    begins timestamptz, ends timestamptz, out decision_id bigint, out decided_at timestamptz, out media_id bigint, out queue text,
    out ruling text, out policy text, out policy_version integer, out severity smallint, out decided_by text, out proposed_by text,
    out waited_seconds double precision, out archived boolean, out suspended boolean, out reverted_by text, out reason text,
    out looks bigint, out look_seconds double precision)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select d.id, d.decided_at, d.media_id, d.source, d.ruling, p.code, p.version, d.severity, d.decided_by, asked.proposed_by,
           extract(epoch from d.decided_at - d.waiting_since),
           exists (select from console.safety_consequence as c where c.decision_id = d.id and c.kind = 'archive'),
           exists (select from console.safety_consequence as c where c.decision_id = d.id and c.kind = 'suspend'),
           back.decided_by, d.reason, seen.looks, seen.seconds
      from console.safety_decision as d
      left join console.policy as p on p.id = d.policy_id
      left join console.safety_proposal as asked on asked.id = d.proposal_id
      left join console.safety_decision as back on back.reverts = d.id
     cross join lateral (
           select count(*) as looks, coalesce(sum(console.look_seconds(r)), 0) as seconds
             from console.reveal as r
            where r.media_id = d.media_id
              and r.began_at <= d.decided_at
              and r.began_at > console.decided_before(d)
           ) as seen
     where d.decided_at >= begins
       and d.decided_at < ends
       and d.reverts is null
       and console.operator_rank() = 3
       and not console.is_withheld(d.media_id)
       and (d.decided_by = session_user::text
            or not exists (select from console.safety_blind as b where b.media_id = d.media_id))
     order by d.id
$$;

-- Whose picture an address is: a person may have taken a photo of a post as their own, or been enrolled with one.
create index console_media_address on public.post_media using hash (media_url);
create index console_media_still on public.post_media using hash (thumbnail_url);

-- Whether one of the addresses is that of a medium that is shown to the operator only blurred, or not at all. `media_id` is one of
-- the media; null where it is none.
create function console.picture_standing(
    addresses text[], out media_id bigint, out is_hidden boolean, out is_refused boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with asked as materialized (
        select console.operator_rank() as rank
    ),
    shown as materialized (
        select m.media_id,
               coalesce(i.status = 'UNSAFE' or i.is_safe is false, false)
               or exists (select from console.safety_awaited as a where a.media_id = m.media_id) as is_unsafe
          from public.post_media as m
          left join public.media_ai_insights as i on i.media_id = m.media_id
         where m.media_url = any (addresses)
            or m.thumbnail_url = any (addresses)
    )
    select min(s.media_id),
           coalesce(bool_or(
               s.is_unsafe
               or exists (select from console.safety_veiled as v where v.media_id = s.media_id)), false),
           coalesce(bool_or(s.is_unsafe and asked.rank < 3 or console.is_withheld(s.media_id)), false)
      from shown as s
     cross join asked
$$;

revoke execute on function
    console.look_seconds(console.reveal), console.decided_before(console.safety_decision), console.safety_work(timestamptz[]),
    console.safety_exposure(timestamptz), console.safety_week(timestamptz, timestamptz), console.picture_standing(text[])
    from public;
grant execute on function
    console.safety_work(timestamptz[]), console.safety_exposure(timestamptz), console.safety_week(timestamptz, timestamptz)
    to kaleidoscope_admin;
grant execute on function console.picture_standing(text[]) to kaleidoscope_staff;
