-- Of what a check found all rows of a read model to be right, so that the next one need not ask where nothing was written since.

-- Tables that a source view reads, and the read model itself; as in `console.check_range`.
create table console.check_source (
    index_name text   not null,
    relation   text   not null,
    row_count  bigint not null,
    definition bigint not null,
    seen_from  xid8   not null,
    written_by xid8   not null,
    primary key (index_name, relation)
);

grant select, insert, update, delete on console.check_source to kaleidoscope_worker;

-- How many rows each of these tables has, and how many transactions ago the last of them was written (frozen rows may bear the
-- numbers of transactions to come). `definition` is of all views and functions between; null where one of them does not say
-- what it reads.
create function console.source_state(model text)
    returns table (relation text, row_count bigint, youngest integer, definition bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    tables regclass[];
begin
    with recursive reads as (
        select 'pg_class'::regclass::oid as class, format('console.%I', model || '_source')::regclass::oid as object
        union
        select used.refclassid, used.refobjid
          from reads
          join pg_depend as used
            on reads.class = 'pg_class'::regclass
           and used.classid = 'pg_rewrite'::regclass
           and used.objid in (select oid from pg_rewrite where ev_class = reads.object)
            or reads.class = 'pg_proc'::regclass
           and used.classid = 'pg_proc'::regclass
           and used.objid = reads.object
         where used.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass)
    )
    select array_agg(relations.oid::regclass order by relations.oid) filter (where relations.relkind in ('r', 'p', 'm')),
           case
               when bool_and(relations.relkind in ('r', 'p', 'm', 'v') or functions.prosqlbody is not null
                             or languages.lanname in ('c', 'internal'))
               then hashtextextended(
                   string_agg(
                       coalesce(pg_get_viewdef(relations.oid), pg_get_functiondef(functions.oid), reads.object::text), ' '
                       order by reads.class, reads.object),
                   0)
           end
      into tables, definition
      from reads
      left join pg_class as relations on reads.class = 'pg_class'::regclass and relations.oid = reads.object
      left join pg_proc as functions on reads.class = 'pg_proc'::regclass and functions.oid = reads.object
      left join pg_language as languages on languages.oid = functions.prolang;
    tables := array_append(tables, format('public.%I', 'read_model_' || model)::regclass);
    for relation in select distinct each::text from unnest(tables) as each loop
        execute format('select count(*), min(age(xmin)) filter (where age(xmin) > -1000000) from %s', relation)
           into row_count, youngest;
        return next;
    end loop;
end
$$;

revoke execute on function console.source_state(text) from public;
grant execute on function console.source_state(text) to kaleidoscope_worker;
