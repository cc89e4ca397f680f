-- New of a saved search is what nobody could find before, whenever it was uploaded: a photo is found when the AI is done with it,
-- and by staff when it is safe.

alter table console.media_search_text add column found_at timestamptz;
update console.media_search_text set found_at = least(created_at, now());
alter table console.media_search_text alter column found_at set default clock_timestamp(), alter column found_at set not null;
create index media_search_text_found on console.media_search_text (found_at);

-- How many media that were found since then match; more than `at_most` are as many.
create function console.media_new(query jsonb, since timestamptz, at_most integer) returns bigint
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
set jit = off
set random_page_cost = 1.1
as $$
declare
    counted bigint;
begin
    execute 'select count(*) from (select' || console.media_from(query, console.require_staff())
            || ' and t.found_at >= $1 limit $2) as few'
       into counted using since, at_most;
    return counted;
end
$$;

revoke execute on function console.media_new(jsonb, timestamptz, integer) from public;
grant execute on function console.media_new(jsonb, timestamptz, integer) to kaleidoscope_staff;
