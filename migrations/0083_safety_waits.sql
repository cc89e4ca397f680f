-- Whatever waits for a word about its safety is veiled, what was unsafe stays so until the AI has spoken anew, and whatever is open is
-- in its queue. Decisions that are taken back leave what there was before them.

-- Media that were unsafe, and of which nobody knows yet whether they still are: to be processed again, or without the AI's word.
create table console.safety_awaited (
    media_id bigint      primary key references public.post_media on delete cascade,
    since    timestamptz not null default clock_timestamp()
);

comment on table console.safety_awaited is 'Unsafe to everybody until the AI has said whether they are';

-- Whether the AI has said anything about safety.
create function console.has_spoken(status text, is_safe boolean) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return is_safe is not null or coalesce(status in ('COMPLETED', 'UNSAFE'), false);

alter table console.safety_appeal
    drop constraint safety_appeal_outcome_check,
    add constraint safety_appeal_outcome_check check (outcome in ('upheld', 'overturned', 'again')),
    -- The decision that settled it: taken back, the appeal is open again.
    add column ended_with bigint references console.safety_decision;

create index safety_appeal_ended on console.safety_appeal (ended_with) where ended_with is not null;

alter table console.safety_proposal
    -- Null where the AI has not looked at it.
    alter column was_status drop not null,
    add column was_awaited boolean not null default false;

alter table console.safety_consequence
    -- The decision that took it back; taken back itself, this is done once more.
    add column undone_by bigint references console.safety_decision;

create index safety_consequence_undone on console.safety_consequence (undone_by) where undone_by is not null;

-- What the operator is to judge without knowing what others said, with the words that the AI had for it.
create view console.safety_blind as
select c.media_id, c.shown_status, c.shown_is_safe
  from console.safety_control as c
 where c.operator = session_user::text collate "default"
   and c.is_open
 union all
select w.media_id, s.shown_status, s.shown_is_safe
  from console.safety_item as w
  join console.safety_second as s on s.media_id = w.media_id and s.is_open
 where w.queue = 'second'
   and session_user::text <> all (w.not_for);

-- Media that look unsafe to this admin: all that wait for a word, and control items. Who had a part in what a second person is to see
-- is not asked about it.
create or replace view console.safety_veiled as
select c.media_id
  from console.safety_control as c
 where c.operator = session_user::text collate "default"
   and c.is_open
 union all
select w.media_id
  from console.safety_item as w
 where w.queue <> 'second'
    or session_user::text <> all (w.not_for);

create or replace view console.photo with (security_barrier) as
select m.media_id,
       m.post_id,
       p.title as post_title,
       m.media_type,
       m.media_url,
       m.thumbnail_url,
       m.width,
       m.height,
       m.duration_seconds,
       case
           when (select console.operator_rank()) = 3 and exists (select from console.safety_blind as b where b.media_id = m.media_id)
               then (select b.shown_status from console.safety_blind as b where b.media_id = m.media_id limit 1)
           else i.status
       end::varchar(20) as ai_status,
       case
           when (select console.operator_rank()) = 3 and exists (select from console.safety_blind as b where b.media_id = m.media_id)
               then (select b.shown_is_safe from console.safety_blind as b where b.media_id = m.media_id limit 1)
           else i.is_safe
       end as is_safe,
       coalesce(i.status = 'UNSAFE' or i.is_safe is false, false)
       or exists (select from console.safety_awaited as a where a.media_id = m.media_id)
       or (select console.operator_rank()) = 3
          and exists (select from console.safety_veiled as v where v.media_id = m.media_id) as unsafe,
       left(i.caption, 4000) as caption,
       i.tags,
       i.scenes,
       p.user_id as uploader_id,
       m.created_at,
       i.xmin::text as version,
       m.position
  from public.post_media m
  join public.posts p on p.post_id = m.post_id
  left join public.media_ai_insights i on i.media_id = m.media_id
 where case (select console.operator_rank())
           when 3 then true
           when 2 then not coalesce(i.status = 'UNSAFE' or i.is_safe is false, false)
                       and not exists (select from console.safety_awaited as a where a.media_id = m.media_id)
           when 1 then p.status = 'PUBLISHED'
                       and p.visibility <> 'PRIVATE'
                       and not coalesce(i.status = 'UNSAFE' or i.is_safe is false, false)
                       and not exists (select from console.safety_awaited as a where a.media_id = m.media_id)
           else false
       end
   and not exists (
       select
         from console.safety_restricted as r
        where r.media_id = m.media_id
          and not (select console.sees_child_safety()));

create or replace view console.face with (security_barrier) as
select f.id as face_id,
       f.media_id,
       f.bbox,
       f.status,
       f.identified_user_id,
       f.suggested_user_id,
       f.confidence_score,
       f.created_at,
       f.xmin::text as version
  from public.media_detected_faces f
 where case (select console.operator_rank())
           when 3 then true
           when 2 then exists (
               select
                 from public.media_ai_insights i
                where i.media_id = f.media_id
                  and i.status <> 'UNSAFE'
                  and i.is_safe is not false
                  and not exists (select from console.safety_awaited as a where a.media_id = i.media_id)
           )
           when 1 then exists (
               select
                 from public.media_ai_insights i
                 join public.post_media m on m.media_id = i.media_id
                 join public.posts p on p.post_id = m.post_id
                where i.media_id = f.media_id
                  and i.status <> 'UNSAFE'
                  and i.is_safe is not false
                  and not exists (select from console.safety_awaited as a where a.media_id = i.media_id)
                  and p.status = 'PUBLISHED'
                  and p.visibility <> 'PRIVATE'
           )
           else false
       end
   and not exists (
       select
         from console.safety_restricted as r
        where r.media_id = f.media_id
          and not (select console.sees_child_safety()));

