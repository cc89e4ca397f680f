-- Who has woken its own sender need not wake every other worker's: a notification costs each commit a lock that all of them want,
-- and each worker a look at a queue that is empty by then. `console.wakes` is 'off' in such a transaction.
create or replace function console.mark_documents(index_name text, document_ids text[], lane smallint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    chosen constant smallint := coalesce(
        mark_documents.lane,
        nullif(current_setting('console.lane', true), '')::smallint,
        (cardinality(mark_documents.document_ids) > 4)::integer::smallint);
begin
    insert into console.index_queue as queue (index_name, document_id, lane)
    select mark_documents.index_name, stale.id, chosen
      from (select distinct id from unnest(mark_documents.document_ids) as id where id is not null order by id) as stale
        on conflict (index_name, document_id) do update
       set version = excluded.version, lane = least(queue.lane, excluded.lane), leased_until = null, lease_holder = null,
           attempts = 0;
    if cardinality(mark_documents.document_ids) > 0 and current_setting('console.wakes', true) is distinct from 'off' then
        perform pg_notify('console_queue', mark_documents.index_name || ' index');
    end if;
end
$$;
