-- Walls: the faces that wait for one person, decided many at a time; and the line above which all of them are, once a blind sample
-- of what lies above it was right often enough.

create table console.face_line_rule (
    is_rule         boolean          primary key default true check (is_rule),
    -- The share of a sample that must be right, and how many faces a sample has.
    least_precision double precision not null default 0.99 check (least_precision between 0.5 and 1),
    sample          integer          not null default 20 check (sample between 5 and 500)
);

comment on table console.face_line_rule is 'One row; admins change it';

insert into console.face_line_rule default values;

create table console.face_line (
    id          bigint           generated always as identity primary key,
    person_id   bigint           not null,
    queue       text             not null check (queue in ('suggested', 'near')),
    -- Faces that are as similar, or more, lie above the line.
    similarity  double precision not null,
    sample      integer          not null,
    correct     integer          not null check (correct between 0 and sample),
    decided_by  text             not null default session_user,
    decided_at  timestamptz      not null default clock_timestamp()
);

comment on table console.face_line is 'Append-only: what blind samples came to';

create index face_line_person on console.face_line (person_id, queue, decided_by, decided_at desc);

create trigger append_only
    before update or delete or truncate on console.face_line
    for each statement execute function console.refuse_change();

-- For whom faces wait, those with the most first; the numbers are up to a minute old.
create function console.people_waiting(queue text, after_faces integer, after_person bigint, at_most integer)
returns table (person_id bigint, faces integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    many text := case when queue = 'near' then 'w.near' else 'w.suggested' end;
begin
    if console.operator_rank() < 2 then
        return;
    end if;
    perform console.count_waiting();
    return query execute format(
        $query$
        select w.person_id, %1$s
          from console.person_waiting as w
         where %1$s > 0
           and ($1 is null or %1$s <= $1 and (%1$s < $1 or w.person_id > $2))
         order by %1$s desc, w.person_id
         limit $3
        $query$, many)
      using after_faces, after_person, least(greatest(at_most, 0), 200);
end
$$;

-- The faces above a line that the operator may see and nobody else is looking at.
create function console.above_line(
    person bigint, queue text, line double precision, holder text,
    out face_id bigint, out media_id bigint, out similarity double precision, out version text)
    returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with above as (
        select f.id, console.certainty(f.confidence_score) as similarity
          from public.media_detected_faces as f
         where above_line.queue = 'suggested'
           and f.status = 'SUGGESTED'
           and f.suggested_user_id = above_line.person
           and console.certainty(f.confidence_score) >= above_line.line
         union all
        select n.face_id, n.similarity
          from console.face_near as n
         where above_line.queue = 'near'
           and n.person_id = above_line.person
           and n.similarity >= above_line.line
    )
    select f.id, f.media_id, above.similarity, f.xmin::text
      from above
      join public.media_detected_faces as f on f.id = above.id
      join public.media_ai_insights as i on i.media_id = f.media_id
     where case console.operator_rank()
               when 3 then true
               when 2 then i.status <> 'UNSAFE' and i.is_safe is not false
               else false
           end
       and not exists (
           select
             from console.face_lease as l
            where l.face_id = f.id
              and l.holder is distinct from above_line.holder
              and l.until > clock_timestamp())
$$;

-- Some of them, in no order that tells how similar they are.
create function console.line_sample(person bigint, queue text, line double precision, holder text)
    returns setof console.waiting_face
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    select a.face_id, a.media_id, line_sample.person, a.similarity, 0
      from console.above_line(person, queue, line, holder) as a
     order by random()
     limit (select r.sample from console.face_line_rule as r)
$$;

-- Writes down what a sample came to: of these faces those count that the operator decided in the last hour.
create function console.draw_line(person bigint, queue text, similarity double precision, faces bigint[])
    returns setof console.face_line
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    decided integer;
    correct integer;
begin
    perform console.require_moderator();
    select count(*), count(*) filter (where said.judgement = 'is' and said.person_id = draw_line.person)
      into decided, correct
      from (
          select distinct on (v.face_id) v.face_id, v.judgement, v.person_id
            from console.face_verdict as v
           where v.face_id = any (draw_line.faces)
             and v.decided_by = session_user::text
             and v.decided_at > clock_timestamp() - interval '1 hour'
             and not exists (select from console.face_decision as undo where undo.undoes = v.decision_id)
           order by v.face_id, v.id desc
      ) as said;
    return query
        insert into console.face_line (person_id, queue, similarity, sample, correct)
        values (draw_line.person, draw_line.queue, draw_line.similarity, decided, correct)
     returning *;
end
$$;

-- The lowest line of the operator's own of the last day that holds.
create function console.standing_line(person bigint, queue text) returns setof console.face_line
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select l.*
      from console.face_line as l
     cross join console.face_line_rule as r
     where l.person_id = standing_line.person
       and l.queue = standing_line.queue
       and l.decided_by = session_user::text
       and l.decided_at > clock_timestamp() - interval '24 hours'
       and l.sample >= r.sample
       and l.correct >= r.least_precision * l.sample
       and console.operator_rank() >= 2
     order by l.similarity
     limit 1
$$;

-- All faces above a line that holds, with their versions; none where none holds.
create function console.faces_above(
    person bigint, queue text, line double precision, holder text, out face_id bigint, out version text)
    returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select a.face_id, a.version
      from console.above_line(faces_above.person, faces_above.queue, faces_above.line, faces_above.holder) as a
     where exists (
               select
                 from console.standing_line(faces_above.person, faces_above.queue) as l
                where l.similarity <= faces_above.line)
     order by a.face_id
     limit 10000
$$;

revoke execute on function
    console.people_waiting(text, integer, bigint, integer), console.above_line(bigint, text, double precision, text),
    console.line_sample(bigint, text, double precision, text),
    console.draw_line(bigint, text, double precision, bigint[]), console.standing_line(bigint, text),
    console.faces_above(bigint, text, double precision, text)
    from public;
grant execute on function
    console.people_waiting(text, integer, bigint, integer), console.line_sample(bigint, text, double precision, text),
    console.draw_line(bigint, text, double precision, bigint[]), console.standing_line(bigint, text),
    console.faces_above(bigint, text, double precision, text)
    to kaleidoscope_moderator;
grant select on console.face_line_rule to kaleidoscope_moderator;
grant update (least_precision, sample) on console.face_line_rule to kaleidoscope_admin;