create or replace view console.recommendations_knn with (security_barrier) as
select k.media_id, k.media_url, k.caption, k.is_safe, k.created_at
  from public.read_model_recommendations_knn as k
 where ((k.is_safe and (select console.operator_rank()) >= 1) or (select console.operator_rank()) = 3)
   and not exists (
       select
         from console.safety_restricted as r
        where r.media_id = k.media_id
          and not (select console.sees_child_safety()));

-- A post's words come from all its media.
create or replace view console.post_search with (security_barrier) as
select p.post_id, p.author_id, p.author_username, p.author_department, p.title, p.body, p.all_ai_tags, p.all_ai_scenes,
       p.all_detected_user_ids, p.inferred_event_type, p.inferred_tags, p.categories, p.total_reactions, p.total_comments,
       p.created_at, p.updated_at
  from public.read_model_post_search as p
 where ((select console.operator_rank()) = 3
        or ((select console.operator_rank()) >= 1
            and not exists (
                select from public.read_model_media_search as m where m.post_id = p.post_id and m.is_safe is not true)))
   and not exists (
       select
         from console.safety_restricted as r
         join public.post_media as m on m.media_id = r.media_id
        where m.post_id = p.post_id
          and not (select console.sees_child_safety()));

-- What is searched, within what the operator may see; PostgreSQL leaves out the tables that a query needs nothing of. Nothing is said
-- of what is about child safety where there is none, so that such searches are planned as ever.
create or replace function console.media_from(query jsonb, rank integer) returns text
language sql stable set search_path = pg_catalog, pg_temp
return ' from console.media_search_text as t'
       || ' left join console.media_phrase as s on s.media_id = t.media_id'
       || ' left join public.read_model_media_search as r on r.media_id = t.media_id'
       || ' where ' || case rank when 3 then '' else 't.is_safe and ' end
       || case
              when not exists (select from console.safety_restricted) or console.sees_child_safety() then ''
              else 'not exists (select from console.safety_restricted as hidden where hidden.media_id = t.media_id) and '
          end
       || case when query is null or query = 'null' then 'true' else '(' || console.media_condition(query) || ')' end;

-- What is left out of searches whose index does not know what is unsafe, nor what is about child safety.
create or replace function console.unsafe_media(at_most integer) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    return array(
        select hidden.media_id
          from (
              select r.media_id from console.safety_restricted as r where not console.sees_child_safety()
               union all
              select a.media_id from console.safety_awaited as a
               union all
              select i.media_id from public.media_ai_insights as i where i.status = 'UNSAFE' or i.is_safe is false
          ) as hidden
         limit at_most);
end
$$;

create or replace function console.unsafe_posts(at_most integer) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.require_staff();
    return array(
        select distinct m.post_id
          from (
              select r.media_id from console.safety_restricted as r where not console.sees_child_safety()
               union all
              select i.media_id from public.media_ai_insights as i where i.status = 'UNSAFE' or i.is_safe is false
          ) as hidden
          join public.post_media as m on m.media_id = hidden.media_id
         limit at_most);
end
$$;

-- The confirmed faces of a person with which they could be enrolled, the most similar first; of the 300 that were found last.
create or replace function console.faces_to_enrol(
    person bigint, at_most integer, out face_id bigint, out media_id bigint, out version text, out similarity double precision,
    out width integer, out height integer)
returns setof record
language sql stable security definer set search_path = pg_catalog, public, pg_temp
as $$
    with asked as materialized (
        select console.operator_rank() as rank
    ),
    theirs as (
        select f.id, f.media_id, f.xmin::text as version, f.bbox, f.embedding,
               case when f.confidence_score between -1 and 1 then f.confidence_score end as similarity
          from media_detected_faces as f
         where f.identified_user_id = person
           and f.status = 'CONFIRMED'
         order by f.id desc
         limit 300
    )
    select t.id, t.media_id, t.version, t.similarity,
           case when array_ndims(t.bbox) = 1 and t.bbox[3] > 0 then t.bbox[3] end,
           case when array_ndims(t.bbox) = 1 and t.bbox[4] > 0 then t.bbox[4] end
      from theirs as t
     cross join asked
     where asked.rank >= 2
       and not console.is_withheld(t.media_id)
       and (asked.rank = 3 or exists (
               select
                 from media_ai_insights as i
                where i.media_id = t.media_id
                  and i.status <> 'UNSAFE'
                  and i.is_safe is not false
                  and not exists (select from console.safety_awaited as a where a.media_id = i.media_id)))
       and console.usable_vector(t.embedding) is not null
     order by t.similarity desc nulls last, t.id desc
     limit least(greatest(at_most, 0), 300)
$$;

-- Admins see what everybody did, others their own; what was done about such media is for those named, and for whoever did it.
create or replace view console.activity with (security_barrier) as
select e.id, e.at, e.operator, e.role, e.action, e.subject, e.subject_id, e.before, e.after, e.reason
  from console.audit_entry as e
 where ((select console.operator_rank()) = 3
        and not (e.subject = 'media'
                 and e.operator <> session_user::text
                 and exists (
                     select
                       from console.safety_restricted as r
                      where r.media_id = e.subject_id
                        and not (select console.sees_child_safety())))
        -- What somebody is to judge without knowing it.
        and not (e.subject = 'media'
                 and e.operator <> session_user::text
                 and exists (select from console.safety_blind as b where b.media_id = e.subject_id)))
    or ((select console.operator_rank()) >= 1 and e.operator = session_user::text);

