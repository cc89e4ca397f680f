-- Faces on what the AI has yet to look at again are no more asked about than those on unsafe media: moderators see neither.

create or replace function console.queued_faces(
    queue text, sort text, person bigint, uploader bigint, media bigint[], after_impact integer, after_person bigint,
    after_certainty double precision, after_face bigint, holder text, at_most integer)
    returns setof console.waiting_face
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank      integer := console.operator_rank();
    of_near   boolean := queue = 'near';
    is_impact boolean := sort = 'impact' and person is null;
    certainty text := case when of_near then 'f.similarity' else 'console.certainty(f.confidence_score)' end;
    id        text := case when of_near then 'f.face_id' else 'f.id' end;
    whose     text := case when of_near then 'f.person_id' else 'f.suggested_user_id' end;
    many      text := case when of_near then 'w.near' else 'w.suggested' end;
    place     text;
    sorted    text;
    faces     text;
begin
    if rank < 2 then
        return;
    end if;
    place := case
        when sort = 'newest' then format('%s < $7', id)
        when sort = 'uncertain' then format('%1$s >= $6 and (%1$s > $6 or %2$s < $7)', certainty, id)
        else format('%1$s <= $6 and (%1$s < $6 or %2$s > $7)', certainty, id)
    end;
    sorted := case
        when sort = 'newest' then format('%s desc', id)
        when sort = 'uncertain' then format('%s asc, %s desc', certainty, id)
        else format('%s desc, %s', certainty, id)
    end;
    faces := format(
        $query$
        select %1$s as face_id, f.media_id, %2$s as person_id, %3$s as similarity, %4$s as impact
          from %5$s as f
         where %6$s
           and %7$s
           and %8$s
           and %9$s
           and %10$s
           and console.is_to_ask(%1$s, f.media_id, %2$s)::integer <> 0
           and not exists (
               select
                 from console.face_lease as l
                where l.face_id = %1$s
                  and l.holder is distinct from $8
                  and l.until > clock_timestamp())
         order by %11$s
         limit $9
        $query$,
        id, whose, certainty, case when is_impact then many else '0' end,
        case when of_near then 'console.face_near' else 'public.media_detected_faces' end,
        case when of_near then 'true' else $status$f.status = 'SUGGESTED'$status$ end,
        case when is_impact then whose || ' = w.person_id' when person is null then 'true' else whose || ' = $1' end,
        case
            when after_face is null then 'true'
            when is_impact then format('(%s < $4 or w.person_id > $5 or %s)', many, place)
            else place
        end,
        case
            when uploader is not null then
                'f.media_id in (select m.media_id from public.posts as p join public.post_media as m using (post_id) where p.user_id = $2)'
            when media is not null then 'f.media_id = any ($3)'
            else 'true'
        end,
        case
            when rank = 3 then 'true'
            else $safe$exists (
                select
                  from public.media_ai_insights as i
                 where i.media_id = f.media_id
                   and i.status <> 'UNSAFE'
                   and i.is_safe is not false
                   and not exists (select from console.safety_awaited as a where a.media_id = i.media_id))$safe$
        end,
        sorted);
    if is_impact then
        perform console.count_waiting();
        -- One person after the other, each with no more faces than are asked for.
        faces := format(
            $query$
            select f.face_id, f.media_id, f.person_id, f.similarity, f.impact
              from console.person_waiting as w
             cross join lateral (%2$s) as f
             where %1$s > 0
               and exists (select from public.users as u where u.user_id = w.person_id and u.account_status = 'ACTIVE')
               and ($7 is null or %1$s <= $4 and (%1$s < $4 or w.person_id >= $5))
             order by %1$s desc, w.person_id, f.similarity desc, f.face_id
             limit $9
            $query$,
            many, faces);
    end if;
    return query execute faces
      using person, uploader, media, after_impact, after_person, after_certainty, after_face, holder,
            least(greatest(at_most, 0), 500);
end
$$;

