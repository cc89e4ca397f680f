-- What a post was about, told from the tags and scenes of all its media: the rules are rows, so that a platform can have its
-- own occasions.

create table console.event_rule (
    event_type      text    primary key,
    -- The highest that matches gives the post its type; of equals the first by name.
    priority        integer not null default 50,
    is_active       boolean not null default true,
    -- All of these must be there, none of the excluded ones.
    required_tags   text[]  not null default '{}',
    required_scenes text[]  not null default '{}',
    -- At least `minimum_matches` of these, tags and scenes counted together.
    any_tags        text[]  not null default '{}',
    any_scenes      text[]  not null default '{}',
    minimum_matches integer not null default 0,
    excluded_tags   text[]  not null default '{}',
    excluded_scenes text[]  not null default '{}',
    -- Faces on all media together; a tag such as `person` counts as one, `group` as two.
    minimum_people  integer not null default 0,
    -- What the post can be found by when the rule matches.
    inferred_tags   text[]  not null
);

comment on table console.event_rule is
    'What makes a post a beach_party; words are lower-case tags and scenes of the AI, compared without regard to case';

-- A trigger rather than constraints: whoever writes a rule is told what is wrong with it, and which word.
create function console.check_event_rule() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    words constant text[] := new.required_tags || new.required_scenes || new.any_tags || new.any_scenes;
    wrong text;
begin
    if new.event_type !~ '^[a-z][a-z0-9_]{1,49}$' then
        wrong := format('its name must be 2 to 50 of a-z, 0-9 and _, beginning with a letter, not %s', quote_literal(new.event_type));
    elsif cardinality(words) = 0 then
        wrong := 'it needs a required tag or scene, or some of which any match';
    elsif cardinality(words || new.excluded_tags || new.excluded_scenes || new.inferred_tags) > 200 then
        wrong := 'it has more than 200 words';
    elsif new.minimum_matches < 0
       or new.minimum_matches > cardinality(new.any_tags || new.any_scenes) then
        wrong := format('minimum_matches must be from 0 to the %s words in any_tags and any_scenes',
                        cardinality(new.any_tags || new.any_scenes));
    elsif new.minimum_matches = 0 and cardinality(new.any_tags || new.any_scenes) > 0 then
        wrong := 'minimum_matches is 0, so any_tags and any_scenes would decide nothing';
    elsif new.minimum_people not between 0 and 1000 then
        wrong := 'minimum_people must be from 0 to 1000';
    elsif cardinality(new.inferred_tags) = 0 then
        wrong := 'it needs at least one of inferred_tags';
    elsif new.required_tags && new.excluded_tags or new.required_scenes && new.excluded_scenes then
        wrong := 'what is required is excluded too, so it would never match';
    else
        select format('%s is no word: it must be 1 to 50 characters in lower case, without space at its ends, and once in its list',
                      coalesce(quote_literal(word), 'NULL'))
          into wrong
          from (values (1, new.required_tags), (2, new.required_scenes), (3, new.any_tags), (4, new.any_scenes),
                       (5, new.excluded_tags), (6, new.excluded_scenes), (7, new.inferred_tags)) as list (number, texts)
         cross join unnest(texts) as word
         group by number, word
        having word is null or count(*) > 1 or word <> lower(btrim(word)) or length(word) not between 1 and 50
         order by number, word
         limit 1;
    end if;
    if wrong is not null then
        raise check_violation using message = format('event rule %s: %s', new.event_type, wrong);
    end if;
    return new;
end
$$;

create trigger console_check before insert or update on console.event_rule
    for each row execute function console.check_event_rule();

insert into console.event_rule
       (event_type, priority, required_tags, required_scenes, any_tags, any_scenes, minimum_matches, excluded_tags, minimum_people,
        inferred_tags)
