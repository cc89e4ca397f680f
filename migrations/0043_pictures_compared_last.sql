-- Whether a picture's vector is another takes longest to see: both are fetched from where large values are kept. So it is asked
-- last, and not at all where the caption is another anyway.

create or replace function console.media_ai_insights_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    alone    bigint[];  -- media of which only their own row is another
    tagged   bigint[];  -- media that give other tags to their whole post
    worded   bigint[];  -- media that give other tags or scenes to the post's own row
    pictured bigint[];  -- media that are recommended otherwise, or no longer
    flipped  bigint[];  -- media with which their faces come or go
begin
    if tg_op = 'INSERT' then
        select array_agg(media_id) filter (where coalesce(tags, '{}') = '{}'),
               array_agg(media_id) filter (where tags <> '{}'),
               array_agg(media_id) filter (where tags <> '{}' or scenes <> '{}'),
               array_agg(media_id) filter (where image_embedding is not null and coalesce(is_safe, status <> 'UNSAFE'))
          into alone, tagged, worded, pictured
          from new_rows
         where console.analysed(status);
    elsif tg_op = 'DELETE' then
        select array_agg(media_id),
               array_agg(media_id) filter (where image_embedding is not null and coalesce(is_safe, status <> 'UNSAFE'))
          into tagged, pictured
          from old_rows
         where console.analysed(status);
        worded := tagged;
    else
        select array_agg(media_id) filter (where not retagged),
               array_agg(media_id) filter (where retagged),
               array_agg(media_id) filter (where retagged or rescened),
               array_agg(media_id) filter (where reanalysed or repictured),
               array_agg(media_id) filter (where reanalysed)
          into alone, tagged, worded, pictured, flipped
          from (
              select media_id,
                     console.analysed(o.status) <> console.analysed(n.status) as reanalysed,
                     console.analysed(o.status) <> console.analysed(n.status)
                     or o.tags is distinct from n.tags as retagged,
                     o.scenes is distinct from n.scenes as rescened,
                     coalesce(o.is_safe, o.status <> 'UNSAFE') is distinct from coalesce(n.is_safe, n.status <> 'UNSAFE')
                     or o.caption is distinct from n.caption
                     or record_image_ne(row(o.image_embedding), row(n.image_embedding)) as repictured
                from old_rows as o
                full join new_rows as n using (media_id)
               where console.analysed(o.status) or console.analysed(n.status)
          ) as changed
         where reanalysed or retagged or rescened or repictured;
    end if;
    if num_nonnulls(alone, tagged, worded, pictured, flipped) > 0 then
        perform console.mark_all(
            row('media_search', 'row', alone)::console.mark,
            row('media_search', 'media', tagged)::console.mark,
            row('post_search', 'media', worded)::console.mark,
            row('recommendations_knn', 'row', pictured)::console.mark,
            row('face_search', 'media', flipped)::console.mark);
    end if;
    return null;
end
$$;
