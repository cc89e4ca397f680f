-- Two lanes in each queue: what changed alone, and what much else came with. A corrected caption must not wait for the
-- thousand documents of somebody who was renamed. And marks of whole intervals: what a bulk load costs the platform is above all
-- the number of its marks.

-- A mark is only ever added, and named by its version; what is marked twice is computed once, as long as it waits.
-- Its columns are written by the functions below and by nobody else: constraints on them are prepared anew by each statement,
-- which takes a third of its time.
alter table console.read_model_queue
    drop constraint read_model_queue_pkey,
    drop constraint read_model_queue_scope_check,
    drop column transaction,
    -- 0 is express, 1 is bulk
    add column lane smallint not null default 0,
    -- How many keys there are, `key` being the first.
    add column span integer not null default 1;
update console.read_model_queue set lane = 1;
drop index console.read_model_queue_version;
alter table console.read_model_queue add primary key (read_model, lane, version);

alter table console.index_queue add column lane smallint not null default 0;
drop index console.index_queue_version;
create unique index index_queue_version on console.index_queue (index_name, lane, version);
update console.index_queue set lane = 1;

-- Marks keys of a read model; the lane follows from their number where it is not given: up to
-- four are express. Where a quarter of 256 neighbours is marked, all of them are, as one.
create function console.add_marks(read_model text, scope text, keys bigint[], lane smallint) returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    if cardinality(keys) = 1 then
        insert into console.read_model_queue (read_model, scope, key, lane)
        select add_marks.read_model, add_marks.scope, add_marks.keys[1], coalesce(add_marks.lane, 0)
         where add_marks.keys[1] is not null;
    elsif cardinality(keys) <= 4 then
        insert into console.read_model_queue (read_model, scope, key, lane)
        select distinct add_marks.read_model, add_marks.scope, dirty.key, coalesce(add_marks.lane, 0)
          from unnest(add_marks.keys) as dirty (key)
         where dirty.key is not null;
    else
        insert into console.read_model_queue (read_model, scope, key, span, lane)
        with blocks as (
            select key >> 8 as block, array_agg(distinct key) as keys
              from unnest(add_marks.keys) as dirty (key)
             where key is not null
             group by key >> 8
        )
        select add_marks.read_model, add_marks.scope, block << 8, 256, coalesce(add_marks.lane, 1)
          from blocks
         where cardinality(blocks.keys) >= 64
         union all
        select add_marks.read_model, add_marks.scope, single.key, 1, coalesce(add_marks.lane, 1)
          from blocks
         cross join unnest(blocks.keys) as single (key)
         where cardinality(blocks.keys) < 64;
    end if;
end
$$;

create or replace function console.mark_dirty(read_model text, scope text, keys bigint[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if cardinality(keys) > 0 then
        perform console.add_marks(read_model, scope, keys, null);
        perform pg_notify('console_queue', read_model);
    end if;
end
$$;

-- As `mark_dirty`, of several read models; called by triggers only, which have the rights and the search path.
create or replace function console.mark_all(variadic marks console.mark[]) returns void
language plpgsql
as $$
declare
    mark   console.mark;
    queues text;
begin
    insert into console.read_model_queue (read_model, scope, key)
    select single.read_model, single.scope, single.keys[1]
      from unnest(marks) as single
     where cardinality(single.keys) = 1
       and single.keys[1] is not null;
    foreach mark in array marks loop
        if mark.keys is not null then
            if cardinality(mark.keys) > 1 then
                perform console.add_marks(mark.read_model, mark.scope, mark.keys, null);
            end if;
            queues := case when queues is null then mark.read_model else queues || ',' || mark.read_model end;
        end if;
    end loop;
    if queues is not null then
        perform pg_notify('console_queue', queues);
    end if;
end
$$;

-- Marks the rows that depend on what changed; an origin with many of them goes the slow way, whatever lane it came by.
create function console.mark_reached(read_model text, origins bigint[], keys bigint[], lane smallint) returns void
language plpgsql
as $$
declare
    few  bigint[];
    many bigint[];
begin
    select array_agg(key) filter (where siblings <= 4),
           array_agg(key) filter (where siblings > 4)
      into few, many
      from (
          select key, count(*) over (partition by origin) as siblings
            from unnest(origins, keys) as reached (origin, key)
      ) as counted;
    perform console.add_marks(read_model, 'row', few, lane) where cardinality(few) > 0;
    perform console.add_marks(read_model, 'row', many, 1::smallint) where cardinality(many) > 0;
    perform pg_notify('console_queue', read_model);
end
$$;

-- What is on its way in an older version may arrive late: the index refuses it, so the lease can go. Where the lane is not given
-- it is that in `console.lane`, which the projector sets as it knows for whom it writes; otherwise the number of documents says it.
create function console.mark_documents(index_name text, document_ids text[], lane smallint) returns void
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
    if cardinality(mark_documents.document_ids) > 0 then
        perform pg_notify('console_queue', mark_documents.index_name || ' index');
    end if;
end
$$;

create or replace function console.mark_stale(index_name text, document_ids text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.mark_documents(index_name, document_ids, null);
end
$$;

-- What must not be seen any more goes at once, and costs the index nothing. For a new recommendation nobody waits.
create or replace function console.documents_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    identity  constant text := tg_argv[1];
    documents text[];
begin
    if tg_op = 'INSERT' then
        execute format('select array_agg(%I::text) from new_rows', identity) into documents;
    elsif tg_op = 'DELETE' then
        execute format('select array_agg(%I::text) from old_rows', identity) into documents;
    elsif tg_op = 'TRUNCATE' then
        execute format('select array_agg(%I::text) from %I.%I', identity, tg_table_schema, tg_table_name) into documents;
    else
        execute format(
            'select array_agg(%1$I::text)
               from old_rows as o
               full join new_rows as n using (%1$I)
              where record_image_ne(row(%2$s), row(%3$s))',
            identity,
            (select string_agg(format('o.%I', c), ', ') from unnest(tg_argv[1:]) as c),
            (select string_agg(format('n.%I', c), ', ') from unnest(tg_argv[1:]) as c))
           into documents;
    end if;
    if documents is not null then
        perform console.mark_documents(
            tg_argv[0], documents,
            case when tg_op = 'DELETE' then 0
                 when tg_argv[0] in ('recommendations_knn', 'feed_personalized') then 1
            end::smallint);
    end if;
    return null;
end
$$;

revoke execute on function
    console.add_marks(text, text, bigint[], smallint), console.mark_reached(text, bigint[], bigint[], smallint),
    console.mark_documents(text, text[], smallint) from public;
grant execute on function
    console.add_marks(text, text, bigint[], smallint), console.mark_reached(text, bigint[], bigint[], smallint)
    to kaleidoscope_worker;
