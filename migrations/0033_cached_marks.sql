-- Marking in PL/pgSQL, which keeps the plans of its statements for the session: a function in SQL makes them anew at each call,
-- and that took most of the time of a trigger.

-- An upsert: in a restored database a mark of an earlier life may bear the same transaction.
create or replace function console.mark_dirty(read_model text, scope text, keys bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into console.read_model_queue (read_model, scope, key)
    select mark_dirty.read_model, mark_dirty.scope, dirty.key
      from (select distinct key from unnest(mark_dirty.keys) as key where key is not null order by key) as dirty
        on conflict (read_model, scope, key, transaction) do update set version = excluded.version;
    -- Equal notifications of a transaction are delivered as one.
    if cardinality(mark_dirty.keys) > 0 then
        perform pg_notify('console_queue', '');
    end if;
end
$$;

-- What is on its way in an older version may arrive late: the index refuses it, so the lease can go.
create or replace function console.mark_stale(index_name text, document_ids text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    insert into console.index_queue as queue (index_name, document_id)
    select mark_stale.index_name, stale.id
      from (select distinct id from unnest(mark_stale.document_ids) as id where id is not null order by id) as stale
        on conflict (index_name, document_id) do update
       set version = excluded.version, leased_until = null, lease_holder = null, attempts = 0;
    if cardinality(mark_stale.document_ids) > 0 then
        perform pg_notify('console_queue', '');
    end if;
end
$$;
