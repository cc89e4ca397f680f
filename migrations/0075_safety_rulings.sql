-- Decisions about what may be shown, with what follows from them, in one transaction. Two people where it can't be taken back; a
-- share is seen by a second person who does not know the first one's word; appeals go to somebody new; every decision can be reverted.

create table console.safety_rule (
    is_rule       boolean          primary key default true check (is_rule),
    -- The share of decisions that a second person looks at.
    second_share  double precision not null default 0.05 check (second_share between 0 and 1),
    -- The share of control items among those that the AI flagged.
    control_share double precision not null default 0.03 check (control_share between 0 and 0.5)
);

comment on table console.safety_rule is 'One row; admins change it';

insert into console.safety_rule default values;

grant select, update (second_share, control_share) on console.safety_rule to kaleidoscope_admin;

create trigger console_require_admin before update on console.safety_rule
    for each statement execute function console.require_rank(3);

-- What one person asks for, and another one confirms.
create table console.safety_proposal (
    id            bigint      generated always as identity primary key,
    media_id      bigint      not null,
    ruling        text        not null check (ruling in ('safe', 'unsafe', 'again')),
    policy_id     bigint      references console.policy,
    severity      smallint,
    is_archiving  boolean     not null,
    is_suspending boolean     not null,
    reason        text,
    source        text,
    waiting_since timestamptz,
    act_id        bigint      not null,
    -- The AI's two words before it; until it is decided an unsafe medium is not shown.
    was_status    text        not null,
    was_is_safe   boolean,
    proposed_by   text        not null default session_user,
    proposed_at   timestamptz not null default clock_timestamp(),
    audit_id      bigint      not null references console.audit_entry,
    outcome       text        check (outcome in ('confirmed', 'declined', 'withdrawn')),
    ended_by      text,
    ended_at      timestamptz
);

comment on table console.safety_proposal is 'What needs two people: suspensions, and all that is about child safety';

create unique index safety_proposal_open on console.safety_proposal (media_id) where outcome is null;
create index safety_proposal_media on console.safety_proposal (media_id, id);

-- A decision that others look at without knowing it.
create table console.safety_second (
    id            bigint      generated always as identity primary key,
    media_id      bigint      not null,
    decision_id   bigint      not null references console.safety_decision,
    -- The AI's words as they were before the decision.
    shown_status  text        not null,
    shown_is_safe boolean,
    is_open       boolean     not null default true,
    -- What came of the second person's word; null until there is one.
    has_agreed    boolean,
    opened_at     timestamptz not null default clock_timestamp()
);

create unique index safety_second_open on console.safety_second (media_id) where is_open;
create index safety_second_agreed on console.safety_second (id) where has_agreed and not is_open;

create table console.safety_opinion (
    id         bigint      generated always as identity primary key,
    second_id  bigint      not null references console.safety_second,
    -- The second person, or the third where those two disagree.
    turn       smallint    not null check (turn in (2, 3)),
    media_id   bigint      not null,
    ruling     text        not null check (ruling in ('safe', 'unsafe', 'again')),
    policy_id  bigint      references console.policy,
    severity   smallint,
    operator   text        not null default session_user,
    given_at   timestamptz not null default clock_timestamp(),
    audit_id   bigint      not null references console.audit_entry,
    unique (second_id, turn)
);

comment on table console.safety_opinion is 'Append-only: what second and third persons said; it changes nothing unless the third overturns';

create index safety_opinion_media on console.safety_opinion (media_id);

create trigger append_only
    before update or delete or truncate on console.safety_opinion
    for each statement execute function console.refuse_change();

create table console.safety_appeal (
    id          bigint      generated always as identity primary key,
    media_id    bigint      not null,
    decision_id bigint      not null references console.safety_decision,
    -- What the uploader says.
    words       text        not null,
    filed_by    text        not null default session_user,
    filed_at    timestamptz not null default clock_timestamp(),
    audit_id    bigint      not null references console.audit_entry,
    outcome     text        check (outcome in ('upheld', 'overturned')),
    ended_by    text,
    ended_at    timestamptz
);

create unique index safety_appeal_open on console.safety_appeal (media_id) where outcome is null;
create index safety_appeal_media on console.safety_appeal (media_id, id);

-- Media of which it is known what is right, shown to somebody who has not decided them as if they waited.
create table console.safety_control (
    operator      text        not null,
    media_id      bigint      not null references public.post_media on delete cascade,
    -- Its place in the queue.
    since         timestamptz not null,
    severity      smallint    not null,
    reach         integer     not null,
    shown_status  text        not null,
    shown_is_safe boolean,
    -- What is right, and under which policy of the top.
    known_ruling  text        not null,
    known_code    text,
    is_open       boolean     not null default true,
    planned_at    timestamptz not null default clock_timestamp(),
    primary key (operator, media_id)
);

comment on table console.safety_control is 'Not for the eyes of operators: which media only seem to wait for them';

create index safety_control_open on console.safety_control (operator, since, media_id) where is_open;

create table console.safety_control_answer (
    id          bigint      generated always as identity primary key,
    operator    text        not null default session_user,
    media_id    bigint      not null,
    ruling      text        not null,
    policy_id   bigint      references console.policy,
    severity    smallint,
    is_right    boolean     not null,
    answered_at timestamptz not null default clock_timestamp(),
    audit_id    bigint      not null references console.audit_entry
);

comment on table console.safety_control_answer is 'Append-only: what operators said of their control items';

create index safety_control_answer_operator on console.safety_control_answer (operator, answered_at);

create trigger append_only
    before update or delete or truncate on console.safety_control_answer
    for each statement execute function console.refuse_change();

-- What is said of one medium.
create type console.safety_ruling as (
    media_id      bigint,
    ruling        text,
    policy_id     bigint,
    severity      smallint,
    is_archiving  boolean,
    is_suspending boolean,
    source        text,
    waiting_since timestamptz,
    act_id        bigint,
    proposal_id   bigint
);

