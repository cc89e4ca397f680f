-- A spotlight: a look at a part of a picture. `region` is left, top, width and height in fractions of the upright picture;
-- null: all of it.

drop function console.begin_reveal(bigint);

-- Begins a look, in the log before the first clear pixel, with the part of the picture that it is about where it is not all.
-- SQLSTATE KC001 where the hour's budget is spent; the message says what was seen, and in how many minutes there is room again.
create function console.begin_reveal(
    media bigint, region double precision[], out reveal_id bigint, out lasts interval)
language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    who bigint := console.operator_id();
    category text := console.reveal_category(media);
    what text;
    budget record;
    spent record;
    seconds numeric;
begin
    if console.operator_rank() < 3 or console.is_withheld(media) then
        raise exception 'only admins reveal unsafe media, and those named for it what is about child safety'
            using errcode = 'insufficient_privilege';
    end if;
    -- Two windows of one reviewer have one budget.
    perform pg_advisory_xact_lock(hashtextextended('console.reveal', who));
    perform console.end_reveals();
    foreach what in array case when category = '' then array[''] else array['', category] end loop
        budget := console.reveal_budget_of(who, what);
        continue when budget.items is null;
        spent := console.revealed(who, what);
        if spent.seconds >= budget.seconds
            or spent.items >= budget.items
               and not exists (
                   select
                     from console.reveal as r
                    where r.user_id = who
                      and r.media_id = begin_reveal.media
                      and r.began_at > clock_timestamp() - interval '1 hour'
               )
        then
            raise exception using
                errcode = 'KC001',
                message = format(
                    'You have seen %s unsafe media for %s s in the last hour, which is enough. Take a break of %s min, or go on with something else.',
                    spent.items,
                    round(spent.seconds),
                    greatest(1, ceil(extract(epoch from spent.frees_at - clock_timestamp()) / 60)));
        end if;
        seconds := least(seconds, budget.seconds - spent.seconds, budget.look_seconds);
    end loop;
    lasts := make_interval(secs => seconds::double precision);
    insert into console.reveal (media_id, category, user_id, ends_by)
    values (media, category, who, clock_timestamp() + lasts)
    returning id into reveal_id;
    perform console.append_audit(
        'safety.reveal', 'media', media, null,
        case when region is not null then jsonb_build_object('region', to_jsonb(region)) end);
end
$$;

revoke all on function console.begin_reveal(bigint, double precision[]) from public;
grant execute on function console.begin_reveal(bigint, double precision[]) to kaleidoscope_admin;