create or replace function console.insights_to_queue() returns trigger
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
        insert into console.safety_awaited (media_id)
        select o.media_id
          from old_rows as o
          join public.post_media as m on m.media_id = o.media_id
         where o.status = 'UNSAFE'
            or o.is_safe is false
         order by o.media_id
            on conflict do nothing;
        return null;
    elsif tg_op = 'INSERT' then
        select array_agg(n.media_id) into changed
          from new_rows as n
         where console.insight_queue(n.status, n.is_safe) is not null
            -- Called unsafe before the AI had looked at it.
            or exists (select from console.safety_awaited as a where a.media_id = n.media_id);
    elsif not console.is_operator() then
        select array_agg(n.media_id) into changed
          from new_rows as n
          join old_rows as o on o.media_id = n.media_id
         where (n.status, n.is_safe) is distinct from (o.status, o.is_safe);
    end if;
    if tg_op = 'UPDATE' then
        insert into console.safety_awaited (media_id)
        select o.media_id
          from old_rows as o
          join new_rows as n on n.media_id = o.media_id
         where (o.status = 'UNSAFE' or o.is_safe is false)
           and not console.has_spoken(n.status, n.is_safe)
         order by o.media_id
            on conflict do nothing;
    end if;
    if exists (select from console.safety_awaited) then
        delete from console.safety_awaited as a
         using new_rows as n
         where n.media_id = a.media_id
           and console.has_spoken(n.status, n.is_safe);
    end if;
    if changed is not null then
        perform console.queue_insights(changed);
    end if;
    return null;
end
$$;

-- Reports of a medium that nobody has answered: no decision that stands is younger.
create function console.open_reports(media bigint) returns setof console.safety_report
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.*
      from console.safety_report as r
     where r.media_id = open_reports.media
       and not exists (
           select
             from console.safety_decision as d
            where d.media_id = r.media_id
              and d.reverts is null
              and d.decided_at > r.reported_at
              and not exists (select from console.safety_decision as back where back.reverts = d.id))
$$;

-- Puts a medium where its open reports and its open appeal wait, since they were made. While a second person is to confirm something,
-- all of it waits for that.
create function console.queue_open(media bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from public.post_media as m where m.media_id = queue_open.media)
       or exists (select from console.safety_proposal as p where p.media_id = queue_open.media and p.outcome is null) then
        return;
    end if;
    insert into console.safety_item (media_id, queue, since, severity, reach)
    select queue_open.media, 'reported', min(r.reported_at), max(p.severity), console.reach_of(queue_open.media)
      from console.open_reports(queue_open.media) as r
      join console.policy as p on p.id = r.policy_id
    having count(*) > 0
        on conflict do nothing;
    insert into console.safety_item (media_id, queue, since, severity, reach, not_for)
    select a.media_id, 'appeal', a.filed_at, coalesce(d.severity, 0), console.reach_of(a.media_id), console.involved_in(a.media_id)
      from console.safety_appeal as a
      join console.safety_decision as d on d.id = a.decision_id
     where a.media_id = queue_open.media
       and a.outcome is null
        on conflict do nothing;
end
$$;

-- Reports those of the media that the operator sees and has not reported since they were last decided.
create or replace function console.report_media(media bigint[], policy bigint, reason text) returns setof bigint
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
            select from console.open_reports(photo.media_id) as r where r.reported_by = session_user::text);
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
         -- What waits for its second person comes after that, if it is still open.
         where not exists (
               select from console.safety_item as pending where pending.media_id = photo.media_id and pending.queue = 'confirm')
            on conflict (media_id, queue) do update
           set severity = excluded.severity
         where w.severity < excluded.severity;
        return next photo.media_id;
    end loop;
end
$$;

-- Locks a medium's row, as `lock_words` does: `busy`, `gone`, or no outcome; no words where the AI has not looked at it.
create or replace function console.lock_safety(media bigint, out outcome text, out version text, out words public.media_ai_insights)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    locked record;
begin
    if console.is_withheld(media) or not exists (select from public.post_media as m where m.media_id = media) then
        outcome := 'gone';
        return;
    end if;
    locked := console.lock_words(media, 3);
    if locked.outcome = 'gone' then
        -- There is no row to lock.
        perform pg_advisory_xact_lock(74, console.photo_lock(media));
    end if;
    outcome := nullif(locked.outcome, 'gone');
    version := locked.version;
    words := locked.words;
end
$$;

-- Ends everything that waits of a medium; `decision` is what ends it.
drop function console.settle_safety(bigint, text);
create function console.settle_safety(media bigint, ruling text, decision bigint) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    delete from console.safety_item as w where w.media_id = settle_safety.media;
    update console.safety_second as s set is_open = false where s.media_id = settle_safety.media and s.is_open;
    update console.safety_appeal as a
       set outcome = case settle_safety.ruling when 'unsafe' then 'upheld' when 'again' then 'again' else 'overturned' end,
           ended_by = session_user,
           ended_at = clock_timestamp(),
           ended_with = settle_safety.decision
     where a.media_id = settle_safety.media
       and a.outcome is null;
$$;

drop function console.restore_consequences(bigint);

