-- Who marks the documents of a post's media: the worker, under its own login.
grant execute on function console.mark_documents(text, text[], smallint) to kaleidoscope_worker;

-- A medium of which it is not known any more whether it is safe hides its post's event as an unsafe one does.
create or replace function console.post_safety_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    posts bigint[];
begin
    if tg_op = 'INSERT' then
        select array_agg(distinct post_id) into posts from new_rows where is_safe is not true;
    elsif tg_op = 'DELETE' then
        select array_agg(distinct post_id) into posts from old_rows where is_safe is not true;
    else
        select array_agg(o.post_id) || array_agg(n.post_id)
          into posts
          from old_rows as o
          full join new_rows as n using (media_id)
         where (o.is_safe is true) <> (n.is_safe is true)
            or o.post_id is distinct from n.post_id and (o.is_safe is not true or n.is_safe is not true);
    end if;
    perform console.mark_posts(posts);
    return null;
end
$$;

-- Among 100,000 enrolments the index found 98.3 % of the nearest with 120.
alter function console.face_candidates(bigint, integer) set hnsw.ef_search = 200;