-- What became of it.
create type console.safety_outcome as (
    media_id    bigint,
    -- `done`; `proposed`: it waits for a second person; or why not: `changed` since it was seen, `busy`: somebody writes it right now,
    -- `gone`, `unprocessed`: the AI has not looked at it, `pending`: another one waits for its second person, `involved`: somebody
    -- else has to look, `policy`: its text is another one by now
    outcome     text,
    decision_id bigint,
    audit_id    bigint,
    -- Who decided last, and what.
    decided_by  text,
    ruling      text
);

-- Everybody who had a part in what was decided about a medium.
create function console.involved_in(media bigint) returns text[]
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(distinct named.who), '{}')
      from (
          select d.decided_by from console.safety_decision as d where d.media_id = involved_in.media
           union all
          select p.proposed_by from console.safety_proposal as p
           where p.media_id = involved_in.media and p.outcome is distinct from 'withdrawn'
           union all
          select o.operator from console.safety_opinion as o where o.media_id = involved_in.media
      ) as named (who)
$$;

create function console.ruling_facts(said console.safety_ruling) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
               'ruling', said.ruling,
               'policy', (select p.code from console.policy as p where p.id = said.policy_id),
               'policyVersion', (select p.version from console.policy as p where p.id = said.policy_id),
               'severity', said.severity,
               'archive', nullif(said.is_archiving, false),
               'suspend', nullif(said.is_suspending, false)));
end;

-- Locks a medium's row, as `lock_words` does: `busy`, `gone`, `unprocessed` where there is none, or no outcome.
create function console.lock_safety(media bigint, out outcome text, out version text, out words public.media_ai_insights)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    locked record;
begin
    if console.is_withheld(media) or not exists (select from public.post_media as m where m.media_id = media) then
        outcome := 'gone';
        return;
    end if;
    locked := console.lock_words(media, 3);
    outcome := case when locked.outcome = 'gone' then 'unprocessed' else locked.outcome end;
    version := locked.version;
    words := locked.words;
end
$$;