-- What followed from a decision (null: from all of a medium) becomes what it was, where nobody changed it since and no other decision
-- wants it. How many were restored, and how many stay.
create function console.undo_consequences(media bigint, decision bigint, by_decision bigint, out restored integer, out kept integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    was      console.safety_consequence;
    current  text;
    original text;
    entry    bigint;
begin
    restored := 0;
    kept := 0;
    for was in
        select c.*
          from console.safety_consequence as c
         where c.media_id = undo_consequences.media
           and (undo_consequences.decision is null or c.decision_id = undo_consequences.decision)
           and c.undoes is null
           and not exists (select from console.safety_consequence as back where back.undoes = c.id)
         order by c.id desc
    loop
        current := case was.kind
            when 'archive' then (select p.status from public.posts as p where p.post_id = was.subject_id)
            else (select u.account_status from public.users as u where u.user_id = was.subject_id)
        end;
        -- Of several decisions only the first one changed something; the last one that is taken back undoes it. What was restored
        -- since is over: it was somebody else who made it so again.
        select case when c.undoes is null then c.before end into original
          from console.safety_consequence as c
         where c.kind = was.kind
           and c.subject_id = was.subject_id
           and c.before <> c.after
         order by c.id desc
         limit 1;
        entry := null;
        if current is distinct from was.after
           or original is null
           or exists (
               select
                 from console.safety_consequence as other
                where other.kind = was.kind
                  and other.subject_id = was.subject_id
                  and other.id <> was.id
                  and other.undoes is null
                  and not exists (select from console.safety_consequence as back where back.undoes = other.id)) then
            kept := kept + 1;
            original := was.after;
        elsif was.kind = 'archive' then
            update public.posts as p set status = original, updated_at = now() where p.post_id = was.subject_id;
            entry := console.append_audit(
                'safety.restore', 'post', was.subject_id,
                jsonb_build_object('status', was.after), jsonb_build_object('status', original));
        else
            update public.users as u set account_status = original, updated_at = now() where u.user_id = was.subject_id;
            entry := console.append_audit(
                'safety.restore', 'person', was.subject_id,
                jsonb_build_object('accountStatus', was.after), jsonb_build_object('accountStatus', original));
        end if;
        restored := restored + (entry is not null)::integer;
        insert into console.safety_consequence (decision_id, media_id, kind, subject_id, before, after, undoes, audit_id, undone_by)
        values (was.decision_id, was.media_id, was.kind, was.subject_id, was.after, original, was.id, entry, by_decision);
    end loop;
end
$$;

-- The other way round: what a decision had taken back is done once more, where nobody changed it since.
create function console.redo_consequences(decision bigint, out restored integer, out kept integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    undone  console.safety_consequence;
    current text;
    entry   bigint;
begin
    restored := 0;
    kept := 0;
    for undone in
        select c.* from console.safety_consequence as c where c.undone_by = redo_consequences.decision order by c.id
    loop
        current := case undone.kind
            when 'archive' then (select p.status from public.posts as p where p.post_id = undone.subject_id)
            else (select u.account_status from public.users as u where u.user_id = undone.subject_id)
        end;
        if current is distinct from undone.after and current is distinct from undone.before then
            kept := kept + 1;
            continue;
        end if;
        entry := null;
        if current = undone.before then
            -- It is so already, because of another decision or of somebody else.
            null;
        elsif undone.kind = 'archive' then
            update public.posts as p set status = undone.before, updated_at = now() where p.post_id = undone.subject_id;
            entry := console.append_audit(
                'safety.archive', 'post', undone.subject_id,
                jsonb_build_object('status', current), jsonb_build_object('status', undone.before));
        else
            update public.users as u set account_status = undone.before, updated_at = now() where u.user_id = undone.subject_id;
            entry := console.append_audit(
                'safety.suspend', 'person', undone.subject_id,
                jsonb_build_object('accountStatus', current), jsonb_build_object('accountStatus', undone.before));
        end if;
        restored := restored + (entry is not null)::integer;
        insert into console.safety_consequence (decision_id, media_id, kind, subject_id, before, after, audit_id)
        values (undone.decision_id, undone.media_id, undone.kind, undone.subject_id, current, undone.before, entry);
    end loop;
end
$$;

-- Lets a share of decisions be seen by a second person. How grave the first one found it is not told.
create or replace function console.sample_second(said console.safety_ruling, decision bigint, was public.media_ai_insights) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if random() >= (select r.second_share from console.safety_rule as r)
       or said.ruling = 'again'
       -- What the AI has not looked at is not shown as it was.
       or was.media_id is null
       -- Two have decided already, or somebody new has.
       or said.proposal_id is not null
       or said.source in ('second', 'appeal')
       or exists (select from console.safety_restricted as r where r.media_id = said.media_id) then
        return;
    end if;
    insert into console.safety_second (media_id, decision_id, shown_status, shown_is_safe)
    values (said.media_id, decision, was.status, was.is_safe);
    insert into console.safety_item (media_id, queue, reach, not_for)
    select said.media_id, 'second',
           console.reach_of(said.media_id),
           console.involved_in(said.media_id);
end
$$;

update console.safety_item set severity = 0 where queue = 'second';

-- The AI's two words for the log, and whether they are awaited.
create function console.facts_before(media bigint, was public.media_ai_insights) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select console.safety_facts(was)
           || case
                  when exists (select from console.safety_awaited as a where a.media_id = facts_before.media) then '{"awaited": true}'
                  else '{}'
              end::jsonb;
end;

-- Writes a decision whose row is locked, and all that follows from it. Where the AI has not looked at the medium yet there is no row:
-- then it is unsafe until it has.
create or replace function console.apply_ruling(said console.safety_ruling) returns console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    was     public.media_ai_insights;
    become  public.media_ai_insights;
    before  jsonb;
    done    console.safety_outcome := row(said.media_id, 'done', null, null, null, null);
    is_more boolean := said.is_archiving or said.is_suspending or said.ruling = 'safe' and exists (
        select from console.safety_consequence as c where c.media_id = said.media_id);
begin
    if is_more and not console.lock_consequences(said.media_id) then
        done.outcome := 'busy';
        return done;
    end if;
    select i.* into was from public.media_ai_insights as i where i.media_id = said.media_id;
    before := console.facts_before(said.media_id, was);
    if was.media_id is null then
        if said.ruling = 'unsafe' then
            insert into console.safety_awaited (media_id) values (said.media_id) on conflict do nothing;
        else
            delete from console.safety_awaited as a where a.media_id = said.media_id;
        end if;
    end if;
    update public.media_ai_insights as i
       set status     = case said.ruling when 'safe' then 'COMPLETED' when 'unsafe' then 'UNSAFE' else 'PROCESSING' end,
           is_safe    = case said.ruling when 'safe' then true when 'unsafe' then false end,
           updated_at = now()
     where i.media_id = said.media_id
 returning i.* into become;
    done.audit_id := console.append_audit(
        'safety.decide', 'media', said.media_id, before, console.safety_facts(become) || console.ruling_facts(said));
    insert into console.safety_decision (
               media_id, safe, reason, audit_id, policy_id, severity, act_id, source, waiting_since, proposal_id)
    values (said.media_id, case said.ruling when 'safe' then true when 'unsafe' then false end,
            nullif(current_setting('console.reason', true), ''), done.audit_id, said.policy_id, said.severity,
            said.act_id, said.source, said.waiting_since, said.proposal_id)
 returning id into done.decision_id;
    if said.ruling = 'safe' then
        perform console.undo_consequences(said.media_id, null, done.decision_id);
    end if;
    if said.is_archiving then
        perform console.archive_post(done.decision_id, said.media_id);
    end if;
    if said.is_suspending then
        perform console.suspend_uploader(done.decision_id, said.media_id);
    end if;
    if (select p.is_restricted from console.policy as p where p.id = said.policy_id) then
        insert into console.safety_restricted (media_id) values (said.media_id) on conflict do nothing;
    elsif said.ruling <> 'again' then
        delete from console.safety_restricted as r where r.media_id = said.media_id;
    end if;
    perform console.settle_safety(said.media_id, said.ruling, done.decision_id);
    perform console.sample_second(said, done.decision_id, was);
    return done;
end
$$;

-- Writes down what a second person is to confirm. What is said to be unsafe is not shown meanwhile.
create or replace function console.propose_ruling(said console.safety_ruling) returns console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    was     public.media_ai_insights;
    become  public.media_ai_insights;
    before  jsonb;
    done    console.safety_outcome := row(said.media_id, 'proposed', null, null, null, null);
    excepted text[] := case
        when exists (select from console.safety_appeal as a where a.media_id = said.media_id and a.outcome is null)
            then console.involved_in(said.media_id)
        else '{}'::text[]
    end;
    reach   integer;
begin
    select i.* into was from public.media_ai_insights as i where i.media_id = said.media_id;
    before := console.facts_before(said.media_id, was);
    become := was;
    if said.ruling = 'unsafe' and was.media_id is null then
        insert into console.safety_awaited (media_id) values (said.media_id) on conflict do nothing;
    elsif said.ruling = 'unsafe' and (was.status, was.is_safe) is distinct from ('UNSAFE', false) then
        update public.media_ai_insights as i
           set status = 'UNSAFE', is_safe = false, updated_at = now()
         where i.media_id = said.media_id
     returning i.* into strict become;
    end if;
    done.audit_id := console.append_audit(
        'safety.propose', 'media', said.media_id, before, console.safety_facts(become) || console.ruling_facts(said));
    insert into console.safety_proposal (
               media_id, ruling, policy_id, severity, is_archiving, is_suspending, reason, source, waiting_since, act_id, was_status,
               was_is_safe, was_awaited, audit_id)
    values (said.media_id, said.ruling, said.policy_id, said.severity, said.is_archiving, said.is_suspending,
            nullif(current_setting('console.reason', true), ''), said.source, said.waiting_since, said.act_id, was.status,
            was.is_safe, before ? 'awaited', done.audit_id);
    if (select p.is_restricted from console.policy as p where p.id = said.policy_id) then
        insert into console.safety_restricted (media_id) values (said.media_id) on conflict do nothing;
    end if;
    select coalesce(max(w.reach), 0) into reach from console.safety_item as w where w.media_id = said.media_id;
    delete from console.safety_item as w where w.media_id = said.media_id;
    update console.safety_second as s set is_open = false where s.media_id = said.media_id and s.is_open;
    insert into console.safety_item (media_id, queue, severity, reach, not_for)
    values (said.media_id, 'confirm', coalesce(said.severity, 0), reach, excepted || session_user::text);
    return done;
end
$$;

-- Says the same of media as they were seen: `safe`, `unsafe` under a policy, or to be processed `again`; and with unsafe ones,
-- whether their posts are archived and their uploaders suspended. `queue` is where they waited, null where nowhere. What the AI has not
-- looked at can be called safe or unsafe all the same; its version is empty.
create or replace function console.decide_safety(
    media bigint[], versions text[], queue text, ruling text, policy bigint, severity integer, is_archiving boolean,
    is_suspending boolean) returns setof console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    said     console.safety_ruling;
    seen     record;
    was      record;
    done     console.safety_outcome;
    answered console.safety_outcome;
    act      bigint := nextval(pg_get_serial_sequence('console.safety_decision', 'act_id'));
begin
    perform console.require_judge();
    if ruling not in ('safe', 'unsafe', 'again') or (policy is not null or is_archiving or is_suspending) and ruling <> 'unsafe' then
        raise check_violation using message = 'only what is unsafe falls under a policy and has consequences';
    end if;
    if queue = 'second' and (is_archiving or is_suspending) then
        raise check_violation using
            message = 'a second opinion archives and suspends nothing: decide about the post and its author in another queue';
    end if;
    for seen in
        select distinct on (s.id) s.id, s.version
          from unnest(media, versions) as s (id, version)
         where s.id is not null
         order by s.id
    loop
        done := row(seen.id, null, null, null, null, null);
        was := console.lock_safety(seen.id);
        done.outcome := was.outcome;
        if done.outcome is null and ruling = 'unsafe' and not exists (
               select from console.policy_version as p where p.id = policy and p.is_newest and not p.is_retired) then
            done.outcome := 'policy';
        elsif done.outcome is null and coalesce(was.version, '') is distinct from coalesce(seen.version, '') then
            select seen.id, 'changed', null, null, d.decided_by, d.ruling
              into done
              from (values (1)) as always
              left join console.standing_decision(seen.id) as d on true;
        end if;
        if done.outcome is null and ruling = 'again' and was.version is null then
            done.outcome := 'unprocessed';
        end if;
        if done.outcome is null then
            said := row(seen.id, ruling, policy, severity, is_archiving, is_suspending, queue, null, act, null);
            if queue = 'flagged' then
                answered := console.answer_safety_control(said);
            end if;
            if answered.outcome is not null then
                done := answered;
                answered := null;
            elsif queue = 'second' then
                done := console.note_opinion(said);
            elsif exists (select from console.safety_proposal as p where p.media_id = seen.id and p.outcome is null) then
                done.outcome := 'pending';
            elsif session_user::text = any (console.involved_in(seen.id))
                  and exists (select from console.safety_appeal as a where a.media_id = seen.id and a.outcome is null) then
                done.outcome := case
                    when exists (select from console.safety_restricted as r where r.media_id = seen.id) then 'involved_restricted'
                    else 'involved'
                end;
            else
                select min(w.since) into said.waiting_since
                  from console.safety_item as w
                 where w.media_id = seen.id
                   and w.queue = coalesce(decide_safety.queue, w.queue);
                done := console.rule(said);
            end if;
        end if;
        return next done;
    end loop;
end
$$;

-- Says yes or no to what somebody else proposed; who proposed it may withdraw it.
create or replace function console.confirm_safety(media bigint[], versions text[], agrees boolean) returns setof console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    seen     record;
    was      record;
    proposal console.safety_proposal;
    item     console.safety_item;
    done     console.safety_outcome;
    reason   text := coalesce(current_setting('console.reason', true), '');
begin
    perform console.require_judge();
    for seen in
        select distinct on (s.id) s.id, s.version
          from unnest(media, versions) as s (id, version)
         where s.id is not null
         order by s.id
    loop
        done := row(seen.id, null, null, null, null, null);
        was := console.lock_safety(seen.id);
        done.outcome := was.outcome;
        select p.* into proposal from console.safety_proposal as p where p.media_id = seen.id and p.outcome is null for update;
        select w.* into item from console.safety_item as w where w.media_id = seen.id and w.queue = 'confirm';
        if done.outcome is null then
            done.outcome := case
                when proposal.id is null then 'changed'
                when coalesce(was.version, '') is distinct from coalesce(seen.version, '') then 'changed'
                when proposal.proposed_by = session_user and not agrees then null
                when session_user::text = any (item.not_for) or proposal.proposed_by = session_user then
                    case
                        when exists (select from console.safety_restricted as r where r.media_id = seen.id) then 'involved_restricted'
                        else 'involved'
                    end
            end;
        end if;
        if done.outcome is not null then
            return next done;
            continue;
        end if;

        perform set_config('console.reason', coalesce(nullif(reason, ''), case when agrees then proposal.reason end, ''), true);
        if agrees then
            done := console.apply_ruling(row(
                proposal.media_id, proposal.ruling, proposal.policy_id, proposal.severity, proposal.is_archiving,
                proposal.is_suspending, proposal.source, proposal.waiting_since, proposal.act_id, proposal.id));
        else
            done := console.decline_proposal(proposal, was.words);
        end if;
        if done.outcome = 'done' then
            update console.safety_proposal as p
               set outcome = case
                                 when agrees then 'confirmed'
                                 when p.proposed_by = session_user then 'withdrawn'
                                 else 'declined'
                             end,
                   ended_by = session_user,
                   ended_at = clock_timestamp()
             where p.id = proposal.id;
            perform console.queue_open(proposal.media_id);
        end if;
        return next done;
    end loop;
    perform set_config('console.reason', reason, true);
end
$$;

-- What was proposed is not done: the medium is as before, and waits where the AI's words put it; what is open of it is queued behind
-- that, by `confirm_safety`.
create or replace function console.decline_proposal(proposal console.safety_proposal, now_is public.media_ai_insights)
    returns console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    become public.media_ai_insights := now_is;
    done   console.safety_outcome := row(proposal.media_id, 'done', null, null, null, null);
    item   console.safety_item;
begin
    if proposal.ruling = 'unsafe' and proposal.was_status is not null and (now_is.status, now_is.is_safe) is not distinct from ('UNSAFE', false)
       and (proposal.was_status, proposal.was_is_safe) is distinct from ('UNSAFE', false) then
        update public.media_ai_insights as i
           set status = proposal.was_status, is_safe = proposal.was_is_safe, updated_at = now()
         where i.media_id = proposal.media_id
     returning i.* into strict become;
    end if;
    if not proposal.was_awaited
       and (become.media_id is null and proposal.was_status is null
            or (become.status, become.is_safe) is not distinct from (proposal.was_status, proposal.was_is_safe)) then
        delete from console.safety_awaited as a where a.media_id = proposal.media_id;
    end if;
    done.audit_id := console.append_audit(
        case when proposal.proposed_by = session_user then 'safety.withdraw' else 'safety.decline' end,
        'media', proposal.media_id, console.safety_facts(now_is), console.safety_facts(become));
    delete from console.safety_item as w
     where w.media_id = proposal.media_id
       and w.queue = 'confirm'
 returning w.* into item;
    if proposal.source in ('flagged', 'disagreement', 'failed') then
        insert into console.safety_item (media_id, queue, since, reach)
        values (proposal.media_id, proposal.source, coalesce(proposal.waiting_since, clock_timestamp()), item.reach);
    end if;
    perform console.queue_insights(array[proposal.media_id]);
    -- What nobody else called child safety is none of it any more.
    delete from console.safety_restricted as r
     where r.media_id = proposal.media_id
       and not exists (
           select
             from console.safety_report as s
             join console.policy as p on p.id = s.policy_id
            where s.media_id = r.media_id
              and p.is_restricted)
       and not exists (
           select
             from console.standing_decision(r.media_id) as d
             join console.policy as p on p.id = d.policy_id
            where p.is_restricted);
    return done;
end
$$;

-- Takes decisions back, with their consequences; the reason is in `console.reason`.
create or replace function console.revert_safety(decisions bigint[]) returns setof console.safety_reverted
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    asked   record;
    was     record;
    before  jsonb;
    become  public.media_ai_insights;
    last    console.safety_decision;
    back    record;
    again   record;
    made    bigint;
    entry   bigint;
    done    console.safety_reverted;
    act     bigint := nextval(pg_get_serial_sequence('console.safety_decision', 'act_id'));
begin
    perform console.require_judge();
    if btrim(coalesce(current_setting('console.reason', true), '')) = '' then
        raise check_violation using message = 'taking a decision back needs a reason';
    end if;
    for asked in
        select d.*, p.is_restricted
          from console.safety_decision as d
          left join console.policy as p on p.id = d.policy_id
         where d.id = any (decisions)
           and d.reverts is null
         order by d.media_id, d.id desc
    loop
        done := row(asked.id, asked.media_id, null, null, 0, 0);
        was := console.lock_safety(asked.media_id);
        select d.* into last from console.standing_decision(asked.media_id) as d;
        select d.decided_by into done.name from console.safety_decision as d where d.reverts = asked.id;
        done.outcome := case
            when was.outcome = 'busy' then 'busy'
            when was.outcome is not null then 'gone'
            when done.name is not null then 'reverted'
            when last.id <> asked.id then 'overtaken'
            when asked.is_restricted
                 or exists (select from console.safety_restricted as r where r.media_id = asked.media_id) then 'restricted'
            when exists (select from console.safety_proposal as p where p.media_id = asked.media_id and p.outcome is null)
                then 'pending'
            when not console.lock_consequences(asked.media_id) then 'busy'
        end;
        if done.outcome = 'overtaken' then
            done.name := last.decided_by;
        end if;
        if done.outcome is not null then
            return next done;
            continue;
        end if;

        select e.before into before from console.audit_entry as e where e.id = asked.audit_id;
        become := was.words;
        -- What the AI has said since is its newest word, and stays.
        if (become.status, become.is_safe) is not distinct from (
               case asked.ruling when 'safe' then 'COMPLETED' when 'unsafe' then 'UNSAFE' else 'PROCESSING' end, asked.safe)
           and before ->> 'status' is not null then
            update public.media_ai_insights as i
               set status = before ->> 'status', is_safe = (before ->> 'isSafe')::boolean, updated_at = now()
             where i.media_id = asked.media_id
         returning i.* into strict become;
        end if;
        -- So does what was awaited then, where nothing has been said since.
        if console.has_spoken(become.status, become.is_safe) or become.status is distinct from before ->> 'status' then
            null;
        elsif before ? 'awaited' then
            insert into console.safety_awaited (media_id) values (asked.media_id) on conflict do nothing;
        else
            delete from console.safety_awaited as a where a.media_id = asked.media_id;
        end if;
        entry := console.append_audit(
            'safety.revert', 'media', asked.media_id, console.safety_facts(was.words),
            console.safety_facts(become) || jsonb_build_object('decision', asked.id));
        insert into console.safety_decision (media_id, safe, reason, audit_id, act_id, reverts)
        values (asked.media_id, null, current_setting('console.reason', true), entry, act, asked.id)
     returning id into made;
        back := console.undo_consequences(asked.media_id, asked.id, made);
        again := console.redo_consequences(asked.id);
        perform console.settle_safety(asked.media_id, 'safe', made);
        -- What this decision had settled is open again.
        update console.safety_appeal as a
           set outcome = null, ended_by = null, ended_at = null, ended_with = null
         where a.ended_with = asked.id;
        perform console.queue_insights(array[asked.media_id]);
        perform console.queue_open(asked.media_id);
        done.outcome := 'done';
        done.restored := back.restored + again.restored;
        done.kept := back.kept + again.kept;
        return next done;
    end loop;
end
$$;

-- As before. What plain SQL says of safety is a decision like any other, without a policy; the two words must agree, and it is no way
-- around the second person.
create or replace function console.remember_decisions() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    insight record;
    entry bigint;
    made bigint;
begin
    if not console.is_operator() then
        if exists (select from console.ai_words) then
            -- A row that is as it must be was written by `restore_words`.
            update console.ai_words as said
               set caption = case when a.caption is distinct from b.caption then a.caption else said.caption end,
                   tags = case when a.tags is distinct from b.tags then a.tags else said.tags end,
                   scenes = case when a.scenes is distinct from b.scenes then a.scenes else said.scenes end
              from after_update as a
              join before_update as b on b.media_id = a.media_id
             where said.media_id = a.media_id
               and record_image_ne(row(a.caption, a.tags, a.scenes), row(b.caption, b.tags, b.scenes))
               and record_image_ne(
                       row(a.caption, a.tags, a.scenes),
                       row(console.corrected_caption(said.media_id, said.caption),
                           console.corrected_texts(said.media_id, 'tags', said.tags),
                           console.corrected_texts(said.media_id, 'scenes', said.scenes)));
            if found then
                perform console.restore_words((select array_agg(a.media_id) from after_update as a));
            end if;
        end if;
        return null;
    end if;
    for insight in
        select a.media_id, a.status, a.is_safe, console.safety_facts(b) as before, console.safety_facts(a) as after
          from after_update a
          join before_update b on b.media_id = a.media_id
         where record_image_eq(row(a.caption, a.tags, a.scenes), row(b.caption, b.tags, b.scenes))
            or console.safety_facts(a) <> console.safety_facts(b)
         order by a.media_id
    loop
        if not console.words_agree(insight.status, insight.is_safe) then
            raise check_violation using
                message = 'status and is_safe must agree: UNSAFE and false, COMPLETED and true, or PROCESSING and null';
        end if;
        if exists (select from console.safety_restricted as r where r.media_id = insight.media_id)
           or exists (select from console.safety_proposal as p where p.media_id = insight.media_id and p.outcome is null)
           or exists (select from console.safety_appeal as a where a.media_id = insight.media_id and a.outcome is null) then
            raise insufficient_privilege using message = 'another person has to confirm this or to decide it';
        end if;
        entry := console.append_audit('safety.decide', 'media', insight.media_id, insight.before, insight.after);
        insert into console.safety_decision (media_id, safe, reason, audit_id)
        values (insight.media_id, insight.is_safe, nullif(current_setting('console.reason', true), ''), entry)
     returning id into made;
        perform console.settle_safety(insight.media_id, case when insight.is_safe then 'safe' when not insight.is_safe then 'unsafe' else 'again' end, made);
    end loop;
    return null;
end;
$$;

-- The policy at the root of the tree that a medium is looked at for: as proposed, else as decided, else as reported; empty where nobody
-- named one.
create or replace function console.reveal_category(media bigint) returns text
language sql stable security definer
set search_path = pg_catalog
as $$
    select case
               when exists (select from console.safety_restricted as r where r.media_id = reveal_category.media) then 'child_safety'
               else coalesce(
                        (select console.policy_root(p.policy_id)
                           from console.safety_proposal as p
                          where p.media_id = reveal_category.media
                            and p.outcome is null),
                        (select console.policy_root(d.policy_id) from console.standing_decision(reveal_category.media) as d),
                        (select console.policy_root(r.policy_id)
                           from console.safety_report as r
                          where r.media_id = reveal_category.media
                          order by r.id desc
                          limit 1),
                        '')
           end
$$;

-- Nobody keeps anything for ever: after a day, or when who keeps it can't decide any more, it is everybody's again.
create function console.end_holds() returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    update console.safety_item as w
       set assigned_to = null, assigned_by = null, assigned_at = null, note = null
     where (w.media_id, w.queue) in (
               select held.media_id, held.queue
                 from console.safety_item as held
                where held.assigned_to is not null
                  and (held.assigned_at < clock_timestamp() - interval '24 hours'
                       or not exists (
                           select
                             from public.users as u
                            where u.username = held.assigned_to and u.role = 'ADMIN' and u.account_status = 'ACTIVE'))
                order by held.media_id, held.queue
                  for update skip locked)
$$;

create index safety_item_sent on console.safety_item (assigned_by, since, media_id) where assigned_to is not null;

-- A page of a queue in its order after a place in it, of what nobody else looks at or keeps. `queue` may be `mine`, too: what the
-- operator keeps or was sent; and `sent`: what the operator sent to others. `sort` is `age`, `severity` or `reach`; `after_key` is the
-- negative of the last one's severity or reach.
-- The statement is built of fixed parts, so that each order is read from its index; all that is asked for is a parameter.
create or replace function console.queued_safety(
    queue text, sort text, after_key integer, after_since timestamptz, after_media bigint, holder text, at_most integer)
    returns setof console.safety_place
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    is_mine boolean := queue in ('mine', 'sent');
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
            when queue = 'sent' then
                'w.assigned_by = session_user::text collate "default" and w.assigned_to <> w.assigned_by and $1 is not null'
            when is_mine then 'w.assigned_to = session_user::text collate "default" and $1 is not null'
            else 'w.queue = $1 and w.assigned_to is null'
        end,
        case when after_media is null then 'true' else format('%s > %s', place, after) end,
        withheld,
        case when key is null then 'w.since, w.media_id' else key || ', w.since, w.media_id' end)
      using queue, after_key, after_since, after_media, holder, least(greatest(at_most, 0), 500);
end
$$;

-- How many wait in each queue, 10,000 at most, and since when the oldest does. `mine` is what the operator keeps or was sent, `sent`
-- what others were sent.
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
$$;

-- A window says that it is still there, with what it holds; the rest of what it had is free, and so is what others left behind.
create or replace function console.keep_safety(held bigint[], holder text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.end_holds();
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

-- A medium as it waits in a queue now; no row where it does not wait there for this operator, who may have sent it to somebody.
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

-- What is open and in no queue.
select console.queue_open(r.media_id) from (select distinct s.media_id from console.safety_report as s) as r;
select console.queue_open(a.media_id) from console.safety_appeal as a where a.outcome is null;

revoke execute on function
    console.has_spoken(text, boolean), console.open_reports(bigint), console.queue_open(bigint),
    console.settle_safety(bigint, text, bigint), console.undo_consequences(bigint, bigint, bigint), console.redo_consequences(bigint),
    console.facts_before(bigint, public.media_ai_insights), console.end_holds()
    from public;