-- As before, with what waits for the AI's word.
create or replace function console.count_waiting() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform from console.person_waiting_age where counted_at > clock_timestamp() - interval '1 minute';
    if found or not pg_try_advisory_xact_lock(67) then
        return;
    end if;
    with waiting as (
        select person_id, sum(suggested)::integer as suggested, sum(near)::integer as near
          from (
              select suggested_user_id as person_id, count(*) as suggested, 0 as near
                from public.media_detected_faces
               where status = 'SUGGESTED'
                 and suggested_user_id is not null
               group by suggested_user_id
               union all
              select person_id, 0, count(*) from console.face_near group by person_id
          ) as counted
         group by person_id
    ),
    gone as (
        delete from console.person_waiting as p
         where not exists (select from waiting as w where w.person_id = p.person_id)
    )
    insert into console.person_waiting as p (person_id, suggested, near)
    select person_id, suggested, near from waiting
        on conflict (person_id) do update set suggested = excluded.suggested, near = excluded.near
     where (p.suggested, p.near) is distinct from (excluded.suggested, excluded.near);
    with inactive as materialized (
        select u.user_id from public.users as u where u.account_status <> 'ACTIVE'
    ),
    unsafe as materialized (
        select i.media_id from public.media_ai_insights as i where i.status = 'UNSAFE' or i.is_safe is false
         union
        select a.media_id from console.safety_awaited as a
    ),
    counted as (
        select (select count(*)
                  from public.media_detected_faces as f
                 where f.status = 'SUGGESTED'
                   and f.suggested_user_id in (select user_id from inactive)) as inactive_suggested,
               (select count(*) from console.face_near as n where n.person_id in (select user_id from inactive)) as inactive_near,
               (select count(*)
                  from public.media_detected_faces as f
                 where f.status = 'SUGGESTED'
                   and f.media_id in (select media_id from unsafe)
                   and not exists (select from inactive as u where u.user_id = f.suggested_user_id)) as unsafe_suggested,
               (select count(*)
                  from console.face_near as n
                 where n.media_id in (select media_id from unsafe)
                   and not exists (select from inactive as u where u.user_id = n.person_id)) as unsafe_near
    )
    update console.person_waiting_age
       set counted_at = clock_timestamp(),
           inactive_suggested = c.inactive_suggested,
           inactive_near = c.inactive_near,
           hidden_suggested = c.inactive_suggested + c.unsafe_suggested,
           hidden_near = c.inactive_near + c.unsafe_near
      from counted as c;
end
$$;

-- How many wait in both queues. Of more than 20,000 the number of those that are not asked may be a minute old: looking it up takes
-- longer than counting the rest.
create or replace function console.count_queued_faces(
    person bigint, uploader bigint, media bigint[], out suggested bigint, out near bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    rank     integer := console.operator_rank();
    where_is text := case
        when uploader is not null then
            'f.media_id in (select m.media_id from public.posts as p join public.post_media as m using (post_id) where p.user_id = $2)'
        when media is not null then 'f.media_id = any ($3)'
        else 'true'
    end;
    is_inactive text := $inactive$
        exists (
            select from public.users as u where u.user_id = f.%1$I and u.account_status <> 'ACTIVE')
        $inactive$;
    is_unsafe text := $unsafe$
        not exists (
            select from public.users as u where u.user_id = f.%1$I and u.account_status <> 'ACTIVE')
        and f.media_id in (
            select i.media_id
              from public.media_ai_insights as i
             where i.status = 'UNSAFE' or i.is_safe is false
             union all
            select a.media_id from console.safety_awaited as a)
        $unsafe$;
    counted text := $count$
        select (select count(*)
                  from public.media_detected_faces as f
                 where f.status = 'SUGGESTED' and ($1::bigint is null or f.suggested_user_id = $1) and %1$s and %2$s) as suggested,
               (select count(*)
                  from console.face_near as f
                 where ($1::bigint is null or f.person_id = $1) and %1$s and %3$s) as near
        $count$;
    hidden record;
begin
    if rank < 2 then
        suggested := 0;
        near := 0;
        return;
    end if;
    execute format(counted, where_is, 'true', 'true') into suggested, near using person, uploader, media;
    if suggested + near > 20000 and coalesce(person, uploader) is null and media is null then
        perform console.count_waiting();
        select case rank when 3 then age.inactive_suggested else age.hidden_suggested end as suggested,
               case rank when 3 then age.inactive_near else age.hidden_near end as near
          into hidden
          from console.person_waiting_age as age;
        suggested := suggested - hidden.suggested;
        near := near - hidden.near;
        return;
    end if;
    execute format(counted, where_is, format(is_inactive, 'suggested_user_id'), format(is_inactive, 'person_id'))
       into hidden using person, uploader, media;
    suggested := suggested - hidden.suggested;
    near := near - hidden.near;
    if rank = 2 then
        execute format(counted, where_is, format(is_unsafe, 'suggested_user_id'), format(is_unsafe, 'person_id'))
           into hidden using person, uploader, media;
        suggested := suggested - hidden.suggested;
        near := near - hidden.near;
    end if;
end
$$;
