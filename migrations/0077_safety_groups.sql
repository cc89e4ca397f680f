-- What is decided together: media that look almost the same, and those of one post. And figures of the work.

-- Media next to one, the nearest first; `similarity` 0.9 or more. The index knows what can be searched, so that what else is in the post
-- is looked at, too; the full vectors say how near it is.
create function console.safety_alike(media bigint, at_most integer, out media_id bigint, out similarity double precision)
returns setof record
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    direction public.vector;
begin
    if console.operator_rank() < 3 or console.is_withheld(media) then
        return;
    end if;
    select public.l2_normalize(i.image_embedding) into direction
      from public.media_ai_insights as i
     where i.media_id = safety_alike.media;
    if direction is null or public.vector_norm(direction) = 0 then
        return;
    end if;
    perform set_config('hnsw.ef_search', '200', true);
    return query
        with near as materialized (
            select v.media_id
              from console.media_vector as v
             order by v.embedding operator(public.<=>) direction::public.halfvec
             limit 200
        ),
        pick as (
            select near.media_id from near
             union
            select i.media_id
              from public.media_ai_insights as i
             where i.post_id = (select m.post_id from public.post_media as m where m.media_id = safety_alike.media)
        ),
        compared as (
            select i.media_id, 1 - (i.image_embedding operator(public.<=>) direction) as similarity
              from pick
              join public.media_ai_insights as i on i.media_id = pick.media_id
             where i.media_id <> safety_alike.media
               and not console.is_withheld(i.media_id)
        )
        select c.media_id, c.similarity
          from compared as c
         where c.similarity between 0.9 and 1.1
         order by c.similarity desc, c.media_id
         limit least(greatest(at_most, 0), 100);
end
$$;

-- What was decided in each of some stretches of time, one after the other: bounds of n + 1 moments make n.
create function console.safety_work(
    bounds timestamptz[], out begins timestamptz, out decided bigint, out safe bigint, out unsafe bigint, out again bigint,
    out reverted bigint, out overturned bigint, out late bigint, out median_seconds double precision)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select bounds[place],
           count(d.id),
           count(*) filter (where d.ruling = 'safe'),
           count(*) filter (where d.ruling = 'unsafe'),
           count(*) filter (where d.ruling = 'again'),
           count(back.id),
           -- By an appeal, or by a third person.
           count(*) filter (where back.id is null and exists (
               select
                 from console.safety_decision as later
                where later.media_id = d.media_id
                  and later.id > d.id
                  and later.source in ('appeal', 'second')
                  and later.ruling <> d.ruling)),
           count(*) filter (where d.decided_at - d.waiting_since > t.age),
           percentile_cont(0.5) within group (order by extract(epoch from d.decided_at - d.waiting_since))
      from generate_series(1, cardinality(bounds) - 1) as place
      left join console.safety_decision as d
        on d.decided_at >= bounds[place]
       and d.decided_at < bounds[place + 1]
       and d.reverts is null
      left join console.safety_decision as back on back.reverts = d.id
      left join console.safety_target as t on t.queue = d.source
     where console.operator_rank() = 3
     group by place
     order by place
$$;

-- On how many media the first and the second person said the same of each policy of the top: both that it falls under it, only the
-- first, only the second, of so many in all.
create function console.safety_agreement(
    since timestamptz, out code text, out name text, out pairs bigint, out agreed bigint, out only_first bigint, out only_second bigint)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with pair as materialized (
        select console.policy_root(d.policy_id) as first, console.policy_root(o.policy_id) as second
          from console.safety_opinion as o
          join console.safety_second as s on s.id = o.second_id
          join console.safety_decision as d on d.id = s.decision_id
         where o.turn = 2
           and o.given_at >= since
           and console.operator_rank() = 3
    )
    select p.code, p.name, (select count(*) from pair),
           count(*) filter (where pair.first = p.code and pair.second = p.code),
           count(*) filter (where pair.first = p.code and pair.second is distinct from p.code),
           count(*) filter (where pair.second = p.code and pair.first is distinct from p.code)
      from pair
      join console.policy as p
        on p.code in (pair.first, pair.second)
       and p.version = (select max(n.version) from console.policy as n where n.code = p.code)
     group by p.code, p.name, p.place
     order by p.place, p.code
$$;

-- How many control items each operator answered until the last midnight (UTC), and how many of those rightly: a figure that moved at
-- once would tell which item it was.
create function console.safety_accuracy(
    since timestamptz, out operator text, out answered bigint, out correct bigint)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.operator, count(*), count(*) filter (where a.is_right)
      from console.safety_control_answer as a
     where a.answered_at >= since
       and a.answered_at < date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
       and console.operator_rank() = 3
     group by a.operator
     order by a.operator
$$;

-- The week of decisions, each in a line.
create function console.safety_week(
    begins timestamptz, ends timestamptz, out decision_id bigint, out decided_at timestamptz, out media_id bigint, out queue text,
    out ruling text, out policy text, out policy_version integer, out severity smallint, out decided_by text, out proposed_by text,
    out waited_seconds double precision, out archived boolean, out suspended boolean, out reverted_by text, out reason text)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select d.id, d.decided_at, d.media_id, d.source, d.ruling, p.code, p.version, d.severity, d.decided_by, asked.proposed_by,
           extract(epoch from d.decided_at - d.waiting_since),
           exists (select from console.safety_consequence as c where c.decision_id = d.id and c.kind = 'archive'),
           exists (select from console.safety_consequence as c where c.decision_id = d.id and c.kind = 'suspend'),
           back.decided_by, d.reason
      from console.safety_decision as d
      left join console.policy as p on p.id = d.policy_id
      left join console.safety_proposal as asked on asked.id = d.proposal_id
      left join console.safety_decision as back on back.reverts = d.id
     where d.decided_at >= begins
       and d.decided_at < ends
       and d.reverts is null
       and console.operator_rank() = 3
       and not console.is_withheld(d.media_id)
     order by d.id
$$;

revoke execute on function
    console.safety_alike(bigint, integer), console.safety_work(timestamptz[]), console.safety_agreement(timestamptz),
    console.safety_accuracy(timestamptz), console.safety_week(timestamptz, timestamptz)
    from public;
grant execute on function
    console.safety_alike(bigint, integer), console.safety_work(timestamptz[]), console.safety_agreement(timestamptz),
    console.safety_accuracy(timestamptz), console.safety_week(timestamptz, timestamptz)
    to kaleidoscope_admin;
