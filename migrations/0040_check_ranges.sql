-- What a check found of a range of rows, so that the next one reads in full only what was written since.

create table console.check_range (
    index_name text             not null,
    -- From this id on; the empty one stands before all others.
    first_id   text             not null,
    -- To before this one, the first of the next range; null: to the end.
    next_id    text,
    row_count  bigint           not null,
    -- Sum of the digests that the documents must have.
    digests    double precision not null,
    -- Of the definition of the view that makes the documents.
    definition bigint           not null,
    -- All transactions before this one had ended when the rows were read.
    seen_from  xid8             not null,
    -- The row's own `xmin`, unless it came out of a dump: then the transactions are those of another server.
    written_by xid8             not null,
    primary key (index_name, first_id)
);

grant select, insert, update, delete on console.check_range to kaleidoscope_worker;