values ('beach_party',    80, '{beach}', '{}', '{food,drinks,drink,cooler,bonfire,barbecue,picnic}', '{}', 1, '{bride,groom}', 1,
        '{beach_party,party}'),
       ('wedding',       100, '{}', '{}', '{bride,groom,bouquet,rings,veil}', '{church,banquet_hall}', 2, '{diploma,gown}', 1,
        '{wedding,celebration}'),
       ('birthday',       95, '{cake}', '{}', '{candles,balloons,presents,confetti,ribbon}', '{}', 1, '{bride,groom,veil}', 0,
        '{birthday,celebration}'),
       ('graduation',     95, '{}', '{}', '{cap,gown,diploma,campus}', '{campus}', 2, '{}', 1, '{graduation,celebration}'),
       ('conference',     70, '{}', '{}', '{speaker,slides,badge,audience,microphone,projector}', '{auditorium,conference_hall}', 3,
        '{guitar,drums}', 0, '{conference,work}'),
       ('product_launch', 75, '{}', '{}', '{demo,device,applause,banner}', '{showroom}', 2, '{}', 0, '{product_launch,work}'),
       ('meeting',        50, '{}', '{}', '{laptop,notebook,whiteboard,projector,table}', '{office,meeting_room}', 3, '{pizza}', 2,
        '{meeting,work}'),
       ('workshop',       55, '{workshop}', '{}', '{whiteboard,sticky_notes,projector,notebook,circle}', '{}', 1, '{}', 0,
        '{workshop,work}'),
       ('team_event',     60, '{}', '{}', '{lanyard,cabin,circle,sticky_notes,group}', '{lodge}', 2, '{}', 3, '{team_event,work}'),
       ('hackathon',      72, '{}', '{}', '{pizza,stickers,cables,monitor,hoodie}', '{coworking_space}', 3, '{}', 0,
        '{hackathon,team_event,work}'),
       ('office_party',   65, '{}', '{office}', '{cake,balloons,confetti,wine,pizza,drinks,food}', '{party}', 1, '{cables,monitor}', 2,
        '{office_party,party,team_event}'),
       ('concert',        85, '{}', '{}', '{guitar,drums,singer,crowd,spotlight}', '{concert_hall}', 2, '{}', 0, '{concert,music}'),
       ('festival',       70, '{}', '{}', '{fireworks,lanterns,lamps,rangoli,marigold,dragon,red_envelope,crowd}', '{temple}', 2,
        '{bride,groom}', 0, '{festival,celebration}'),
       ('sports_match',   80, '{}', '{}', '{football,stadium,pitch,goal,referee,jersey,scarf}', '{stadium,pitch}', 3, '{}', 0,
        '{sports_match,sports}'),
       ('running_race',   80, '{}', '{}', '{marathon,bib,medal,finish_line}', '{}', 2, '{}', 0, '{running_race,sports}'),
       ('hiking',         75, '{}', '{}', '{trail,backpack,summit,boots,mountain}', '{mountain,forest}', 3, '{skis,snow,tent}', 0,
        '{hiking,outdoors}'),
       ('skiing',         85, '{}', '{}', '{snow,skis,chairlift,poles}', '{ski_slope}', 2, '{}', 0, '{skiing,outdoors,sports}'),
       ('camping',        78, '{}', '{}', '{tent,campfire,sleeping_bag,lantern}', '{campsite}', 2, '{}', 0, '{camping,outdoors}'),
       ('picnic',         50, '{}', '{park}', '{food,basket,cup,bottle,cake,blanket}', '{}', 1, '{bride,groom,bib}', 1,
        '{picnic,outdoors}'),
       ('boat_trip',      75, '{}', '{}', '{boat,sail,rope,harbour,ocean}', '{harbour,sea}', 2, '{}', 0, '{boat_trip,outdoors}'),
       ('road_trip',      60, '{}', '{}', '{car,highway,desert,motel,map}', '{road,desert}', 3, '{skis}', 0, '{road_trip,travel}'),
       ('city_trip',      55, '{}', '{}', '{skyscraper,skyline,bridge,rooftop}', '{city,rooftop}', 2, '{}', 0, '{city_trip,travel}'),
       ('museum_visit',   75, '{}', '{}', '{painting,sculpture,gallery,exhibition}', '{museum,gallery}', 2, '{}', 0,
        '{museum_visit,culture}'),
       ('dinner',         65, '{}', '{dining_room}', '{food,wine,turkey,candles,plate,rice,dates,sweets,tea}', '{}', 1, '{}', 2,
        '{dinner}'),
       ('game_night',     68, '{}', '{}', '{dice,cards,pawns,score}', '{}', 2, '{}', 0, '{game_night}'),
       ('volunteering',   66, '{}', '{}', '{gloves,shovel,seedling,soil,bucket,vest}', '{}', 3, '{}', 0, '{volunteering,team_event}');

-- The words for which a post's media have to be looked at: without one of them the rule can't match.
create function console.event_words(rule console.event_rule) returns bigint[]
language sql immutable parallel safe
return array(
    select hashtextextended(word, 0)
      from unnest((rule).required_tags || (rule).required_scenes || (rule).any_tags || (rule).any_scenes) as word);

-- Marks by word, not by post: which posts have one of them is looked up after the commit, as for every other mark.
alter table console.read_model_queue
    drop constraint read_model_queue_scope_check,
    add constraint read_model_queue_scope_check check (scope in ('row', 'media', 'post', 'user', 'word'));

create function console.event_rule_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    words bigint[] := '{}';
begin
    if tg_op <> 'INSERT' then
        words := words || console.event_words(old);
    end if;
    if tg_op <> 'DELETE' then
        words := words || console.event_words(new);
    end if;
    perform console.mark_dirty('post_search', 'word', words);
    return null;
end
$$;

-- A word that became another touches posts with either.
create trigger console_changed after insert or update or delete on console.event_rule
    for each row execute function console.event_rule_changed();

create function console.event_rules_truncated() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform console.mark_dirty('post_search', 'row', (select array_agg(post_id) from public.read_model_post_search));
    return null;
end
$$;

create trigger console_truncate after truncate on console.event_rule
    for each statement execute function console.event_rules_truncated();

revoke execute on function
    console.check_event_rule(), console.event_rule_changed(), console.event_rules_truncated(), console.event_words(console.event_rule)
    from public;
grant select on console.event_rule to kaleidoscope_staff, kaleidoscope_worker;