-- Locks the post and the uploader. Never waits, so that the platform can't be in a deadlock because of the console.
create function console.lock_consequences(media bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    post bigint := (select m.post_id from public.post_media as m where m.media_id = media);
begin
    perform from public.posts as p where p.post_id = post for no key update skip locked;
    if not found then
        return false;
    end if;
    perform from public.users as u
      where u.user_id = (select p.user_id from public.posts as p where p.post_id = post)
        for no key update skip locked;
    return found;
end
$$;

create function console.archive_post(decision bigint, media bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    post  public.posts;
    entry bigint;
begin
    select p.* into strict post
      from public.posts as p
     where p.post_id = (select m.post_id from public.post_media as m where m.media_id = media);
    if post.status <> 'ARCHIVED' then
        update public.posts as p set status = 'ARCHIVED', updated_at = now() where p.post_id = post.post_id;
        entry := console.append_audit(
            'safety.archive', 'post', post.post_id, jsonb_build_object('status', post.status), '{"status": "ARCHIVED"}');
    end if;
    insert into console.safety_consequence (decision_id, media_id, kind, subject_id, before, after, audit_id)
    values (decision, media, 'archive', post.post_id, post.status, 'ARCHIVED', entry);
end
$$;

create function console.suspend_uploader(decision bigint, media bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    uploader public.users;
    entry    bigint;
begin
    select u.* into strict uploader
      from public.users as u
      join public.posts as p on p.user_id = u.user_id
      join public.post_media as m on m.post_id = p.post_id
     where m.media_id = media;
    -- An account that is deleted stays so.
    if uploader.account_status = 'DELETED' then
        return;
    end if;
    if uploader.account_status <> 'SUSPENDED' then
        update public.users as u set account_status = 'SUSPENDED', updated_at = now() where u.user_id = uploader.user_id;
        entry := console.append_audit(
            'safety.suspend', 'person', uploader.user_id,
            jsonb_build_object('accountStatus', uploader.account_status), '{"accountStatus": "SUSPENDED"}');
    end if;
    insert into console.safety_consequence (decision_id, media_id, kind, subject_id, before, after, audit_id)
    values (decision, media, 'suspend', uploader.user_id, uploader.account_status, 'SUSPENDED', entry);
end
$$;

-- What followed from decisions on a medium becomes what it was, where nobody changed it since and no other decision wants it. How
-- many were restored, and how many stay.
create function console.restore_consequences(media bigint, out restored integer, out kept integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    was      console.safety_consequence;
    current  text;
    original text;
    entry    bigint;
begin
    restored := 0;
    kept := 0;
    for was in
        select c.*
          from console.safety_consequence as c
         where c.media_id = restore_consequences.media
           and c.undoes is null
           and not exists (select from console.safety_consequence as back where back.undoes = c.id)
         order by c.id desc
    loop
        current := case was.kind
            when 'archive' then (select p.status from public.posts as p where p.post_id = was.subject_id)
            else (select u.account_status from public.users as u where u.user_id = was.subject_id)
        end;
        -- Of several decisions only the first one changed something; the last one that is taken back undoes it.
        select c.before into original
          from console.safety_consequence as c
         where c.kind = was.kind
           and c.subject_id = was.subject_id
           and c.undoes is null
           and c.before <> c.after
         order by c.id desc
         limit 1;
        entry := null;
        if current is distinct from was.after
           or original is null
           or exists (
               select
                 from console.safety_consequence as other
                where other.kind = was.kind
                  and other.subject_id = was.subject_id
                  and other.id <> was.id
                  and other.undoes is null
                  and not exists (select from console.safety_consequence as back where back.undoes = other.id)) then
            kept := kept + 1;
            original := was.after;
        elsif was.kind = 'archive' then
            update public.posts as p set status = original, updated_at = now() where p.post_id = was.subject_id;
            entry := console.append_audit(
                'safety.restore', 'post', was.subject_id,
                jsonb_build_object('status', was.after), jsonb_build_object('status', original));
        else
            update public.users as u set account_status = original, updated_at = now() where u.user_id = was.subject_id;
            entry := console.append_audit(
                'safety.restore', 'person', was.subject_id,
                jsonb_build_object('accountStatus', was.after), jsonb_build_object('accountStatus', original));
        end if;
        restored := restored + (entry is not null)::integer;
        insert into console.safety_consequence (decision_id, media_id, kind, subject_id, before, after, undoes, audit_id)
        values (was.decision_id, was.media_id, was.kind, was.subject_id, was.after, original, was.id, entry);
    end loop;
end
$$;

-- Nothing of a medium waits any more.
create function console.settle_safety(media bigint, ruling text) returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
    delete from console.safety_item as w where w.media_id = settle_safety.media;
    update console.safety_second as s set is_open = false where s.media_id = settle_safety.media and s.is_open;
    update console.safety_appeal as a
       set outcome = case settle_safety.ruling when 'unsafe' then 'upheld' else 'overturned' end,
           ended_by = session_user,
           ended_at = clock_timestamp()
     where a.media_id = settle_safety.media
       and a.outcome is null;
$$;

-- Lets a share of decisions be seen by a second person.
create function console.sample_second(said console.safety_ruling, decision bigint, was public.media_ai_insights) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if random() >= (select r.second_share from console.safety_rule as r)
       or said.ruling = 'again'
       -- Two have decided already, or somebody new has.
       or said.proposal_id is not null
       or said.source in ('second', 'appeal')
       or exists (select from console.safety_restricted as r where r.media_id = said.media_id) then
        return;
    end if;
    insert into console.safety_second (media_id, decision_id, shown_status, shown_is_safe)
    values (said.media_id, decision, was.status, was.is_safe);
    insert into console.safety_item (media_id, queue, severity, reach, not_for)
    select said.media_id, 'second', coalesce(said.severity, 0),
           console.reach_of(said.media_id),
           console.involved_in(said.media_id);
end
$$;

-- Writes a decision whose row is locked, and all that follows from it.
create function console.apply_ruling(said console.safety_ruling) returns console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    was     public.media_ai_insights;
    become  public.media_ai_insights;
    done    console.safety_outcome := row(said.media_id, 'done', null, null, null, null);
    is_more boolean := said.is_archiving or said.is_suspending or said.ruling = 'safe' and exists (
        select from console.safety_consequence as c where c.media_id = said.media_id);
begin
    if is_more and not console.lock_consequences(said.media_id) then
        done.outcome := 'busy';
        return done;
    end if;
    select i.* into strict was from public.media_ai_insights as i where i.media_id = said.media_id;
    update public.media_ai_insights as i
       set status     = case said.ruling when 'safe' then 'COMPLETED' when 'unsafe' then 'UNSAFE' else 'PROCESSING' end,
           is_safe    = case said.ruling when 'safe' then true when 'unsafe' then false end,
           updated_at = now()
     where i.media_id = said.media_id
 returning i.* into strict become;
    done.audit_id := console.append_audit(
        'safety.decide', 'media', said.media_id, console.safety_facts(was),
        console.safety_facts(become) || console.ruling_facts(said));
    if said.ruling = 'safe' then
        perform console.restore_consequences(said.media_id);
    end if;
    insert into console.safety_decision (
               media_id, safe, reason, audit_id, policy_id, severity, act_id, source, waiting_since, proposal_id)
    values (said.media_id, become.is_safe, nullif(current_setting('console.reason', true), ''), done.audit_id, said.policy_id,
            said.severity, said.act_id, said.source, said.waiting_since, said.proposal_id)
 returning id into done.decision_id;
    if said.is_archiving then
        perform console.archive_post(done.decision_id, said.media_id);
    end if;
    if said.is_suspending then
        perform console.suspend_uploader(done.decision_id, said.media_id);
    end if;
    if (select p.is_restricted from console.policy as p where p.id = said.policy_id) then
        insert into console.safety_restricted (media_id) values (said.media_id) on conflict do nothing;
    elsif said.ruling <> 'again' then
        delete from console.safety_restricted as r where r.media_id = said.media_id;
    end if;
    perform console.settle_safety(said.media_id, said.ruling);
    perform console.sample_second(said, done.decision_id, was);
    return done;
end
$$;

-- Writes down what a second person is to confirm. What is said to be unsafe is not shown meanwhile.
create function console.propose_ruling(said console.safety_ruling) returns console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    was     public.media_ai_insights;
    become  public.media_ai_insights;
    done    console.safety_outcome := row(said.media_id, 'proposed', null, null, null, null);
    excepted text[] := case
        when exists (select from console.safety_appeal as a where a.media_id = said.media_id and a.outcome is null)
            then console.involved_in(said.media_id)
        else '{}'::text[]
    end;
    reach   integer;
begin
    select i.* into strict was from public.media_ai_insights as i where i.media_id = said.media_id;
    become := was;
    if said.ruling = 'unsafe' and (was.status, was.is_safe) is distinct from ('UNSAFE', false) then
        update public.media_ai_insights as i
           set status = 'UNSAFE', is_safe = false, updated_at = now()
         where i.media_id = said.media_id
     returning i.* into strict become;
    end if;
    done.audit_id := console.append_audit(
        'safety.propose', 'media', said.media_id, console.safety_facts(was),
        console.safety_facts(become) || console.ruling_facts(said));
    insert into console.safety_proposal (
               media_id, ruling, policy_id, severity, is_archiving, is_suspending, reason, source, waiting_since, act_id, was_status,
               was_is_safe, audit_id)
    values (said.media_id, said.ruling, said.policy_id, said.severity, said.is_archiving, said.is_suspending,
            nullif(current_setting('console.reason', true), ''), said.source, said.waiting_since, said.act_id, was.status,
            was.is_safe, done.audit_id);
    if (select p.is_restricted from console.policy as p where p.id = said.policy_id) then
        insert into console.safety_restricted (media_id) values (said.media_id) on conflict do nothing;
    end if;
    select coalesce(max(w.reach), 0) into reach from console.safety_item as w where w.media_id = said.media_id;
    delete from console.safety_item as w where w.media_id = said.media_id;
    update console.safety_second as s set is_open = false where s.media_id = said.media_id and s.is_open;
    insert into console.safety_item (media_id, queue, severity, reach, not_for)
    values (said.media_id, 'confirm', coalesce(said.severity, 0), reach, excepted || session_user::text);
    return done;
end
$$;

-- Whether it takes two people: a suspension, and whatever is about child safety.
create function console.needs_two(said console.safety_ruling) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select said.is_suspending
           or exists (select from console.policy as p where p.id = said.policy_id and p.is_restricted)
           or exists (select from console.safety_restricted as r where r.media_id = said.media_id);
end;

create function console.rule(said console.safety_ruling) returns console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return case when console.needs_two(said) then console.propose_ruling(said) else console.apply_ruling(said) end;
end
$$;

create function console.is_same_ruling(ruling text, policy bigint, other_ruling text, other_code text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
return ruling = other_ruling and console.policy_root(policy) is not distinct from other_code;

-- Writes down what a second or third person says. Where the third one is not of the first one's opinion, theirs holds.
create function console.note_opinion(said console.safety_ruling) returns console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    item     console.safety_item;
    second   console.safety_second;
    first    console.safety_decision;
    is_alike boolean;
    done     console.safety_outcome := row(said.media_id, 'done', null, null, null, null);
begin
    select s.* into second from console.safety_second as s where s.media_id = said.media_id and s.is_open for update;
    select w.* into item from console.safety_item as w where w.media_id = said.media_id and w.queue = 'second';
    if second.id is null or item.media_id is null then
        done.outcome := 'gone';
        return done;
    end if;
    if session_user::text = any (item.not_for) then
        done.outcome := 'involved';
        return done;
    end if;
    select d.* into strict first from console.safety_decision as d where d.id = second.decision_id;
    is_alike := console.is_same_ruling(said.ruling, said.policy_id, first.ruling, console.policy_root(first.policy_id));
    done.audit_id := console.append_audit(
        'safety.opinion', 'media', said.media_id,
        jsonb_build_object('status', second.shown_status, 'isSafe', second.shown_is_safe), console.ruling_facts(said));
    insert into console.safety_opinion (second_id, turn, media_id, ruling, policy_id, severity, audit_id)
    values (second.id, case when second.has_agreed is null then 2 else 3 end, said.media_id, said.ruling, said.policy_id,
            said.severity, done.audit_id);

    if second.has_agreed is null and not is_alike then
        update console.safety_second as s set has_agreed = false where s.id = second.id;
        update console.safety_item as w
           set not_for = w.not_for || session_user::text, assigned_to = null, assigned_by = null, assigned_at = null, note = null
         where w.media_id = said.media_id
           and w.queue = 'second';
        return done;
    end if;
    update console.safety_second as s
       set is_open = false, has_agreed = coalesce(s.has_agreed, is_alike)
     where s.id = second.id;
    delete from console.safety_item as w where w.media_id = said.media_id and w.queue = 'second';
    if is_alike then
        return done;
    end if;
    return console.rule(said);
end
$$;

-- Writes down what is said of a control item, where it is one; null where it is none.
create function console.answer_safety_control(said console.safety_ruling) returns console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    control console.safety_control;
    done    console.safety_outcome := row(said.media_id, 'done', null, null, null, null);
begin
    update console.safety_control as c
       set is_open = false
     where c.operator = session_user::text collate "default"
       and c.media_id = said.media_id
       and c.is_open
 returning c.* into control;
    if not found then
        return null;
    end if;
    done.audit_id := console.append_audit(
        'safety.decide', 'media', said.media_id,
        jsonb_build_object('status', control.shown_status, 'isSafe', control.shown_is_safe),
        jsonb_build_object('status', case said.ruling when 'safe' then 'COMPLETED' when 'unsafe' then 'UNSAFE' else 'PROCESSING' end,
                           'isSafe', case said.ruling when 'safe' then true when 'unsafe' then false end)
        || console.ruling_facts(said));
    insert into console.safety_control_answer (media_id, ruling, policy_id, severity, is_right, audit_id)
    values (said.media_id, said.ruling, said.policy_id, said.severity,
            console.is_same_ruling(said.ruling, said.policy_id, control.known_ruling, control.known_code), done.audit_id);
    return done;
end
$$;

-- Says the same of media as they were seen: `safe`, `unsafe` under a policy, or to be processed `again`; and with unsafe ones,
-- whether their posts are archived and their uploaders suspended. `queue` is where they waited, null where nowhere.
create function console.decide_safety(
    media bigint[], versions text[], queue text, ruling text, policy bigint, severity integer, is_archiving boolean,
    is_suspending boolean) returns setof console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    said     console.safety_ruling;
    seen     record;
    was      record;
    done     console.safety_outcome;
    answered console.safety_outcome;
    act      bigint := nextval(pg_get_serial_sequence('console.safety_decision', 'act_id'));
begin
    perform console.require_judge();
    if ruling not in ('safe', 'unsafe', 'again') or (policy is not null or is_archiving or is_suspending) and ruling <> 'unsafe' then
        raise check_violation using message = 'only what is unsafe falls under a policy and has consequences';
    end if;
    for seen in
        select distinct on (s.id) s.id, s.version
          from unnest(media, versions) as s (id, version)
         where s.id is not null
         order by s.id
    loop
        done := row(seen.id, null, null, null, null, null);
        was := console.lock_safety(seen.id);
        done.outcome := was.outcome;
        if done.outcome is null and ruling = 'unsafe' and not exists (
               select from console.policy_version as p where p.id = policy and p.is_newest and not p.is_retired) then
            done.outcome := 'policy';
        elsif done.outcome is null and was.version is distinct from seen.version then
            select seen.id, 'changed', null, null, d.decided_by, d.ruling
              into done
              from (values (1)) as always
              left join console.standing_decision(seen.id) as d on true;
        end if;
        if done.outcome is null then
            said := row(seen.id, ruling, policy, severity, is_archiving, is_suspending, queue, null, act, null);
            if queue = 'flagged' then
                answered := console.answer_safety_control(said);
            end if;
            if answered.outcome is not null then
                done := answered;
                answered := null;
            elsif queue = 'second' then
                done := console.note_opinion(said);
            elsif exists (select from console.safety_proposal as p where p.media_id = seen.id and p.outcome is null) then
                done.outcome := 'pending';
            elsif session_user::text = any (console.involved_in(seen.id))
                  and exists (select from console.safety_appeal as a where a.media_id = seen.id and a.outcome is null) then
                done.outcome := 'involved';
            else
                select min(w.since) into said.waiting_since
                  from console.safety_item as w
                 where w.media_id = seen.id
                   and w.queue = coalesce(decide_safety.queue, w.queue);
                done := console.rule(said);
            end if;
        end if;
        return next done;
    end loop;
end
$$;

-- Says yes or no to what somebody else proposed; who proposed it may withdraw it.
create function console.confirm_safety(media bigint[], versions text[], agrees boolean) returns setof console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    seen     record;
    was      record;
    proposal console.safety_proposal;
    item     console.safety_item;
    done     console.safety_outcome;
    reason   text := coalesce(current_setting('console.reason', true), '');
begin
    perform console.require_judge();
    for seen in
        select distinct on (s.id) s.id, s.version
          from unnest(media, versions) as s (id, version)
         where s.id is not null
         order by s.id
    loop
        done := row(seen.id, null, null, null, null, null);
        was := console.lock_safety(seen.id);
        done.outcome := was.outcome;
        select p.* into proposal from console.safety_proposal as p where p.media_id = seen.id and p.outcome is null for update;
        select w.* into item from console.safety_item as w where w.media_id = seen.id and w.queue = 'confirm';
        if done.outcome is null then
            done.outcome := case
                when proposal.id is null then 'changed'
                when was.version is distinct from seen.version then 'changed'
                when proposal.proposed_by = session_user and not agrees then null
                when session_user::text = any (item.not_for) or proposal.proposed_by = session_user then 'involved'
            end;
        end if;
        if done.outcome is not null then
            return next done;
            continue;
        end if;

        perform set_config('console.reason', coalesce(nullif(reason, ''), case when agrees then proposal.reason end, ''), true);
        if agrees then
            done := console.apply_ruling(row(
                proposal.media_id, proposal.ruling, proposal.policy_id, proposal.severity, proposal.is_archiving,
                proposal.is_suspending, proposal.source, proposal.waiting_since, proposal.act_id, proposal.id));
        else
            done := console.decline_proposal(proposal, was.words);
        end if;
        if done.outcome = 'done' then
            update console.safety_proposal as p
               set outcome = case
                                 when agrees then 'confirmed'
                                 when p.proposed_by = session_user then 'withdrawn'
                                 else 'declined'
                             end,
                   ended_by = session_user,
                   ended_at = clock_timestamp()
             where p.id = proposal.id;
        end if;
        return next done;
    end loop;
    perform set_config('console.reason', reason, true);
end
$$;

-- What was proposed is not done: the medium is as before, and waits where it did.
create function console.decline_proposal(proposal console.safety_proposal, now_is public.media_ai_insights)
    returns console.safety_outcome
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    become public.media_ai_insights := now_is;
    done   console.safety_outcome := row(proposal.media_id, 'done', null, null, null, null);
    item   console.safety_item;
begin
    if proposal.ruling = 'unsafe' and (now_is.status, now_is.is_safe) is not distinct from ('UNSAFE', false)
       and (proposal.was_status, proposal.was_is_safe) is distinct from ('UNSAFE', false) then
        update public.media_ai_insights as i
           set status = proposal.was_status, is_safe = proposal.was_is_safe, updated_at = now()
         where i.media_id = proposal.media_id
     returning i.* into strict become;
    end if;
    done.audit_id := console.append_audit(
        case when proposal.proposed_by = session_user then 'safety.withdraw' else 'safety.decline' end,
        'media', proposal.media_id, console.safety_facts(now_is), console.safety_facts(become));
    delete from console.safety_item as w
     where w.media_id = proposal.media_id
       and w.queue = 'confirm'
 returning w.* into item;
    if proposal.source in ('flagged', 'disagreement', 'failed', 'reported', 'appeal') then
        insert into console.safety_item (media_id, queue, since, severity, reach, not_for)
        values (proposal.media_id, proposal.source, coalesce(proposal.waiting_since, clock_timestamp()), item.severity, item.reach,
                case when proposal.source = 'appeal' then console.involved_in(proposal.media_id) else '{}' end);
    end if;
    perform console.queue_insights(array[proposal.media_id]);
    -- What nobody else called child safety is none of it any more.
    delete from console.safety_restricted as r
     where r.media_id = proposal.media_id
       and not exists (
           select
             from console.safety_report as s
             join console.policy as p on p.id = s.policy_id
            where s.media_id = r.media_id
              and p.is_restricted)
       and not exists (
           select
             from console.standing_decision(r.media_id) as d
             join console.policy as p on p.id = d.policy_id
            where p.is_restricted);
    return done;
end
$$;

-- What the uploader says against a decision; somebody else is to hear it. False where there is nothing to appeal against.
create function console.file_appeal(media bigint, words text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    against console.safety_decision;
    entry   bigint;
begin
    perform console.require_judge();
    if btrim(coalesce(words, '')) = '' then
        raise check_violation using message = 'an appeal needs what the uploader says';
    end if;
    perform pg_advisory_xact_lock(74, console.photo_lock(media));
    select d.* into against from console.standing_decision(file_appeal.media) as d where d.ruling = 'unsafe';
    if not found
       or console.is_withheld(media)
       or exists (select from console.safety_appeal as a where a.media_id = file_appeal.media and a.outcome is null)
       or exists (select from console.safety_proposal as p where p.media_id = file_appeal.media and p.outcome is null) then
        return false;
    end if;
    entry := console.append_audit(
        'safety.appeal', 'media', media, null, jsonb_build_object('decision', against.id, 'words', file_appeal.words));
    insert into console.safety_appeal (media_id, decision_id, words, audit_id)
    values (media, against.id, file_appeal.words, entry);
    insert into console.safety_item (media_id, queue, severity, reach, not_for)
    values (media, 'appeal', coalesce(against.severity, 0),
            console.reach_of(file_appeal.media),
            console.involved_in(media));
    return true;
end
$$;

-- What became of a decision that was to be taken back.
create type console.safety_reverted as (
    decision_id bigint,
    media_id    bigint,
    -- `done`, or why not: `reverted` already, `overtaken` by a later decision, `restricted`: two people decide about it anew after an
    -- appeal, `pending`: another one waits for its second person, `busy`, `gone`
    outcome     text,
    -- Who did that.
    name        text,
    -- Consequences that were taken back, and that stay because somebody changed them since.
    restored    integer,
    kept        integer
);

-- Takes decisions back, with their consequences; the reason is in `console.reason`.
create function console.revert_safety(decisions bigint[]) returns setof console.safety_reverted
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    asked   record;
    was     record;
    before  jsonb;
    become  public.media_ai_insights;
    last    console.safety_decision;
    back    record;
    entry   bigint;
    done    console.safety_reverted;
    act     bigint := nextval(pg_get_serial_sequence('console.safety_decision', 'act_id'));
begin
    perform console.require_judge();
    if btrim(coalesce(current_setting('console.reason', true), '')) = '' then
        raise check_violation using message = 'taking a decision back needs a reason';
    end if;
    for asked in
        select d.*, p.is_restricted
          from console.safety_decision as d
          left join console.policy as p on p.id = d.policy_id
         where d.id = any (decisions)
           and d.reverts is null
         order by d.media_id, d.id desc
    loop
        done := row(asked.id, asked.media_id, null, null, 0, 0);
        was := console.lock_safety(asked.media_id);
        select d.* into last from console.standing_decision(asked.media_id) as d;
        select d.decided_by into done.name from console.safety_decision as d where d.reverts = asked.id;
        done.outcome := case
            when was.outcome = 'busy' then 'busy'
            when was.outcome is not null then 'gone'
            when done.name is not null then 'reverted'
            when last.id <> asked.id then 'overtaken'
            when asked.is_restricted
                 or exists (select from console.safety_restricted as r where r.media_id = asked.media_id) then 'restricted'
            when exists (select from console.safety_proposal as p where p.media_id = asked.media_id and p.outcome is null)
                then 'pending'
            when not console.lock_consequences(asked.media_id) then 'busy'
        end;
        if done.outcome = 'overtaken' then
            done.name := last.decided_by;
        end if;
        if done.outcome is not null then
            return next done;
            continue;
        end if;

        select e.before into before from console.audit_entry as e where e.id = asked.audit_id;
        become := was.words;
        -- What the AI has said since is its newest word, and stays.
        if (become.status, become.is_safe) is not distinct from (
               case asked.ruling when 'safe' then 'COMPLETED' when 'unsafe' then 'UNSAFE' else 'PROCESSING' end, asked.safe) then
            update public.media_ai_insights as i
               set status = before ->> 'status', is_safe = (before ->> 'isSafe')::boolean, updated_at = now()
             where i.media_id = asked.media_id
         returning i.* into strict become;
        end if;
        entry := console.append_audit(
            'safety.revert', 'media', asked.media_id, console.safety_facts(was.words),
            console.safety_facts(become) || jsonb_build_object('decision', asked.id));
        back := console.restore_consequences(asked.media_id);
        insert into console.safety_decision (media_id, safe, reason, audit_id, act_id, reverts)
        values (asked.media_id, null, current_setting('console.reason', true), entry, act, asked.id);
        perform console.settle_safety(asked.media_id, 'safe');
        perform console.queue_insights(array[asked.media_id]);
        done.outcome := 'done';
        done.restored := back.restored;
        done.kept := back.kept;
        return next done;
    end loop;
end
$$;

-- As before. What plain SQL says of safety is a decision like any other, without a policy; the two words must agree, and it is no way
-- around the second person.
create or replace function console.remember_decisions() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    insight record;
    entry bigint;
begin
    if not console.is_operator() then
        if exists (select from console.ai_words) then
            -- A row that is as it must be was written by `restore_words`.
            update console.ai_words as said
               set caption = case when a.caption is distinct from b.caption then a.caption else said.caption end,
                   tags = case when a.tags is distinct from b.tags then a.tags else said.tags end,
                   scenes = case when a.scenes is distinct from b.scenes then a.scenes else said.scenes end
              from after_update as a
              join before_update as b on b.media_id = a.media_id
             where said.media_id = a.media_id
               and record_image_ne(row(a.caption, a.tags, a.scenes), row(b.caption, b.tags, b.scenes))
               and record_image_ne(
                       row(a.caption, a.tags, a.scenes),
                       row(console.corrected_caption(said.media_id, said.caption),
                           console.corrected_texts(said.media_id, 'tags', said.tags),
                           console.corrected_texts(said.media_id, 'scenes', said.scenes)));
            if found then
                perform console.restore_words((select array_agg(a.media_id) from after_update as a));
            end if;
        end if;
        return null;
    end if;
    for insight in
        select a.media_id, a.status, a.is_safe, console.safety_facts(b) as before, console.safety_facts(a) as after
          from after_update a
          join before_update b on b.media_id = a.media_id
         where record_image_eq(row(a.caption, a.tags, a.scenes), row(b.caption, b.tags, b.scenes))
            or console.safety_facts(a) <> console.safety_facts(b)
         order by a.media_id
    loop
        if not console.words_agree(insight.status, insight.is_safe) then
            raise check_violation using
                message = 'status and is_safe must agree: UNSAFE and false, COMPLETED and true, or PROCESSING and null';
        end if;
        if exists (select from console.safety_restricted as r where r.media_id = insight.media_id)
           or exists (select from console.safety_proposal as p where p.media_id = insight.media_id and p.outcome is null)
           or exists (select from console.safety_appeal as a where a.media_id = insight.media_id and a.outcome is null) then
            raise insufficient_privilege using message = 'another person has to confirm this or to decide it';
        end if;
        entry := console.append_audit('safety.decide', 'media', insight.media_id, insight.before, insight.after);
        insert into console.safety_decision (media_id, safe, reason, audit_id)
        values (insight.media_id, insight.is_safe, nullif(current_setting('console.reason', true), ''), entry);
        perform console.settle_safety(insight.media_id, case when insight.is_safe then 'safe' else 'unsafe' end);
    end loop;
    return null;
end;
$$;

drop trigger console_remember_decisions on public.media_ai_insights;
create trigger console_remember_decisions
    after update on public.media_ai_insights
    referencing old table as before_update new table as after_update
    for each statement when (console.is_direct()) execute function console.remember_decisions();

drop function console.last_decision(bigint);

-- Puts control items among those of a page, as many as the rule says: media of which two people said the same, to somebody who had
-- no part in it.
create function console.plan_safety_controls(page console.safety_place[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    wanted double precision;
    known  record;
    beside console.safety_place;
begin
    select cardinality(page) * r.control_share
           - (select count(*)
                from console.safety_control as c
               where c.operator = session_user::text collate "default" and c.is_open)
      into wanted
      from console.safety_rule as r;
    wanted := floor(wanted) + (random() < wanted - floor(wanted))::integer;
    if wanted < 1 then
        return;
    end if;
    for known in
        with pick as materialized (
            select s.*
              from console.safety_second as s
             where s.has_agreed
               and not s.is_open
               and s.id >= (select floor(random() * max(latest.id)) from console.safety_second as latest)
             order by s.id
             limit 50
        )
        select pick.media_id, pick.shown_status, pick.shown_is_safe, d.ruling, console.policy_root(d.policy_id) as code
          from pick
          join lateral console.standing_decision(pick.media_id) as d on d.id = pick.decision_id
          join public.media_ai_insights as i
            on i.media_id = pick.media_id
           and (i.status, i.is_safe) is not distinct from (case d.ruling when 'safe' then 'COMPLETED' else 'UNSAFE' end, d.safe)
         where console.insight_queue(pick.shown_status, pick.shown_is_safe) = 'flagged'
           and session_user::text <> all (console.involved_in(pick.media_id))
           and not exists (
               select
                 from console.safety_control as c
                where c.operator = session_user::text collate "default" and c.media_id = pick.media_id)
           and not exists (select from console.safety_restricted as r where r.media_id = pick.media_id)
           and not exists (select from console.safety_item as w where w.media_id = pick.media_id)
         order by random()
         limit wanted
    loop
        beside := page[1 + floor(random() * cardinality(page))::integer];
        insert into console.safety_control (
                   operator, media_id, since, severity, reach, shown_status, shown_is_safe, known_ruling, known_code)
        values (session_user, known.media_id, beside.since - interval '1 microsecond', beside.severity, beside.reach,
                known.shown_status, known.shown_is_safe, known.ruling, known.code)
            on conflict do nothing;
    end loop;
end
$$;

-- As `queued_safety`, with the operator's control items among what the AI flagged.
create function console.safety_page(
    queue text, sort text, after_key integer, after_since timestamptz, after_media bigint, holder text, at_most integer)
    returns setof console.safety_place
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    page console.safety_place[] := array(
        select q from console.queued_safety(queue, sort, after_key, after_since, after_media, holder, at_most) as q);
begin
    if queue = 'flagged' and page <> '{}' then
        perform console.plan_safety_controls(page);
        page := page || array(
            select row(c.media_id, 'flagged', c.since, c.severity, c.reach,
                       c.since < clock_timestamp() - (select t.age from console.safety_target as t where t.queue = 'flagged'),
                       null, null, c.shown_status, c.shown_is_safe, i.xmin::text)::console.safety_place
              from console.safety_control as c
              join public.media_ai_insights as i on i.media_id = c.media_id
             where c.operator = session_user::text collate "default"
               and c.is_open
               and not console.is_withheld(c.media_id)
               and (after_media is null
                    or (console.safety_key(sort, c.severity, c.reach), c.since, c.media_id) > (coalesce(after_key, 0), after_since, after_media))
               -- One that would come behind the last of them comes with the next page.
               and exists (
                   select
                     from unnest(page) as w
                    where (console.safety_key(sort, w.severity, w.reach), w.since, w.media_id)
                          > (console.safety_key(sort, c.severity, c.reach), c.since, c.media_id)));
    end if;
    return query
        select w.*
          from unnest(page) as w
         order by console.safety_key(sort, w.severity, w.reach), w.since, w.media_id;
end
$$;

-- By what a queue is sorted, ascending, before age.
create function console.safety_key(sort text, severity smallint, reach integer) returns integer
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return case sort when 'severity' then -severity when 'reach' then -reach else 0 end;

-- A medium as it waits in a queue now; no row where it does not wait there for this operator.
create function console.safety_place_now(media bigint, queue text) returns setof console.safety_place
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select w.media_id, w.queue, w.since, w.severity, w.reach, w.since < clock_timestamp() - t.age, w.assigned_by, w.note,
           case when w.queue = 'second' then blind.shown_status else i.status::text end,
           case when w.queue = 'second' then blind.shown_is_safe else i.is_safe end,
           i.xmin::text
      from console.safety_item as w
      join console.safety_target as t on t.queue = w.queue
      left join public.media_ai_insights as i on i.media_id = w.media_id
      left join console.safety_second as blind on blind.media_id = w.media_id and blind.is_open
     where w.media_id = safety_place_now.media
       and w.queue = safety_place_now.queue
       and session_user::text <> all (w.not_for)
       and (w.assigned_to is null or w.assigned_to = session_user::text)
       and console.operator_rank() = 3
       and not console.is_withheld(w.media_id)
     union all
    select c.media_id, 'flagged', c.since, c.severity, c.reach, c.since < clock_timestamp() - t.age, null, null, c.shown_status,
           c.shown_is_safe, i.xmin::text
      from console.safety_control as c
      join console.safety_target as t on t.queue = 'flagged'
      join public.media_ai_insights as i on i.media_id = c.media_id
     where c.operator = session_user::text collate "default"
       and c.media_id = safety_place_now.media
       and c.is_open
       and safety_place_now.queue = 'flagged'
       and console.operator_rank() = 3
       and not console.is_withheld(c.media_id)
     limit 1
$$;

-- What is known about a medium that is looked at: `kind` is `report`, `appeal`, `decision`, `revert` or `proposal`, oldest
-- first. Of what the operator is to judge without knowing the others' words only the reports are told.
create function console.safety_story(
    media bigint, out kind text, out at timestamptz, out name text, out words text, out ruling text, out policy_id bigint,
    out severity smallint, out is_archiving boolean, out is_suspending boolean, out outcome text, out decision_id bigint)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    with rights as materialized (
        select console.operator_rank() = 3 and not console.is_withheld(media) as may,
               exists (
                   select
                     from console.safety_control as c
                    where c.operator = session_user::text collate "default"
                      and c.media_id = safety_story.media
                      and c.is_open)
               or exists (
                   select
                     from console.safety_item as w
                    where w.media_id = safety_story.media
                      and w.queue = 'second'
                      and session_user::text <> all (w.not_for)) as is_blind
    )
    select told.*
      from rights
     cross join lateral (
           select 'report', r.reported_at, r.reported_by, r.reason, null, r.policy_id, null::smallint, null::boolean, null::boolean,
                  null, null::bigint
             from console.safety_report as r
            where r.media_id = safety_story.media
            union all
           select case when d.reverts is null then 'decision' else 'revert' end, d.decided_at, d.decided_by, d.reason, d.ruling,
                  d.policy_id, d.severity,
                  exists (select from console.safety_consequence as c where c.decision_id = d.id and c.kind = 'archive'),
                  exists (select from console.safety_consequence as c where c.decision_id = d.id and c.kind = 'suspend'),
                  case when exists (select from console.safety_decision as back where back.reverts = d.id) then 'reverted' end, d.id
             from console.safety_decision as d
            where d.media_id = safety_story.media
              and not rights.is_blind
            union all
           select 'proposal', p.proposed_at, p.proposed_by, p.reason, p.ruling, p.policy_id, p.severity, p.is_archiving,
                  p.is_suspending, p.outcome, null
             from console.safety_proposal as p
            where p.media_id = safety_story.media
              and not rights.is_blind
            union all
           select 'appeal', a.filed_at, a.filed_by, a.words, null, null, null, null, null, a.outcome, a.decision_id
             from console.safety_appeal as a
            where a.media_id = safety_story.media
              and not rights.is_blind
           ) as told (kind, at, name, words, ruling, policy_id, severity, is_archiving, is_suspending, outcome, decision_id)
     where rights.may
     order by told.at
     limit 200
$$;

-- Decisions, the newest first: those before a number.
create function console.decided_safety(
    before bigint, own boolean, at_most integer, out decision_id bigint, out media_id bigint, out act_id bigint, out ruling text,
    out policy_id bigint, out severity smallint, out reason text, out decided_by text, out proposed_by text,
    out decided_at timestamptz, out source text, out is_archiving boolean, out is_suspending boolean, out reverted_by text,
    out stands boolean)
returns setof record
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select d.id, d.media_id, d.act_id, d.ruling, d.policy_id, d.severity, d.reason, d.decided_by, p.proposed_by, d.decided_at, d.source,
           exists (select from console.safety_consequence as c where c.decision_id = d.id and c.kind = 'archive' and c.undoes is null),
           exists (select from console.safety_consequence as c where c.decision_id = d.id and c.kind = 'suspend' and c.undoes is null),
           back.decided_by,
           d.id = (select s.id from console.standing_decision(d.media_id) as s)
      from console.safety_decision as d
      left join console.safety_decision as back on back.reverts = d.id
      left join console.safety_proposal as p on p.id = d.proposal_id
     where d.reverts is null
       and (decided_safety.before is null or d.id < decided_safety.before)
       and (not own or d.decided_by = session_user::text)
       and console.operator_rank() = 3
       and not console.is_withheld(d.media_id)
       -- What somebody is to judge without knowing it.
       and not exists (
           select
             from console.safety_item as w
            where w.media_id = d.media_id
              and w.queue = 'second'
              and session_user::text <> all (w.not_for))
       and not exists (
           select
             from console.safety_control as c
            where c.operator = session_user::text collate "default" and c.media_id = d.media_id and c.is_open)
     order by d.id desc
     limit least(greatest(at_most, 0), 200)
$$;

revoke execute on function
    console.involved_in(bigint), console.ruling_facts(console.safety_ruling), console.lock_safety(bigint),
    console.lock_consequences(bigint), console.archive_post(bigint, bigint), console.suspend_uploader(bigint, bigint),
    console.restore_consequences(bigint), console.settle_safety(bigint, text),
    console.sample_second(console.safety_ruling, bigint, public.media_ai_insights), console.apply_ruling(console.safety_ruling),
    console.propose_ruling(console.safety_ruling), console.needs_two(console.safety_ruling), console.rule(console.safety_ruling),
    console.is_same_ruling(text, bigint, text, text), console.note_opinion(console.safety_ruling),
    console.answer_safety_control(console.safety_ruling),
    console.decide_safety(bigint[], text[], text, text, bigint, integer, boolean, boolean),
    console.confirm_safety(bigint[], text[], boolean),
    console.decline_proposal(console.safety_proposal, public.media_ai_insights), console.file_appeal(bigint, text),
    console.revert_safety(bigint[]), console.remember_decisions(), console.plan_safety_controls(console.safety_place[]),
    console.safety_page(text, text, integer, timestamptz, bigint, text, integer), console.safety_place_now(bigint, text),
    console.safety_story(bigint),
    console.decided_safety(bigint, boolean, integer)
    from public;
grant execute on function
    console.decide_safety(bigint[], text[], text, text, bigint, integer, boolean, boolean),
    console.confirm_safety(bigint[], text[], boolean), console.file_appeal(bigint, text), console.revert_safety(bigint[]),
    console.safety_page(text, text, integer, timestamptz, bigint, text, integer), console.safety_place_now(bigint, text),
    console.safety_story(bigint),
    console.decided_safety(bigint, boolean, integer)
    to kaleidoscope_admin;
