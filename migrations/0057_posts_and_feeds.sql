-- The page of a post, and the weights with which feeds were chosen, so that their parts can be shown.

-- As of media: staff see what can be searched, moderators and admins drafts and private posts, too.
create view console.post with (security_barrier) as
select p.post_id, p.title, left(p.body, 20000) as body, p.user_id as author_id, p.status, p.visibility, p.created_at
  from public.posts as p
 where case (select console.operator_rank())
           when 3 then true
           when 2 then true
           when 1 then p.status = 'PUBLISHED' and p.visibility <> 'PRIVATE'
           else false
       end;

comment on view console.post is 'Posts as far as the operator may see them; their media are in console.photo';

-- With the place of each medium in its post.
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
       coalesce(i.status = 'UNSAFE' or i.is_safe is false, false) as unsafe,
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
       end;

alter table console.feed_refresh
    -- Of the feed as it was chosen last.
    add column recency    double precision,
    add column closeness  double precision,
    add column interest   double precision,
    add column engagement double precision;

create view console.feed_weight with (security_barrier) as
select r.user_id, r.recency, r.closeness, r.interest, r.engagement
  from console.feed_refresh as r
 where (select console.operator_rank()) >= 1;

grant select on console.post, console.feed_weight to kaleidoscope_staff;
