-- What is about the safety of children is in no view of those who are not named for it. And what an operator is to judge without
-- knowing what was decided is shown as the AI flagged it.

-- Media that look unsafe to this operator although they were called safe: control items, and what a second person is to see.
create view console.safety_veiled as
select c.media_id
  from console.safety_control as c
 where c.operator = session_user::text collate "default"
   and c.is_open
 union all
select w.media_id
  from console.safety_item as w
 where w.queue = 'second'
   and session_user::text <> all (w.not_for);

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
       i.status as ai_status,
       i.is_safe,
       coalesce(i.status = 'UNSAFE' or i.is_safe is false, false)
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
           when 1 then p.status = 'PUBLISHED'
                       and p.visibility <> 'PRIVATE'
                       and not coalesce(i.status = 'UNSAFE' or i.is_safe is false, false)
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
           )
           when 1 then exists (
               select
                 from public.media_ai_insights i
                 join public.post_media m on m.media_id = i.media_id
                 join public.posts p on p.post_id = m.post_id
                where i.media_id = f.media_id
                  and i.status <> 'UNSAFE'
                  and i.is_safe is not false
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

create or replace view console.insight with (security_barrier) as
select i.media_id,
       i.post_id,
       i.status,
       i.is_safe,
       i.updated_at,
       i.xmin::text as version
  from public.media_ai_insights i
 where (select console.operator_rank()) = 3
   and not exists (
       select
         from console.safety_restricted as r
        where r.media_id = i.media_id
          and not (select console.sees_child_safety()));

create or replace view console.media_search with (security_barrier) as
select media_id, post_id, post_title, post_all_tags, media_url, ai_caption, ai_tags, ai_scenes, is_safe, detected_user_ids,
       detected_usernames, uploader_id, uploader_username, uploader_department, reaction_count, comment_count, created_at,
       updated_at
  from public.read_model_media_search as m
 where ((is_safe and (select console.operator_rank()) >= 1) or (select console.operator_rank()) = 3)
   and not exists (
       select
         from console.safety_restricted as r
        where r.media_id = m.media_id
          and not (select console.sees_child_safety()));

create or replace view console.face_search with (security_barrier) as
select f.face_id, f.media_id, f.post_id, f.bbox, f.identified_user_id, f.identified_username, f.match_confidence,
       f.uploader_id, f.post_title, f.media_url, f.created_at
  from public.read_model_face_search as f
 where ((select console.operator_rank()) = 3
        or (select console.operator_rank()) >= 1
           and exists (select from public.read_model_media_search as m where m.media_id = f.media_id and m.is_safe))
   and not exists (
       select
         from console.safety_restricted as r
        where r.media_id = f.media_id
          and not (select console.sees_child_safety()));

create or replace view console.feed_personalized with (security_barrier) as
select i.feed_item_id, i.target_user_id, i.media_id, i.media_url, i.caption, i.uploader_id, i.uploader_username, i.combined_score,
       f.recency, f.closeness, f.interest, f.engagement, i.created_at, i.expires_at
  from public.read_model_feed_personalized as i
  left join console.feed_part as f on f.target_user_id = i.target_user_id and f.media_id = i.media_id
 where ((select console.operator_rank()) = 3
        or ((select console.operator_rank()) >= 1
            and not exists (
                select from public.media_ai_insights as a
                 where a.media_id = i.media_id and not coalesce(a.is_safe, a.status <> 'UNSAFE'))))
   and not exists (
       select
         from console.safety_restricted as r
        where r.media_id = i.media_id
          and not (select console.sees_child_safety()));

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
                        and not (select console.sees_child_safety()))))
    or ((select console.operator_rank()) >= 1 and e.operator = session_user::text);

-- What of these media an operator may not so much as reveal.
create or replace function console.record_reveal(media bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if console.operator_rank() < 3 or console.is_withheld(media) then
        raise exception 'only admins reveal unsafe media, and those named for it what is about child safety'
            using errcode = 'insufficient_privilege';
    end if;
    return console.append_audit('safety.reveal', 'media', media, null, null);
end;
$$;

-- Names an admin for child safety, or (`is_named` false) no longer. Only for who keeps the logins: operators have no right to it.
create function console.name_for_child_safety(username text, is_named boolean) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    account public.users;
    written integer;
begin
    select u.* into account from public.users as u where u.username = name_for_child_safety.username;
    if is_named and (account.user_id is null or account.role <> 'ADMIN' or account.account_status <> 'ACTIVE') then
        raise check_violation using message = format('%s is no ACTIVE admin of the platform', username);
    end if;
    if is_named then
        insert into console.safety_named (username) values (name_for_child_safety.username) on conflict do nothing;
    else
        delete from console.safety_named as n where n.username = name_for_child_safety.username;
    end if;
    get diagnostics written = row_count;
    if written > 0 then
        perform console.append_audit(
            'safety.name', 'person', coalesce(account.user_id, 0),
            jsonb_build_object('childSafety', not is_named), jsonb_build_object('childSafety', is_named));
    end if;
    return written > 0;
end
$$;

revoke execute on function console.name_for_child_safety(text, boolean) from public;
